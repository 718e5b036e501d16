//! Producer state and its snapshots in the log's directory.

use super::{Log, place};
use crate::{
    StorageError, files,
    scan::{FAR_BYTES, Scan, Step},
};
use klamm_log::{FileKind, ProducerEntry, ProducerState, decode_snapshot, encode_snapshot, file_name};
use klamm_types::{Now, Offset, ProducerId};
use std::io;

/// Snapshots that are kept besides those at segments' starts: the checkpoint of recovery points may be a few rounds old.
const LATEST_KEPT: usize = 3;

impl Log {
    /// What is known of a producer.
    #[must_use]
    pub fn producer(&self, id: ProducerId) -> Option<&ProducerEntry> {
        self.producers.get(id)
    }

    /// All producers of the log (DescribeProducers).
    pub fn producers(&self) -> impl ExactSizeIterator<Item = (ProducerId, &ProducerEntry)> {
        self.producers.iter()
    }

    /// Forgets producers that have not written for long (`producer.id.expiration.ms`).
    pub fn expire_producers(&mut self, now: Now) {
        self.producers.expire(now.wall, self.config.producer_id_expiration_ms);
    }

    /// Writes the producer state at the log's end. Without room it is not written: recovery then reads more of the log.
    pub(super) fn write_snapshot(&mut self) -> Result<(), StorageError> {
        if self.snapshots.last() == Some(&self.end) {
            return Ok(());
        }
        let path = self.directory.join(file_name(self.end, FileKind::Snapshot));
        let bytes = encode_snapshot(&self.producers);
        match files::replace(self.device.disk().as_ref(), &path, &bytes, files::Sync::Later) {
            Ok(()) => self.snapshots.push(self.end),
            Err(error) => match self.failed(&error) {
                StorageError::NoSpace { .. } => return Ok(()),
                error => return Err(error),
            },
        }
        self.directory_dirty = true;
        self.drop_old_snapshots();
        Ok(())
    }

    fn drop_old_snapshots(&mut self) {
        let latest = self.snapshots.len().saturating_sub(LATEST_KEPT);
        let old = self.snapshots[..latest].iter().copied();
        let needed = |offset: &Offset| self.segments.iter().any(|segment| segment.base == *offset);
        let old: Vec<_> = old.filter(|offset| !needed(offset)).collect();
        self.remove_snapshots(|offset| old.contains(&offset));
    }

    pub(super) fn remove_snapshots(&mut self, remove: impl Fn(Offset) -> bool) {
        for offset in self.snapshots.extract_if(.., |offset| remove(*offset)) {
            let path = self.directory.join(file_name(offset, FileKind::Snapshot));
            if let Err(error) = self.device.disk().remove_file(&path) {
                tracing::debug!(path = %path.display(), %error, "snapshot was not removed");
            }
            self.directory_dirty = true;
        }
    }

    /// Makes the state that holds below `until` from the latest good snapshot and the batches after it. Snapshots beyond
    /// `until` are of a log that is no more, and go.
    pub(super) fn load_producers(&mut self, until: Offset) -> io::Result<()> {
        self.remove_snapshots(|offset| offset > until);
        let mut from = self.segments[0].base; // also records before the start tell of their producers
        self.producers = ProducerState::default();
        while let Some(offset) = self.snapshots.last().copied() {
            let path = self.directory.join(file_name(offset, FileKind::Snapshot));
            match files::read(self.device.disk().as_ref(), &path)?.as_deref().map(decode_snapshot) {
                Some(Ok(state)) => {
                    self.producers = state;
                    from = offset.max(from);
                    break;
                }
                Some(Err(error)) => {
                    tracing::warn!(log = %self.name, %offset, %error, "producer snapshot is not used");
                    self.remove_snapshots(|bad| bad == offset);
                }
                None => self.remove_snapshots(|bad| bad == offset),
            }
        }
        self.replay(from, until)
    }

    /// Notes producers and leader epochs of the batches from `from` up to `until`.
    pub(super) fn replay(&mut self, from: Offset, until: Offset) -> io::Result<()> {
        if from >= until {
            return Ok(());
        }
        let place = place!(self);
        for at in self.segments.partition_point(|segment| segment.base <= from).saturating_sub(1)
            ..self.segments.len()
        {
            let segment = &mut self.segments[at];
            if segment.base >= until {
                break; // not recovered yet
            }
            let Some(first) = segment.find(place, from)? else { continue };
            let size = segment.size;
            let mut scan = Scan::new(segment.file(place)?.as_ref(), first.position, size, FAR_BYTES);
            while let Step::Batch(found) = scan.step()? {
                if found.header.base_offset >= until {
                    return Ok(());
                }
                if found.header.base_offset >= from {
                    self.producers.appended(&found.header);
                }
            }
        }
        Ok(())
    }
}
