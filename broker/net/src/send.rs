//! Messages to a socket, in as few system calls as they need.

use klamm_types::{Chunk, FileSlice};
use klamm_world::ByteSink;
use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
};
use tokio::io::AsyncWriteExt;

/// At most this many pieces go into one system call.
const PIECES_MAX: usize = 64;

/// Sends all chunks, in order.
///
/// # Errors
/// The connection's; `UnexpectedEof` when a file is shorter than its slice.
pub async fn send_all(sink: &mut dyn ByteSink, chunks: &[Chunk]) -> io::Result<()> {
    let in_pieces = chunks.iter().any(|chunk| matches!(chunk, Chunk::File(_)));
    if in_pieces {
        sink.hold_back(true);
    }
    send_each(sink, chunks).await?;
    if in_pieces {
        sink.hold_back(false);
    }
    sink.flush().await
}

async fn send_each(sink: &mut dyn ByteSink, chunks: &[Chunk]) -> io::Result<()> {
    let mut rest = chunks;
    while let Some(first) = rest.first() {
        match first {
            Chunk::File(slice) => {
                send_file(sink, slice.clone()).await?;
                rest = &rest[1..];
            }
            Chunk::Bytes(_) => {
                let mut pieces: Vec<IoSlice<'_>> = rest
                    .iter()
                    .map_while(|chunk| match chunk {
                        Chunk::Bytes(bytes) => Some(IoSlice::new(bytes)),
                        Chunk::File(_) => None,
                    })
                    .take(PIECES_MAX)
                    .collect();
                rest = &rest[pieces.len()..];
                send_pieces(sink, &mut pieces).await?;
            }
        }
    }
    Ok(())
}

/// Says to the other side that nothing more comes.
pub async fn shutdown(sink: &mut dyn ByteSink) {
    let _ = sink.shutdown().await; // it may be gone already: then it knows
}

async fn send_pieces(sink: &mut dyn ByteSink, mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
    IoSlice::advance_slices(&mut pieces, 0);
    while !pieces.is_empty() {
        let sent = sink.write_vectored(pieces).await?;
        if sent == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut pieces, sent);
    }
    Ok(())
}

async fn send_file(sink: &mut dyn ByteSink, mut slice: FileSlice) -> io::Result<()> {
    while slice.length > 0 {
        let sent = poll_fn(|context| Pin::new(&mut *sink).poll_send_file(context, &slice)).await?;
        if sent == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        slice.position += sent as u64;
        slice.length -= sent as u32;
    }
    Ok(())
}
