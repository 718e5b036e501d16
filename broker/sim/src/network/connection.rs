//! The two halves of a connection as a program holds them.

use super::{NetworkState, Sent, pipe::Read};
use crate::disk::SimFile;
use bytes::Bytes;
use klamm_types::{FileHandle, FileSlice};
use klamm_world::{ByteSink, file_of};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One call sends at most so much of a file, as sendfile may.
const FILE_PIECE: u32 = 64 << 10;

pub(super) struct SimStream {
    pub(super) network: Arc<NetworkState>,
    pub(super) id: u64,
    pub(super) side: usize,
}

pub(super) struct SimSink {
    pub(super) network: Arc<NetworkState>,
    pub(super) id: u64,
    pub(super) side: usize,
}

impl NetworkState {
    fn poll_read(
        &self,
        id: u64,
        side: usize,
        waker: &Waker,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let now = self.executor.now();
        let mut links = self.links();
        let super::Links { connections, cut, random, .. } = &mut *links;
        let Some(wire) = connections.get_mut(&id) else { return Poll::Pending };
        let (from, to) = (wire.owners[1 - side], wire.owners[side]);
        let pipe = &mut wire.pipes[1 - side];
        if cut.contains(&(from.host, to.host)) {
            pipe.await_bytes(waker);
            return Poll::Pending;
        }
        match pipe.read(now, buffer.remaining(), random) {
            Read::Bytes(bytes) => {
                buffer.put_slice(&bytes);
                let writer = pipe.wake_writer();
                drop(links);
                writer.into_iter().for_each(Waker::wake);
                self.trace.event(now, to.host, "receive", &[id, bytes.len() as u64], "");
                Poll::Ready(Ok(()))
            }
            Read::End => Poll::Ready(Ok(())),
            Read::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Read::Later(at) => {
                pipe.await_bytes(waker);
                drop(links);
                if let Some(at) = at {
                    self.executor.wake_at(at, waker.clone());
                }
                Poll::Pending
            }
        }
    }

    /// Sends what `bytes` gives for the number of bytes that fit.
    fn poll_send(
        &self,
        id: u64,
        side: usize,
        waker: &Waker,
        wanted: usize,
        bytes: impl FnOnce(usize) -> io::Result<Bytes>,
    ) -> Poll<io::Result<usize>> {
        let now = self.executor.now();
        let mut links = self.links();
        let arrival = now + links.delay();
        let super::Links { connections, random, off, .. } = &mut *links;
        let Some(wire) = connections.get_mut(&id) else { return Poll::Pending };
        let (from, to) = (wire.owners[side], wire.owners[1 - side]);
        let port = wire.port;
        let pipe = &mut wire.pipes[side];
        let fits = pipe.room(now, wanted, random)?;
        if fits == 0 && wanted > 0 {
            pipe.await_room(waker);
            return Poll::Pending;
        }
        let bytes = bytes(fits)?;
        let sent = bytes.len();
        let hash = crate::trace::hash_bytes(0, &bytes);
        let tapped = self.tap().clone().map(|tap| {
            let sent = Sent { connection: id, from: from.host, to: to.host, asks: side == 0, port };
            (tap, sent, bytes.clone())
        });
        let answered_by_reset = if pipe.silent() { !off.contains(&to.host) } else { pipe.deaf() };
        let (at, reader) = pipe.send(bytes, arrival);
        let woken = if answered_by_reset { wire.reset(at) } else { Vec::new() };
        drop(links);
        for waker in reader.into_iter().chain(woken) {
            self.executor.wake_at(at, waker);
        }
        self.trace.event(now, from.host, "send", &[id, sent as u64, hash, at], "");
        if let Some((tap, sent, bytes)) = tapped {
            tap(&sent, &bytes);
        }
        Poll::Ready(Ok(sent))
    }

    fn finish(&self, id: u64, side: usize) {
        let mut links = self.links();
        let at = self.executor.now() + links.delay();
        let Some(wire) = links.connections.get_mut(&id) else { return };
        wire.pipes[side].finish(at);
        let wakers: Vec<_> = wire.pipes[side].wakers().collect();
        drop(links);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// A half is dropped; the connection is forgotten when all four are.
    fn drop_half(&self, id: u64, side: usize, stream: bool) {
        if !stream {
            self.finish(id, side);
        }
        let mut links = self.links();
        let Some(wire) = links.connections.get_mut(&id) else { return };
        if stream {
            wire.stop_reading(side);
        }
        wire.open_halves -= 1;
        if wire.open_halves == 0 {
            links.connections.remove(&id);
        }
    }
}

impl AsyncRead for SimStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.network.poll_read(self.id, self.side, context.waker(), buffer)
    }
}

impl AsyncWrite for SimSink {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.network.poll_send(self.id, self.side, context.waker(), bytes.len(), |fits| {
            Ok(Bytes::copy_from_slice(&bytes[..fits]))
        })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: Bytes = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.network
            .poll_send(self.id, self.side, context.waker(), bytes.len(), |fits| Ok(bytes.slice(..fits)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.network.finish(self.id, self.side);
        Poll::Ready(Ok(()))
    }
}

impl ByteSink for SimSink {
    fn poll_send_file(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slice: &FileSlice,
    ) -> Poll<io::Result<usize>> {
        let file = file_of::<SimFile>(&slice.file).ok_or(io::ErrorKind::Unsupported)?;
        let wanted = slice.length.min(FILE_PIECE) as usize;
        self.network.poll_send(self.id, self.side, context.waker(), wanted, |fits| {
            let mut bytes = vec![0; fits];
            let count = file.read_at(&mut bytes, slice.position)?;
            bytes.truncate(count);
            Ok(bytes.into())
        })
    }
}

impl Drop for SimStream {
    fn drop(&mut self) {
        self.network.drop_half(self.id, self.side, true);
    }
}

impl Drop for SimSink {
    fn drop(&mut self) {
        self.network.drop_half(self.id, self.side, false);
    }
}
