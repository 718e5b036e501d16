//! Takes a message apart. Text and bytes share the buffer that they came in; nothing is allocated that the buffer does not prove.

use crate::{DecodeError, Records};
use klamm_types::{Bytes, Str, Uuid};

/// What every read returns.
pub(crate) type Read<T> = Result<T, DecodeError>;

/// A position in the bytes of a message.
#[derive(Clone, Debug)]
pub struct Reader {
    bytes: Bytes,
    at: usize,
    end: usize,
}

macro_rules! numbers {
    ($($name:ident),*) => {$(
        pub(crate) fn $name(&mut self) -> Read<$name> {
            Ok($name::from_be_bytes(self.array_of()?))
        }
    )*};
}

impl Reader {
    /// At the beginning of `bytes`.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        let end = bytes.len();
        Self { bytes, at: 0, end }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.end - self.at
    }

    /// The bytes that are left.
    #[must_use]
    pub fn rest(self) -> Bytes {
        self.bytes.slice(self.at..self.end)
    }

    /// Demands that nothing is left.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`] when something is.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            count => Err(DecodeError::TrailingBytes { at: self.at, count }),
        }
    }

    numbers!(i8, i16, i32, i64, u16, f64);

    pub(crate) fn bool(&mut self) -> Read<bool> {
        Ok(self.i8()? != 0)
    }

    pub(crate) fn uuid(&mut self) -> Read<Uuid> {
        Ok(Uuid(self.array_of()?))
    }

    /// An unsigned number in groups of seven bits, the least significant first (KIP-482).
    ///
    /// # Errors
    /// When it ends early or does not fit.
    pub fn uvarint(&mut self) -> Result<u32, DecodeError> {
        let at = self.at;
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array_of()?;
            if shift == 28 && byte > 0x0f {
                return Err(DecodeError::BadVarint { at });
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok(value)
    }

    pub(crate) fn str(&mut self, flexible: bool) -> Read<Str> {
        let at = self.at;
        self.nullable_str(flexible)?.ok_or(DecodeError::Null { at })
    }

    pub(crate) fn nullable_str(&mut self, flexible: bool) -> Read<Option<Str>> {
        let length = if flexible { self.compact_length()? } else { self.short_length()? };
        let Some(length) = length else { return Ok(None) };
        let at = self.at;
        let text = self.slice(length)?;
        Str::from_utf8(text).map(Some).map_err(|_| DecodeError::NotUtf8 { at })
    }

    pub(crate) fn bytes(&mut self, flexible: bool) -> Read<Bytes> {
        let at = self.at;
        self.nullable_bytes(flexible)?.ok_or(DecodeError::Null { at })
    }

    pub(crate) fn nullable_bytes(&mut self, flexible: bool) -> Read<Option<Bytes>> {
        self.length(flexible)?.map(|length| self.slice(length)).transpose()
    }

    pub(crate) fn records(&mut self, flexible: bool) -> Read<Records> {
        Ok(Records::Bytes(self.bytes(flexible)?))
    }

    pub(crate) fn nullable_records(&mut self, flexible: bool) -> Read<Option<Records>> {
        Ok(self.nullable_bytes(flexible)?.map(Records::Bytes))
    }

    /// An array whose elements take at least `least` bytes each.
    pub(crate) fn array<T>(
        &mut self,
        flexible: bool,
        least: usize,
        element: impl FnMut(&mut Self) -> Read<T>,
    ) -> Read<Vec<T>> {
        let at = self.at;
        self.nullable_array(flexible, least, element)?.ok_or(DecodeError::Null { at })
    }

    pub(crate) fn nullable_array<T>(
        &mut self,
        flexible: bool,
        least: usize,
        mut element: impl FnMut(&mut Self) -> Read<T>,
    ) -> Read<Option<Vec<T>>> {
        let at = self.at;
        let Some(count) = self.length(flexible)? else { return Ok(None) };
        let remaining = self.remaining();
        if count > remaining / least.max(1) {
            return Err(DecodeError::BadLength { at, length: count as i64, remaining });
        }
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(element(self)?);
        }
        Ok(Some(elements))
    }

    /// A structure behind a byte that says whether it is there (KIP-893).
    pub(crate) fn nullable<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        if self.i8()? < 0 { Ok(None) } else { read(self).map(Some) }
    }

    /// The tagged fields at the end of a flexible structure. `known` reads a field and says whether it knows it; others are skipped.
    pub(crate) fn tagged(&mut self, mut known: impl FnMut(&mut Self, u32) -> Read<bool>) -> Read<()> {
        for _ in 0..self.uvarint()? {
            let tag = self.uvarint()?;
            let size = self.uvarint()? as usize;
            self.need(size)?;
            let end = self.at + size;
            let outer = std::mem::replace(&mut self.end, end);
            if !known(self, tag)? {
                self.at = end;
            }
            if self.at != end {
                return Err(DecodeError::BadTagSize { tag, at: self.at, end });
            }
            self.end = outer;
        }
        Ok(())
    }

    fn length(&mut self, flexible: bool) -> Read<Option<usize>> {
        if flexible {
            return self.compact_length();
        }
        let at = self.at;
        let length = self.i32()?;
        self.checked(at, i64::from(length))
    }

    fn short_length(&mut self) -> Read<Option<usize>> {
        let at = self.at;
        let length = self.i16()?;
        self.checked(at, i64::from(length))
    }

    fn compact_length(&mut self) -> Read<Option<usize>> {
        Ok((self.uvarint()? as usize).checked_sub(1))
    }

    /// −1 is null; any other negative length is wrong.
    fn checked(&self, at: usize, length: i64) -> Read<Option<usize>> {
        match length {
            -1 => Ok(None),
            0.. => Ok(Some(length as usize)),
            _ => Err(DecodeError::BadLength { at, length, remaining: self.remaining() }),
        }
    }

    fn need(&self, needed: usize) -> Read<()> {
        let remaining = self.remaining();
        if needed > remaining {
            return Err(DecodeError::UnexpectedEnd { at: self.at, needed, remaining });
        }
        Ok(())
    }

    fn slice(&mut self, length: usize) -> Read<Bytes> {
        self.need(length)?;
        let start = self.at;
        self.at += length;
        Ok(self.bytes.slice(start..self.at))
    }

    fn array_of<const N: usize>(&mut self) -> Read<[u8; N]> {
        self.need(N)?;
        let mut array = [0; N];
        array.copy_from_slice(&self.bytes[self.at..self.at + N]);
        self.at += N;
        Ok(array)
    }
}
