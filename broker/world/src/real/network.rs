//! TCP, for real. Bytes of files go out by sendfile: they never pass through our memory.

use super::disk::RealFile;
use crate::{BoxFuture, ByteSink, Connection, Listener, Network, file_of};
use klamm_types::FileSlice;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncWrite, Interest},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
};

/// Connections that wait to be accepted, at most: clients that all come back after a restart must not be refused.
const BACKLOG: i32 = 1024;

pub(super) struct RealNetwork;

struct RealListener(TcpListener);

struct RealSink(OwnedWriteHalf);

impl Network for RealNetwork {
    fn listen(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>> {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM.nonblocking().cloexec(), None)?;
        socket.set_reuse_address(true)?; // a restarted broker takes its port back while old connections linger
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(Box::new(RealListener(TcpListener::from_std(socket.into())?)))
    }

    fn connect(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Connection>> {
        let host = host.to_owned();
        Box::pin(async move { connection(TcpStream::connect((host.as_str(), port)).await?) })
    }
}

impl Listener for RealListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Connection>> {
        Box::pin(async {
            let (stream, _) = self.0.accept().await?;
            connection(stream)
        })
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

fn connection(stream: TcpStream) -> io::Result<Connection> {
    stream.set_nodelay(true)?; // a reply is whole when it is written: nothing to wait for
    let peer = stream.peer_addr()?;
    let (stream, sink) = stream.into_split();
    Ok(Connection { peer, stream: Box::new(stream), sink: Box::new(RealSink(sink)) })
}

impl AsyncWrite for RealSink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl ByteSink for RealSink {
    fn poll_send_file(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slice: &FileSlice,
    ) -> Poll<io::Result<usize>> {
        let stream: &TcpStream = self.0.as_ref();
        let file = file_of::<RealFile>(&slice.file).ok_or(io::ErrorKind::Unsupported)?;
        loop {
            ready!(stream.poll_write_ready(context))?;
            let sent = stream.try_io(Interest::WRITABLE, || {
                let mut position = slice.position;
                Ok(rustix::fs::sendfile(stream, &file.0, Some(&mut position), slice.length as usize)?)
            });
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn hold_back(&mut self, hold: bool) {
        let stream: &TcpStream = self.0.as_ref();
        let _ = rustix::net::sockopt::set_tcp_cork(stream, hold); // without it only more packets go out
    }
}
