//! The entries of the two sparse indexes of a segment, and the search in them.
//!
//! ```text
//! .index      ┌ last offset of the batch − base offset, i32 ┬ position of the batch, i32 ┐
//! .timeindex  ┌ timestamp, i64 ┬ last offset of its batch − base offset, i32 ┐   (no record before has a greater timestamp)
//! ```

use klamm_types::{Offset, Wall};

/// Bytes of an entry of the offset index.
pub const OFFSET_ENTRY_BYTES: usize = 8;
/// Bytes of an entry of the time index.
pub const TIME_ENTRY_BYTES: usize = 12;

/// An entry of one of the indexes.
pub trait IndexEntry: Copy {
    /// Its bytes in the file.
    const BYTES: usize;
    /// Reads it from its bytes.
    fn decode(bytes: &[u8], base: Offset) -> Self;
    /// Appends its bytes.
    fn encode(&self, base: Offset, out: &mut Vec<u8>);
}

/// "The batch whose last offset is `offset` begins at `position`."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetEntry {
    /// The batch's last offset.
    pub offset: Offset,
    /// Where it begins in the segment's file.
    pub position: u32,
}

/// "Up to the batch whose last offset is `offset`, no record is later than `timestamp`."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// The greatest timestamp so far.
    pub timestamp: Wall,
    /// The last offset of the first batch that has it.
    pub offset: Offset,
}

fn relative(offset: Offset, base: Offset) -> [u8; 4] {
    let relative =
        i32::try_from(offset.0 - base.0).expect("a segment rolls before its offsets exceed 31 bits");
    relative.to_be_bytes()
}

fn int(bytes: &[u8]) -> i32 {
    i32::from_be_bytes(bytes[..4].try_into().expect("four bytes"))
}

impl IndexEntry for OffsetEntry {
    const BYTES: usize = OFFSET_ENTRY_BYTES;

    fn decode(bytes: &[u8], base: Offset) -> Self {
        Self { offset: base.plus(i64::from(int(bytes))), position: int(&bytes[4..]) as u32 }
    }

    fn encode(&self, base: Offset, out: &mut Vec<u8>) {
        out.extend_from_slice(&relative(self.offset, base));
        out.extend_from_slice(&self.position.to_be_bytes());
    }
}

impl IndexEntry for TimeEntry {
    const BYTES: usize = TIME_ENTRY_BYTES;

    fn decode(bytes: &[u8], base: Offset) -> Self {
        let timestamp = i64::from_be_bytes(bytes[..8].try_into().expect("eight bytes"));
        Self { timestamp: Wall(timestamp), offset: base.plus(i64::from(int(&bytes[8..]))) }
    }

    fn encode(&self, base: Offset, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp.0.to_be_bytes());
        out.extend_from_slice(&relative(self.offset, base));
    }
}

/// The last of `count` ordered entries for which `holds`; `read` fetches one by its number.
///
/// # Errors
/// Those of `read`.
pub fn floor<T: Copy, E>(
    count: u32,
    mut read: impl FnMut(u32) -> Result<T, E>,
    holds: impl Fn(T) -> bool,
) -> Result<Option<(u32, T)>, E> {
    let (mut low, mut high, mut found) = (0, count, None);
    while low < high {
        let middle = low + (high - low) / 2;
        let entry = read(middle)?;
        if holds(entry) {
            found = Some((middle, entry));
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn entries_round_trip() {
        let base = Offset(1 << 40);
        let offset = OffsetEntry { offset: base.plus(300), position: 0x7fff_ffff };
        let time = TimeEntry { timestamp: Wall(1_700_000_000_000), offset: base.plus(1) };
        let (mut a, mut b) = (Vec::new(), Vec::new());
        offset.encode(base, &mut a);
        time.encode(base, &mut b);
        assert_eq!((a.len(), OffsetEntry::decode(&a, base)), (8, offset));
        assert_eq!((b.len(), TimeEntry::decode(&b, base)), (12, time));
    }

    #[test]
    fn floor_finds_the_last_that_holds() {
        let entries = [10, 20, 30];
        let check = |target: i32, want: Option<i32>| {
            let found = floor(3, |at| Ok::<_, Infallible>(entries[at as usize]), |entry| entry <= target);
            assert_eq!(found.expect("infallible").map(|(_, entry)| entry), want, "{target}");
        };
        check(9, None);
        check(10, Some(10));
        check(29, Some(20));
        check(99, Some(30));
    }
}
