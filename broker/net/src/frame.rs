//! Frames from a byte stream.

use crate::{Budget, Reservation};
use klamm_types::{Buf, Bytes, BytesMut};
use klamm_world::ByteStream;
use std::{io, time::Duration};
use tokio::io::AsyncReadExt;

/// The length in front of every frame.
const PREFIX_BYTES: usize = 4;

/// What an idle connection may hold of received bytes: enough for most requests in one system call.
const BUFFER_BYTES: usize = 8 * 1024;

/// Why there is no further frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The other side is done, between two frames.
    #[error("closed by the other side")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// The other side announced a request and then sent no more of it.
    #[error("nothing came of a request for {0:?}: it holds memory that others wait for")]
    Stalled(Duration),
    /// The length is negative or over the limit.
    #[error("a frame of {length} bytes, but at most {max} are allowed (socket.request.max.bytes)")]
    Length {
        /// The length that the other side announced.
        length: i32,
        /// The limit.
        max: usize,
    },
}

/// Cuts a byte stream into frames.
pub struct FrameReader {
    stream: Box<dyn ByteStream>,
    buffer: BytesMut,
    frame_bytes_max: usize,
}

impl FrameReader {
    /// Reads from `stream` frames of at most `frame_bytes_max`.
    #[must_use]
    pub fn new(stream: Box<dyn ByteStream>, frame_bytes_max: usize) -> Self {
        Self { stream, buffer: BytesMut::new(), frame_bytes_max }
    }

    /// The length of the next frame, once it is known; its body is still in the socket.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub async fn length(&mut self) -> Result<usize, FrameError> {
        while self.buffer.len() < PREFIX_BYTES {
            if self.buffer.capacity() < PREFIX_BYTES {
                self.buffer.reserve(BUFFER_BYTES);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                let closed = self.buffer.is_empty();
                return Err(if closed {
                    FrameError::Closed
                } else {
                    FrameError::Broken(io::ErrorKind::UnexpectedEof.into())
                });
            }
        }
        let length = i32::from_be_bytes([self.buffer[0], self.buffer[1], self.buffer[2], self.buffer[3]]);
        match usize::try_from(length) {
            Ok(bytes) if bytes <= self.frame_bytes_max => Ok(bytes),
            _ => Err(FrameError::Length { length, max: self.frame_bytes_max }),
        }
    }

    /// The next frame's body, after its memory is reserved, however long it takes.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub async fn frame(&mut self, budget: &Budget) -> Result<(Bytes, Reservation), FrameError> {
        let reservation = self.reserve(budget).await?;
        loop {
            if let Some(frame) = self.advance().await? {
                return Ok((frame, reservation));
            }
        }
    }

    /// Reserves the memory of the next frame's body.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub async fn reserve(&mut self, budget: &Budget) -> Result<Reservation, FrameError> {
        let length = self.length().await?;
        Ok(budget.reserve(length).await)
    }

    /// Reads on, once, in the body of the next frame, whose length is known; gives it when it is whole. A caller that is dropped
    /// while it waits loses nothing.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub async fn advance(&mut self) -> Result<Option<Bytes>, FrameError> {
        let length = self.length().await?;
        let whole = PREFIX_BYTES + length;
        if self.buffer.len() < whole {
            self.buffer.reserve(whole - self.buffer.len());
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(FrameError::Broken(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        if self.buffer.len() < whole {
            return Ok(None);
        }
        self.buffer.advance(PREFIX_BYTES);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn check(sent: &'static [u8], expected: &[&[u8]], end: &str) {
        let mut reader = FrameReader::new(Box::new(sent), 8);
        let budget = Budget::new(1 << 20);
        for frame in expected {
            let (got, _) = reader.frame(&budget).now_or_never().expect("all is there").expect("a frame");
            assert_eq!(got, *frame);
        }
        let error = reader.frame(&budget).now_or_never().expect("all is there").expect_err("no more frames");
        assert!(error.to_string().contains(end), "{error}");
    }

    #[test]
    fn cuts_frames() {
        check(b"\0\0\0\x02hi\0\0\0\0\0\0\0\x01!", &[b"hi", b"", b"!"], "closed by the other side");
        check(b"\0\0\0\x02h", &[], "broke");
        check(b"\0\0", &[], "broke");
        check(b"\0\0\0\x09123456789", &[], "a frame of 9 bytes, but at most 8 are allowed");
        check(b"\xff\xff\xff\xff", &[], "a frame of -1 bytes");
        check(b"GET / HTTP/1.1\r\n", &[], "a frame of 1195725856 bytes");
    }
}
