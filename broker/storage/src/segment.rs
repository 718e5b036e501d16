//! One segment: a `.log` file with batches and its two sparse indexes. Files are opened when they are first needed.

use crate::{
    index_file::{IndexFile, Place},
    scan::{Found, NEAR_BYTES, Scan, Step},
};
use klamm_log::{FileKind, OffsetEntry, TimeEntry, file_name};
use klamm_records::{BatchHeader, NO_TIMESTAMP};
use klamm_types::{FileSlice, Offset, Wall};
use klamm_world::File;
use std::{
    io::{self, IoSlice},
    path::PathBuf,
    sync::Arc,
};

/// Cuts a file so that what was beyond does not come back with a loss of power, between batches that were written over it since:
/// such a mixture of two logs has good CRCs and cannot be told from a log.
pub(crate) fn cut_durably(file: &dyn File, length: u64) -> io::Result<()> {
    file.set_length(length)?;
    file.sync()
}

fn is_of(entry: TimeEntry, found: &Found) -> bool {
    entry.offset == found.header.last_offset() && entry.timestamp == found.header.max_timestamp
}

pub(crate) struct Segment {
    pub(crate) base: Offset,
    pub(crate) size: u64,
    /// When the file was made or last written before it was opened: stands in for timestamps that no record has.
    pub(crate) modified: Wall,
    file: Option<Arc<dyn File>>,
    pub(crate) index: IndexFile<OffsetEntry>,
    pub(crate) times: IndexFile<TimeEntry>,
    since_index_bytes: u64,
    /// The greatest timestamp and the last offset of its batch; not yet known of a segment that was opened.
    largest: Option<TimeEntry>,
    /// The greatest timestamp of the first batch; not yet known of a segment that was opened.
    first_timestamp: Option<Wall>,
    dirty: bool,
}

impl Segment {
    /// A segment whose files are there, of these lengths.
    pub(crate) fn existing(
        base: Offset,
        size: u64,
        modified: Wall,
        index_bytes: u64,
        times_bytes: u64,
    ) -> Self {
        Self {
            base,
            size,
            modified,
            file: None,
            index: IndexFile::new(base, FileKind::Index, index_bytes),
            times: IndexFile::new(base, FileKind::TimeIndex, times_bytes),
            since_index_bytes: 0,
            largest: None,
            first_timestamp: None,
            dirty: false,
        }
    }

    /// Makes a segment's `.log` file, empty, and keeps it closed: most partitions are idle.
    pub(crate) fn create(place: Place<'_>, base: Offset, now: Wall) -> io::Result<Self> {
        let file = place.create(base, FileKind::Log)?;
        file.set_length(0)?; // a file may have been left by a crash
        Ok(Self::existing(base, 0, now, 0, 0))
    }

    pub(crate) fn file(&mut self, place: Place<'_>) -> io::Result<&Arc<dyn File>> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(place.open(self.base, FileKind::Log)?)),
        }
    }

    /// Writes batches at the end. On an error the end is where it was, but bytes may lie beyond it: [`Segment::cut_tail`].
    pub(crate) fn write(&mut self, place: Place<'_>, pieces: &[IoSlice<'_>]) -> io::Result<()> {
        let size = self.size;
        self.file(place)?.write_at(pieces, size)?;
        self.dirty = true;
        Ok(())
    }

    /// Removes what a failed write left beyond the end.
    pub(crate) fn cut_tail(&mut self, place: Place<'_>) -> io::Result<()> {
        let size = self.size;
        self.dirty = true;
        self.file(place)?.set_length(size)
    }

    /// Notes a batch that is in the file at the segment's end, and indexes it when it is due.
    pub(crate) fn note(&mut self, header: &BatchHeader, index_interval_bytes: u32) {
        if self.since_index_bytes > u64::from(index_interval_bytes) {
            self.index.push(OffsetEntry { offset: header.last_offset(), position: self.size as u32 });
            self.note_unindexed(header);
            self.push_time();
            self.since_index_bytes = u64::from(header.size_bytes);
        } else {
            self.note_unindexed(header);
        }
    }

    /// Notes a batch below the recovery point. Its entries are in the indexes if they are due, and durable; one that is made again
    /// would not be, but would be believed after the next crash.
    pub(crate) fn note_unindexed(&mut self, header: &BatchHeader) {
        let batch = TimeEntry { timestamp: header.max_timestamp, offset: header.last_offset() };
        if self.size == 0 {
            self.first_timestamp = Some(header.max_timestamp);
            self.largest = Some(batch);
        } else if self.largest.is_some_and(|largest| batch.timestamp > largest.timestamp) {
            self.largest = Some(batch);
        }
        self.since_index_bytes += u64::from(header.size_bytes);
        self.size += u64::from(header.size_bytes);
    }

    /// Indexes the greatest timestamp so far, if it is greater than that of the last entry, which the caller has loaded.
    fn push_time(&mut self) {
        let Some(largest) = self.largest else { return };
        let newer = match self.times.last_known() {
            Some(last) => largest.timestamp > last.timestamp,
            None => largest.timestamp > NO_TIMESTAMP,
        };
        if newer {
            self.times.push(largest);
        }
    }

    /// Readies a segment that was opened for more batches: what [`Segment::note`] compares with must be known.
    pub(crate) fn load_tail(&mut self, place: Place<'_>) -> io::Result<()> {
        if self.largest.is_some() || self.size == 0 {
            return Ok(());
        }
        let mut largest =
            self.times.last(place)?.unwrap_or(TimeEntry { timestamp: NO_TIMESTAMP, offset: self.base });
        let from = self.index.last(place)?.map_or(0, |entry| u64::from(entry.position));
        let size = self.size;
        let mut scan = Scan::new(self.file(place)?.as_ref(), from, size, NEAR_BYTES);
        while let Step::Batch(found) = scan.step()? {
            if found.header.max_timestamp > largest.timestamp {
                largest =
                    TimeEntry { timestamp: found.header.max_timestamp, offset: found.header.last_offset() };
            }
        }
        self.since_index_bytes = size - from;
        self.largest = Some(largest);
        Ok(())
    }

    /// Readies the indexes for a new recovery point: no entry that is made later may speak of a batch below it.
    pub(crate) fn settle_indexes(&mut self, place: Place<'_>) -> io::Result<()> {
        if self.largest.is_some() {
            self.times.last(place)?;
            self.push_time();
        }
        self.write_indexes(place, true)
    }

    /// Writes indexes that wait for it.
    pub(crate) fn write_indexes(&mut self, place: Place<'_>, all: bool) -> io::Result<()> {
        if all || self.index.wants_write() || self.times.wants_write() {
            self.index.write(place)?;
            self.times.write(place)?;
        }
        Ok(())
    }

    /// The segment will get no more batches: its last time entry says its greatest timestamp.
    pub(crate) fn finish(&mut self, place: Place<'_>) -> io::Result<()> {
        self.load_tail(place)?;
        self.times.last(place)?;
        self.push_time();
        self.write_indexes(place, true)?;
        self.index.make(place)?;
        self.times.make(place)
    }

    /// The greatest timestamp and the last offset of the batch that has it.
    pub(crate) fn largest(&mut self, place: Place<'_>) -> io::Result<Option<TimeEntry>> {
        self.load_tail(place)?;
        Ok(self.largest.filter(|largest| largest.timestamp > NO_TIMESTAMP))
    }

    /// The greatest timestamp of the first batch.
    pub(crate) fn first_timestamp(&mut self, place: Place<'_>) -> io::Result<Option<Wall>> {
        if self.first_timestamp.is_none() && self.size > 0 {
            let size = self.size;
            let mut scan = Scan::new(self.file(place)?.as_ref(), 0, size, klamm_records::HEADER_BYTES);
            if let Step::Batch(found) = scan.step()? {
                self.first_timestamp = Some(found.header.max_timestamp);
            }
        }
        Ok(self.first_timestamp.filter(|timestamp| *timestamp > NO_TIMESTAMP))
    }

    /// The batch that contains `offset`, or the next one when there is a gap; `None` beyond the last.
    pub(crate) fn find(&mut self, place: Place<'_>, offset: Offset) -> io::Result<Option<Found>> {
        let (from, size) = (self.near(place, offset)?, self.size);
        let mut scan = Scan::new(self.file(place)?.as_ref(), from, size, NEAR_BYTES);
        loop {
            match scan.step()? {
                Step::Batch(found) if found.header.last_offset() >= offset => return Ok(Some(found)),
                Step::Batch(_) => {}
                Step::End => return Ok(None),
                Step::Damaged(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }

    /// What a search for the batch that contains `offset`, and for `bytes` from there on, would first wait for the device for.
    pub(crate) fn cold(
        &mut self,
        place: Place<'_>,
        offset: Offset,
        bytes: u32,
    ) -> io::Result<Option<FileSlice>> {
        if let Some(index) = self.index.cold(place)? {
            return Ok(Some(index));
        }
        let position = self.near(place, offset)?;
        let left = self.size.saturating_sub(position);
        let file = Arc::clone(self.file(place)?).handle();
        let is_cold = !file.is_cached(position, left.min(NEAR_BYTES as u64));
        let length = left.min(u64::from(bytes).max(NEAR_BYTES as u64)) as u32;
        Ok(is_cold.then_some(FileSlice { file, position, length }))
    }

    /// Where a search for the batch that contains `offset` begins.
    fn near(&mut self, place: Place<'_>, offset: Offset) -> io::Result<u64> {
        let from = self.index.floor(place, |entry| entry.offset <= offset)?;
        Ok(from.map_or(0, |(_, entry)| u64::from(entry.position)))
    }

    /// Drops everything from the batch that contains `offset` on, indexes included. Blocks.
    pub(crate) fn truncate(&mut self, place: Place<'_>, offset: Offset) -> io::Result<()> {
        if let Some(found) = self.find(place, offset)? {
            self.size = found.position;
        }
        let size = self.size;
        self.truncate_indexes(place, offset)?;
        cut_durably(self.file(place)?.as_ref(), size)?;
        self.dirty = true;
        self.load_tail(place)
    }

    /// Drops the entries of batches that end at `offset` or later; what was known of the tail is forgotten.
    pub(crate) fn truncate_indexes(&mut self, place: Place<'_>, offset: Offset) -> io::Result<()> {
        let keep = self.index.floor(place, |entry| entry.offset < offset)?.map_or(0, |(at, _)| at + 1);
        self.index.truncate(place, keep)?;
        let keep = self.times.floor(place, |entry| entry.offset < offset)?.map_or(0, |(at, _)| at + 1);
        self.times.truncate(place, keep)?;
        self.largest = None;
        self.first_timestamp = None;
        Ok(())
    }

    /// Drops entries from the ends of the indexes until they are of batches that are there. What was written beyond the recovery
    /// point and lost with the power may have left parts of entries that look like lower ones.
    pub(crate) fn drop_doubtful_entries(&mut self, place: Place<'_>) -> io::Result<()> {
        while let Some((last, before)) = self.index.last_two(place)? {
            let grows = before.is_none_or(|b| b.offset < last.offset && b.position < last.position);
            if grows
                && self
                    .header_at(place, u64::from(last.position))?
                    .is_some_and(|h| h.last_offset() == last.offset)
            {
                break;
            }
            self.index.truncate(place, self.index.count() - 1)?;
        }
        while let Some((last, before)) = self.times.last_two(place)? {
            let grows = before.is_none_or(|b| b.offset < last.offset && b.timestamp < last.timestamp);
            if grows
                && self
                    .find(place, last.offset)
                    .is_ok_and(|found| found.is_some_and(|found| is_of(last, &found)))
            {
                break;
            }
            self.times.truncate(place, self.times.count() - 1)?;
        }
        Ok(())
    }

    fn header_at(&mut self, place: Place<'_>, position: u64) -> io::Result<Option<BatchHeader>> {
        let size = self.size;
        match Scan::new(self.file(place)?.as_ref(), position, size, NEAR_BYTES).step()? {
            Step::Batch(found) => Ok(Some(found.header)),
            Step::End | Step::Damaged(_) => Ok(None),
        }
    }

    /// Sets what recovery found, before it notes the batches that follow.
    pub(crate) fn rewind(&mut self, size: u64, since_index_bytes: u64, largest: TimeEntry) {
        self.size = size;
        self.since_index_bytes = since_index_bytes;
        self.largest = Some(largest);
    }

    /// The `.log` file, if it was written since the last call: to be synced.
    pub(crate) fn take_dirty(&mut self) -> Option<Arc<dyn File>> {
        std::mem::take(&mut self.dirty).then(|| self.file.clone()).flatten()
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Marks the `.log` file as not yet durable.
    pub(crate) fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    /// Closes files that nothing waits for.
    pub(crate) fn close_idle(&mut self) {
        if !self.dirty {
            self.file = None;
        }
        self.index.close_idle();
        self.times.close_idle();
    }

    /// The names of its files in `place`.
    pub(crate) fn paths(&self, place: Place<'_>) -> Vec<PathBuf> {
        let kinds = [FileKind::Log, FileKind::Index, FileKind::TimeIndex, FileKind::TransactionIndex];
        kinds.iter().map(|kind| place.directory.join(file_name(self.base, *kind))).collect()
    }
}
