//! Reads: a stretch of one segment's file, never bytes.

use super::{Log, place};
use crate::{ReadError, StorageError};
use klamm_types::{FileSlice, Offset};
use std::sync::Arc;

/// Up to where a reader may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Consumers.
    HighWatermark,
    /// Consumers that read committed transactions only.
    LastStable,
    /// Followers.
    End,
}

/// The first batch of what was read: it contains the offset asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstBatch {
    /// Its first offset: may be lower than that asked for.
    pub base_offset: Offset,
    /// Its bytes.
    pub size_bytes: u32,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The batches, the last of which may be cut; none when there is nothing (yet).
    pub records: Option<FileSlice>,
    /// The first of them.
    pub first: Option<FirstBatch>,
    /// The log's first offset.
    pub start: Offset,
    /// The high watermark.
    pub high_watermark: Offset,
    /// The last stable offset.
    pub last_stable: Offset,
}

struct Located {
    first: FirstBatch,
    position: u64,
}

impl Log {
    /// The batches from the one that contains `offset`, at most `max_bytes` of them, all below `limit`. When the first is larger
    /// than `max_bytes` it comes whole if `first_whole`, else nothing does. One segment is read at a time, as in Kafka.
    ///
    /// # Errors
    /// [`ReadError`]. An offset between the limit and the log's end is not out of range: the answer is empty.
    pub fn read(
        &mut self,
        offset: Offset,
        limit: Limit,
        max_bytes: u32,
        first_whole: bool,
    ) -> Result<Fetched, ReadError> {
        let (start, end) = (self.start, self.end);
        if offset < start || offset > end {
            return Err(ReadError::OutOfRange { offset, start, end });
        }
        self.device.check()?;
        let limit = match limit {
            Limit::HighWatermark => self.high_watermark(),
            Limit::LastStable => self.last_stable_offset(),
            Limit::End => end,
        };
        let mut fetched = Fetched {
            records: None,
            first: None,
            start,
            high_watermark: self.high_watermark(),
            last_stable: self.last_stable_offset(),
        };
        if offset >= limit {
            return Ok(fetched);
        }
        if let Some((records, first)) = self.stretch(offset, limit, max_bytes, first_whole)? {
            fetched.records = Some(records);
            fetched.first = Some(first);
        }
        Ok(fetched)
    }

    /// What a read of up to `max_bytes` at `offset` would first wait for the device for: an index, then the records. None when it
    /// need not wait, or is out of range.
    ///
    /// # Errors
    /// The device's.
    pub fn cold(&mut self, offset: Offset, max_bytes: u32) -> Result<Option<FileSlice>, StorageError> {
        if offset < self.start || offset >= self.end || self.tail.find(offset).is_some() {
            return Ok(None);
        }
        let at = self.segment_of(offset);
        let place = place!(self);
        self.segments[at].cold(place, offset, max_bytes).map_err(|error| self.failed(&error))
    }

    fn stretch(
        &mut self,
        offset: Offset,
        limit: Offset,
        max_bytes: u32,
        first_whole: bool,
    ) -> Result<Option<(FileSlice, FirstBatch)>, StorageError> {
        for at in self.segment_of(offset)..self.segments.len() {
            let Some(Located { first, position }) = self.locate(at, offset)? else { continue };
            let stop = self.position_of(at, limit)?;
            let available = u32::try_from(stop.saturating_sub(position)).unwrap_or(u32::MAX);
            let length = match available.min(max_bytes) {
                short if short < first.size_bytes && !first_whole => 0,
                short => short.max(first.size_bytes).min(available),
            };
            if length == 0 {
                return Ok(None);
            }
            let place = place!(self);
            let file = Arc::clone(
                self.segments[at].file(place).map_err(|error| self.device.failed(&self.directory, &error))?,
            );
            return Ok(Some((FileSlice { file: file.handle(), position, length }, first)));
        }
        Ok(None)
    }

    /// The batch in segment `at` that contains `offset`, or the next one.
    fn locate(&mut self, at: usize, offset: Offset) -> Result<Option<Located>, StorageError> {
        let active = at + 1 == self.segments.len();
        if let Some(batch) = self.tail.find(offset).filter(|_| active) {
            let first = FirstBatch { base_offset: batch.base, size_bytes: batch.size };
            return Ok(Some(Located { first, position: batch.position }));
        }
        let place = place!(self);
        let found = self.segments[at].find(place, offset).map_err(|error| self.failed(&error))?;
        Ok(found.map(|found| Located {
            first: FirstBatch { base_offset: found.header.base_offset, size_bytes: found.header.size_bytes },
            position: found.position,
        }))
    }

    /// Where the records below `offset` end in segment `at`.
    fn position_of(&mut self, at: usize, offset: Offset) -> Result<u64, StorageError> {
        let next = self.segments.get(at + 1).map_or(self.end, |next| next.base);
        let segment = &self.segments[at];
        if offset >= next {
            return Ok(segment.size);
        }
        if offset == self.high_watermark.offset
            && let Some((base, position)) = self.high_watermark.at
            && base == segment.base
        {
            return Ok(position);
        }
        let size = segment.size;
        Ok(self.locate(at, offset)?.map_or(size, |located| located.position))
    }
}
