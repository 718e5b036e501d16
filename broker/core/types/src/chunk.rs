//! What goes to a socket: bytes in memory, or a stretch of a file that never passes through memory.

use bytes::Bytes;
use std::{any::Any, fmt, io, sync::Arc};

/// An open file, opaque to the pure crates; `world` knows what it is.
pub trait FileHandle: Any + Send + Sync + fmt::Debug {
    /// Reads at `offset`, in bytes from the file's start; fewer bytes than asked for only at its end.
    ///
    /// # Errors
    /// The operating system's.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Whether a read of these bytes would not wait for a device, as far as a few looks tell. True where nobody knows.
    fn is_cached(&self, offset: u64, length: u64) -> bool;

    /// Lets the device begin to read these bytes, without waiting for them.
    fn read_ahead(&self, offset: u64, length: u64);
}

/// A stretch of an open file. The handle keeps the file open, also when it is deleted meanwhile.
#[derive(Clone, Debug)]
pub struct FileSlice {
    /// The open file.
    pub file: Arc<dyn FileHandle>,
    /// Where the stretch begins, in bytes from the file's start.
    pub position: u64,
    /// How long it is, in bytes.
    pub length: u32,
}

/// A piece of a message on its way out.
#[derive(Clone, Debug)]
pub enum Chunk {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A stretch of a file (sendfile on plain text).
    File(FileSlice),
}

impl Chunk {
    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Chunk::Bytes(bytes) => bytes.len(),
            Chunk::File(slice) => slice.length as usize,
        }
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The length of a message that is sent in pieces, in bytes.
#[must_use]
pub fn chunks_len(chunks: &[Chunk]) -> usize {
    chunks.iter().map(Chunk::len).sum()
}
