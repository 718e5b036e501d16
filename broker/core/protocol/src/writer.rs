//! Puts a message together: once to measure it, once to write it into a single allocation. Large pieces and files are passed on, not copied.

use crate::{EncodeError, Records};
use klamm_types::{BufMut, Bytes, BytesMut, Chunk, Str, Uuid};

/// From this length on, bytes go out as a piece of their own. Below, a copy is cheaper than one more entry in a vectored write.
const SHARED_FROM: usize = 2048;

/// What every write returns.
pub(crate) type Written = Result<(), EncodeError>;

/// How long a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// All of it, in bytes.
    pub total: usize,
    /// What the writer copies into its own buffer, in bytes. The rest goes out as pieces of their own.
    pub copied: usize,
    /// How many such pieces there are.
    pub pieces: usize,
}

/// A message on its way out.
#[derive(Debug, Default)]
pub struct Writer {
    buffer: BytesMut,
    chunks: Vec<Chunk>,
}

impl Writer {
    /// With room for a message of this size.
    #[must_use]
    pub fn with_room(size: Size) -> Self {
        // before, between and after the pieces
        let chunks = Vec::with_capacity(2 * size.pieces + 1);
        Self { buffer: BytesMut::with_capacity(size.copied), chunks }
    }

    /// The message in pieces.
    #[must_use]
    pub fn finish(mut self) -> Vec<Chunk> {
        self.cut();
        self.chunks
    }

    /// The message in one piece.
    ///
    /// # Errors
    /// [`EncodeError::FileInMemory`] when a part of it is in a file.
    pub fn finish_bytes(self) -> Result<Bytes, EncodeError> {
        if self.chunks.is_empty() {
            return Ok(self.buffer.freeze());
        }
        let mut whole = BytesMut::new();
        for chunk in self.finish() {
            match chunk {
                Chunk::Bytes(bytes) => whole.extend_from_slice(&bytes),
                Chunk::File(_) => return Err(EncodeError::FileInMemory),
            }
        }
        Ok(whole.freeze())
    }

    /// Appends a number in Kafka's byte order: what stands before a message.
    pub fn put_i32(&mut self, value: i32) {
        self.buffer.put_i32(value);
    }

    /// Appends a number in Kafka's byte order: the version that stands before a record.
    pub fn put_i16(&mut self, value: i16) {
        self.buffer.put_i16(value);
    }

    /// Appends a variable-length number: what stands before a metadata record.
    pub fn put_uvarint(&mut self, value: u32) {
        Sink::uvarint(self, value);
    }

    fn cut(&mut self) {
        if !self.buffer.is_empty() {
            self.chunks.push(Chunk::Bytes(self.buffer.split().freeze()));
        }
    }
}

/// Where a message goes: into a [`Writer`], or into a [`Size`] that only counts.
pub trait Sink {
    /// Appends a copy.
    fn put(&mut self, bytes: &[u8]);
    /// Appends a piece without a copy.
    fn put_chunk(&mut self, chunk: &Chunk);

    /// Appends bytes, by copy when they are few.
    fn put_bytes(&mut self, bytes: &Bytes) {
        if bytes.len() < SHARED_FROM { self.put(bytes) } else { self.put_chunk(&Chunk::Bytes(bytes.clone())) }
    }

    /// See [`crate::Reader::uvarint`].
    fn uvarint(&mut self, mut value: u32) {
        let mut bytes = [0; 5];
        let mut count = 0;
        while value >= 0x80 {
            bytes[count] = value as u8 | 0x80;
            value >>= 7;
            count += 1;
        }
        bytes[count] = value as u8;
        self.put(&bytes[..=count]);
    }
}

impl Sink for Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    fn put_chunk(&mut self, chunk: &Chunk) {
        self.cut();
        self.chunks.push(chunk.clone());
    }
}

impl Sink for Size {
    fn put(&mut self, bytes: &[u8]) {
        self.total += bytes.len();
        self.copied += bytes.len();
    }

    fn put_chunk(&mut self, chunk: &Chunk) {
        self.total += chunk.len();
        self.pieces += 1;
    }

    fn put_bytes(&mut self, bytes: &Bytes) {
        if bytes.len() < SHARED_FROM {
            return self.put(bytes);
        }
        self.total += bytes.len();
        self.pieces += 1;
    }
}

macro_rules! numbers {
    ($($name:ident),*) => {$(
        fn $name(&mut self, value: $name) -> Written {
            self.put(&value.to_be_bytes());
            Ok(())
        }
    )*};
}

/// Kafka's types, on any [`Sink`].
pub(crate) trait Fields: Sink + Sized {
    numbers!(i8, i16, i32, i64, u16, f64);

    fn bool(&mut self, value: bool) -> Written {
        self.i8(i8::from(value))
    }

    fn uuid(&mut self, value: &Uuid) -> Written {
        self.put(&value.0);
        Ok(())
    }

    fn str(&mut self, text: &Str, flexible: bool) -> Written {
        let text = text.bytes();
        if flexible {
            self.compact_length(text.len())?;
        } else {
            self.i16(i16::try_from(text.len()).map_err(|_| EncodeError::TooLong { length: text.len() })?)?;
        }
        self.put(text);
        Ok(())
    }

    fn nullable_str(&mut self, text: Option<&Str>, flexible: bool) -> Written {
        match text {
            Some(text) => self.str(text, flexible),
            None if flexible => self.null(true),
            None => self.i16(-1),
        }
    }

    fn bytes(&mut self, bytes: &Bytes, flexible: bool) -> Written {
        self.length(bytes.len(), flexible)?;
        self.put_bytes(bytes);
        Ok(())
    }

    fn nullable_bytes(&mut self, bytes: Option<&Bytes>, flexible: bool) -> Written {
        match bytes {
            Some(bytes) => self.bytes(bytes, flexible),
            None => self.null(flexible),
        }
    }

    fn records(&mut self, records: &Records, flexible: bool) -> Written {
        self.length(records.len(), flexible)?;
        match records {
            Records::Bytes(bytes) => self.put_bytes(bytes),
            Records::Chunks(chunks) => chunks.iter().for_each(|chunk| match chunk {
                Chunk::Bytes(bytes) => self.put_bytes(bytes),
                Chunk::File(_) => self.put_chunk(chunk),
            }),
        }
        Ok(())
    }

    fn nullable_records(&mut self, records: Option<&Records>, flexible: bool) -> Written {
        match records {
            Some(records) => self.records(records, flexible),
            None => self.null(flexible),
        }
    }

    fn array<T>(
        &mut self,
        elements: &[T],
        flexible: bool,
        mut write: impl FnMut(&mut Self, &T) -> Written,
    ) -> Written {
        self.length(elements.len(), flexible)?;
        elements.iter().try_for_each(|element| write(self, element))
    }

    fn nullable_array<T>(
        &mut self,
        elements: Option<&Vec<T>>,
        flexible: bool,
        write: impl FnMut(&mut Self, &T) -> Written,
    ) -> Written {
        match elements {
            Some(elements) => self.array(elements, flexible, write),
            None => self.null(flexible),
        }
    }

    fn nullable<T>(
        &mut self,
        structure: Option<&T>,
        write: impl FnOnce(&mut Self, &T) -> Written,
    ) -> Written {
        let Some(structure) = structure else { return self.i8(-1) };
        self.i8(1)?;
        write(self, structure)
    }

    /// A tagged field: its tag, its size, itself. `size` is what it measures.
    fn tag(&mut self, tag: u32, size: impl FnOnce(&mut Size) -> Written) -> Written {
        let mut measured = Size::default();
        size(&mut measured)?;
        self.uvarint(tag);
        self.uvarint(length(measured.total)?);
        Ok(())
    }

    fn length(&mut self, count: usize, flexible: bool) -> Written {
        if flexible {
            return self.compact_length(count);
        }
        self.i32(i32::try_from(count).map_err(|_| EncodeError::TooLong { length: count })?)
    }

    fn compact_length(&mut self, count: usize) -> Written {
        self.uvarint(length(count)? + 1);
        Ok(())
    }

    fn null(&mut self, flexible: bool) -> Written {
        if flexible {
            self.uvarint(0);
            return Ok(());
        }
        self.i32(-1)
    }
}

impl<S: Sink> Fields for S {}

fn length(count: usize) -> Result<u32, EncodeError> {
    i32::try_from(count).map(i32::cast_unsigned).map_err(|_| EncodeError::TooLong { length: count })
}
