//! Durability: the log hands out what is to be synced and learns later what became of it. It never waits for the device.

use super::{EPOCHS_FILE, Log, METADATA_FILE, place};
use crate::{FlushDepth, FlushWork, Flushed, StorageError, files, segment::Segment};

impl Log {
    /// What must be synced so that everything in the log now is durable. `None` when there is nothing, or while an earlier round
    /// is on its way: [`Log::flushed`] ends it.
    ///
    /// # Errors
    /// [`StorageError`]: what waited in memory could not be written. Without room the round is left out; call again later.
    pub fn begin_flush(&mut self, depth: FlushDepth) -> Result<Option<FlushWork>, StorageError> {
        self.device.check()?;
        if self.flushing {
            return Ok(None);
        }
        let done = match depth {
            FlushDepth::Log => self.durable_end,
            FlushDepth::RecoveryPoint => self.recovery_point,
        };
        // the epochs of an empty log say nothing that is not said again when it gets a record
        let epochs_matter = self.epochs_dirty && self.start < self.end && depth == FlushDepth::RecoveryPoint;
        let cut = self.segments.iter().any(Segment::is_dirty); // without a record more
        if done == self.end && !epochs_matter && !cut {
            return Ok(None);
        }
        let mut work =
            FlushWork::new(self.name.clone(), self.device.clone(), depth, self.end, self.generation);
        if depth == FlushDepth::RecoveryPoint {
            self.write_what_waits(&mut work)?;
            work.bytes = self.unflushed_bytes;
        }
        if self.epochs_unsynced {
            let file = self.device.disk().open(&self.directory.join(EPOCHS_FILE));
            work.files.push(file.map_err(|error| self.failed(&error))?);
            self.epochs_unsynced = false;
        }
        for segment in &mut self.segments {
            work.files.extend(segment.take_dirty());
        }
        if std::mem::take(&mut self.new) {
            if let Ok(file) = self.device.disk().open(&self.directory.join(METADATA_FILE)) {
                work.files.push(file);
            }
            work.directories.push(self.device.path().to_owned());
        }
        if std::mem::take(&mut self.directory_dirty) {
            work.directories.push(self.directory.clone());
        }
        self.flushing = true;
        Ok(Some(work))
    }

    /// Writes indexes, producer state and epochs, and adds the files.
    fn write_what_waits(&mut self, work: &mut FlushWork) -> Result<(), StorageError> {
        let place = place!(self);
        let recovery_point = self.recovery_point;
        let first = self.segments.partition_point(|segment| segment.base <= recovery_point).saturating_sub(1);
        for segment in &mut self.segments[first..] {
            segment.settle_indexes(place).map_err(|error| self.device.failed(&self.directory, &error))?;
        }
        self.write_snapshot()?;
        if self.epochs_dirty {
            self.write_epochs(files::Sync::Later)?;
        }
        // nothing can fail from here on: what is taken is synced
        for segment in &mut self.segments {
            work.files.extend(segment.index.take_dirty());
            work.files.extend(segment.times.take_dirty());
        }
        Ok(())
    }

    pub(super) fn write_epochs(&mut self, sync: files::Sync) -> Result<(), StorageError> {
        let path = self.directory.join(EPOCHS_FILE);
        let text = self.epochs.format();
        let written = files::replace(self.device.disk().as_ref(), &path, text.as_bytes(), sync);
        written.map_err(|error| self.failed(&error))?;
        self.epochs_dirty = false;
        self.epochs_unsynced = sync == files::Sync::Later;
        self.directory_dirty = true;
        Ok(())
    }

    /// Learns what became of [`Log::begin_flush`]. Returns whether the recovery point moved.
    ///
    /// # Errors
    /// [`StorageError`]: the sync failed, and the directory is offline.
    pub fn flushed(&mut self, flushed: &Flushed) -> Result<bool, StorageError> {
        self.flushing = false;
        flushed.result.clone()?;
        if flushed.generation != self.generation {
            return Ok(false); // truncated meanwhile
        }
        self.durable_end = self.durable_end.max(flushed.up_to);
        if flushed.depth == FlushDepth::Log {
            return Ok(false);
        }
        self.unflushed_bytes -= flushed.bytes;
        self.device.sub_unflushed(flushed.bytes);
        let moved = flushed.up_to > self.recovery_point;
        self.recovery_point = self.recovery_point.max(flushed.up_to);
        self.epochs_eager = false;
        Ok(moved)
    }
}
