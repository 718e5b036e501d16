//! Cutting the log: at its end when another leader's log differs, at its start when records are deleted.

use super::{Log, place};
use crate::{ReadError, Removal, StorageError, files, segment::Segment};
use klamm_types::{Now, Offset};
use std::io;

impl Log {
    /// Drops everything from `offset` on, with producer state and epochs. Rare, and blocks for a sync or two. If this takes back the recovery point, the caller
    /// writes the directory's checkpoint of recovery points before it appends again.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn truncate_to(&mut self, offset: Offset, now: Now) -> Result<Removal, StorageError> {
        if offset >= self.end {
            // an epoch that has no records may still contradict the leader's
            self.epochs_dirty |= self.epochs.truncate_from_end(offset);
            return Ok(self.removal());
        }
        if offset < self.segments[0].base {
            return self.truncate_fully(offset, now);
        }
        self.device.check()?;
        tracing::info!(log = %self.name, from = %self.end, to = %offset, "truncating");
        let keep = self.segments.partition_point(|segment| segment.base <= offset);
        let dropped: Vec<Segment> = self.segments.drain(keep..).collect();
        let removal = self.put_aside(&dropped)?;
        if !dropped.is_empty() {
            // at once: should they come back with a loss of power, they might fit what was appended since
            let synced = self.device.disk().sync_directory(&self.directory);
            synced.map_err(|error| self.failed(&error))?;
        }
        let place = place!(self);
        let active = self.segments.last_mut().expect("at least one segment begins at or below the offset");
        active.truncate(place, offset).map_err(|error| self.device.failed(&self.directory, &error))?;
        self.torn = false;
        let below_recovery_point = offset < self.recovery_point;
        self.cut_end(offset);
        self.epochs_dirty |= self.epochs.truncate_from_end(offset);
        if below_recovery_point {
            // what the file says below the checkpointed recovery point is believed after a crash
            self.epochs_eager = true;
            self.write_epochs(files::Sync::Now)?;
        }
        self.load_producers(offset).map_err(|error| self.failed(&error))?;
        Ok(removal)
    }

    /// Drops everything, and begins anew at `offset`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn truncate_fully(&mut self, offset: Offset, now: Now) -> Result<Removal, StorageError> {
        self.device.check()?;
        tracing::info!(log = %self.name, from = %self.end, to = %offset, "truncating all");
        let dropped = std::mem::take(&mut self.segments);
        let removal = self.put_aside(&dropped);
        let next = Segment::create(self.place(), offset, now.wall);
        match next {
            Ok(next) => self.segments.push(next),
            Err(error) => {
                // the log cannot be without a segment: whatever the error, the directory is of no use now
                self.segments = dropped;
                return Err(self.device.fail(format!("{}: {error}", self.directory.display())));
            }
        }
        self.torn = false;
        self.start = offset;
        self.cut_end(offset);
        self.end = offset;
        self.high_watermark = self.mark(offset);
        self.recovery_point = offset;
        self.durable_end = offset;
        self.epochs.clear();
        self.epochs_eager = true;
        self.write_epochs(files::Sync::Now)?;
        self.remove_snapshots(|_| true);
        self.producers = klamm_log::ProducerState::default();
        removal
    }

    fn cut_end(&mut self, offset: Offset) {
        self.end = offset;
        self.start = self.start.min(offset);
        self.tail.clear();
        self.recovery_point = self.recovery_point.min(offset);
        self.durable_end = self.durable_end.min(offset);
        self.high_watermark = self.mark(self.high_watermark.offset.min(offset));
        self.generation += 1;
        self.directory_dirty = true;
        self.device.sub_unflushed(self.unflushed_bytes);
        self.unflushed_bytes = 0;
    }

    /// Moves the log's start up to `offset` (DeleteRecords). Whole segments below it go with the next retention run.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] beyond the high watermark. A lower start than the current is no error.
    pub fn delete_records(&mut self, offset: Offset) -> Result<Offset, ReadError> {
        self.device.check()?;
        if offset > self.high_watermark() || offset.0 < 0 {
            return Err(ReadError::OutOfRange { offset, start: self.start, end: self.high_watermark() });
        }
        self.raise_start(offset);
        Ok(self.start)
    }

    pub(super) fn raise_start(&mut self, offset: Offset) {
        if offset > self.start {
            self.start = offset;
            self.epochs_dirty |= self.epochs.truncate_from_start(offset);
        }
    }

    pub(super) fn removal(&self) -> Removal {
        Removal { disk: self.device.disk().clone(), files: Vec::new(), directories: Vec::new() }
    }

    /// Renames a segment's files to `….deleted`, as Kafka does; they are unlinked later.
    pub(super) fn put_aside(&mut self, segments: &[Segment]) -> Result<Removal, StorageError> {
        let mut removal = self.removal();
        for path in segments.iter().flat_map(|segment| segment.paths(self.place())) {
            let mut aside = path.clone().into_os_string();
            aside.push(".deleted");
            match self.device.disk().rename(&path, aside.as_ref()) {
                Ok(()) => removal.files.push(aside.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        self.directory_dirty |= !removal.is_empty();
        Ok(removal)
    }
}
