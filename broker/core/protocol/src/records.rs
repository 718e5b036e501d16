//! The records of a partition within a message: opaque here, and never copied.

use klamm_types::{Bytes, Chunk, chunks_len};
use std::sync::Arc;

/// Record batches as they come from the wire, from memory or from files.
#[derive(Clone, Debug)]
pub enum Records {
    /// In memory. Decoding gives this.
    Bytes(Bytes),
    /// In pieces, some of them in files.
    Chunks(Vec<Chunk>),
}

impl Records {
    /// Their length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Records::Bytes(bytes) => bytes.len(),
            Records::Chunks(chunks) => chunks_len(chunks),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, if they are in memory in one piece. What was decoded always is.
    #[must_use]
    pub fn bytes(&self) -> Option<&Bytes> {
        match self {
            Records::Bytes(bytes) => Some(bytes),
            Records::Chunks(_) => None,
        }
    }
}

impl Default for Records {
    fn default() -> Self {
        Records::Bytes(Bytes::new())
    }
}

impl From<Bytes> for Records {
    fn from(bytes: Bytes) -> Self {
        Records::Bytes(bytes)
    }
}

impl From<Vec<Chunk>> for Records {
    fn from(chunks: Vec<Chunk>) -> Self {
        Records::Chunks(chunks)
    }
}

/// Equal when they would be sent from the same places: files are compared by handle and stretch, not by content.
impl PartialEq for Records {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Records::Bytes(one), Records::Bytes(two)) => one == two,
            (Records::Chunks(one), Records::Chunks(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
            }
            (Records::Bytes(bytes), Records::Chunks(chunks))
            | (Records::Chunks(chunks), Records::Bytes(bytes)) => {
                matches!(chunks.as_slice(), [Chunk::Bytes(only)] if only == bytes)
            }
        }
    }
}

fn same(one: &Chunk, two: &Chunk) -> bool {
    match (one, two) {
        (Chunk::Bytes(one), Chunk::Bytes(two)) => one == two,
        (Chunk::File(one), Chunk::File(two)) => {
            Arc::ptr_eq(&one.file, &two.file) && (one.position, one.length) == (two.position, two.length)
        }
        _ => false,
    }
}
