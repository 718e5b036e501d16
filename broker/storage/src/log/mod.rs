//! One partition's log.
//!
//! Invariants: there is at least one segment, the last is the active one; segments are in order of their base offsets;
//! `start ≤ high watermark ≤ end` and `recovery point ≤ end`; nothing is in the active segment's file beyond its size, or the
//! log is `torn` and appends nothing before it has cut what is there.

mod append;
mod flush;
mod open;
mod producers;
mod read;
mod retain;
mod tail;
mod timestamps;
mod truncate;

pub use append::{Appended, Origin};
pub(crate) use open::Opening;
pub use read::{Fetched, FirstBatch, Limit};
pub use timestamps::TimestampOffset;

use crate::{Device, StorageError, files, index_file::Place, segment::Segment};
use klamm_log::{
    EpochEnd, EpochEntry, LeaderEpochCache, LogConfig, ProducerState, format_partition_metadata,
};
use klamm_types::{LeaderEpoch, Offset, TopicId, TopicPartition};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tail::{Mark, Tail};

/// The file with the log's leader epochs.
const EPOCHS_FILE: &str = "leader-epoch-checkpoint";
/// The file with the topic's id.
pub(crate) const METADATA_FILE: &str = "partition.metadata";

/// One partition's log. Owned by one log thread.
pub struct Log {
    device: Arc<Device>,
    directory: PathBuf,
    name: TopicPartition,
    topic_id: Option<TopicId>,
    config: Arc<LogConfig>,
    segments: Vec<Segment>,
    start: Offset,
    end: Offset,
    high_watermark: Mark,
    recovery_point: Offset,
    durable_end: Offset,
    epochs: LeaderEpochCache,
    epochs_dirty: bool,
    /// Their file was replaced and not yet synced: it must be before its name is.
    epochs_unsynced: bool,
    /// The log was cut below its recovery point, which may still be in the checkpoint file: until the next flush, the epochs'
    /// file must be true below it at any time.
    epochs_eager: bool,
    producers: ProducerState,
    /// Offsets of the producer snapshots in the directory, ascending.
    snapshots: Vec<Offset>,
    tail: Tail,
    /// A failed write may have left bytes beyond the active segment's size.
    torn: bool,
    /// Names in the directory changed since it was last synced.
    directory_dirty: bool,
    /// The directory itself was made, and its name and `partition.metadata` not yet synced.
    new: bool,
    /// Counts truncations: a flush that began before one says nothing of the log after it.
    generation: u64,
    unflushed_bytes: u64,
    /// A round is on its way: its files are not marked dirty, and not yet durable.
    flushing: bool,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("name", &self.name)
            .field("start", &self.start)
            .field("end", &self.end)
            .field("high_watermark", &self.high_watermark.offset)
            .field("recovery_point", &self.recovery_point)
            .field("segments", &self.segments.len())
            .finish_non_exhaustive()
    }
}

impl Log {
    /// Whose log it is.
    #[must_use]
    pub fn name(&self) -> &TopicPartition {
        &self.name
    }

    /// The topic's id, by `partition.metadata`.
    #[must_use]
    pub fn topic_id(&self) -> Option<TopicId> {
        self.topic_id
    }

    /// What it shares with the other logs of its directory.
    #[must_use]
    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// The partition's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &Arc<LogConfig> {
        &self.config
    }

    /// Changes its settings; they hold from the next append or retention run on.
    pub fn set_config(&mut self, config: Arc<LogConfig>) {
        self.config = config;
    }

    /// Its first offset: what is below was deleted.
    #[must_use]
    pub fn start(&self) -> Offset {
        self.start
    }

    /// The offset that the next record gets.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.end
    }

    /// Everything below is on the device: survives loss of power.
    #[must_use]
    pub fn durable_end(&self) -> Offset {
        self.durable_end
    }

    /// Everything below is on the device with its indexes: recovery begins here.
    #[must_use]
    pub fn recovery_point(&self) -> Offset {
        self.recovery_point
    }

    /// Bytes beyond the recovery point.
    #[must_use]
    pub fn unflushed_bytes(&self) -> u64 {
        self.unflushed_bytes
    }

    /// Everything below is replicated, and may be read.
    #[must_use]
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark.offset
    }

    /// Moves the high watermark, within start and end. Returns where it is now.
    pub fn set_high_watermark(&mut self, offset: Offset) -> Offset {
        let offset = offset.clamp(self.start, self.end);
        if offset != self.high_watermark.offset {
            self.high_watermark = self.mark(offset);
        }
        offset
    }

    /// Read-committed readers stop here: at the first open transaction, or the high watermark.
    #[must_use]
    pub fn last_stable_offset(&self) -> Offset {
        let high_watermark = self.high_watermark.offset;
        self.producers.first_unstable_offset().map_or(high_watermark, |open| open.min(high_watermark))
    }

    /// Bytes of all segments.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size).sum()
    }

    /// How many segments there are.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// The latest leader epoch that the log knows, and where it began.
    #[must_use]
    pub fn latest_epoch(&self) -> Option<EpochEntry> {
        self.epochs.latest()
    }

    /// Where the records of an epoch end (OffsetForLeaderEpoch); `None` is "unknown".
    #[must_use]
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> Option<EpochEnd> {
        self.epochs.end_of(epoch, self.end)
    }

    /// The epoch of the record at `offset`.
    #[must_use]
    pub fn epoch_of(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.epochs.epoch_of(offset)
    }

    /// Notes that this broker leads in `epoch` from the log's end on. The file follows with the next flush round: what is not
    /// flushed is read back from the batches.
    pub fn assign_epoch(&mut self, epoch: LeaderEpoch) {
        self.assign_epoch_at(epoch, self.end);
    }

    fn assign_epoch_at(&mut self, epoch: LeaderEpoch, start: Offset) {
        if self.epochs.latest().is_none_or(|latest| latest.epoch != epoch) {
            self.epochs_dirty |= self.epochs.assign(epoch, start);
            if self.epochs_eager && self.write_epochs(files::Sync::Later).is_err() {
                tracing::warn!(log = %self.name, "leader epochs were not written; the next flush tries again");
            }
        }
    }

    /// Closes files that do not wait for a flush; they are opened again when they are needed.
    pub fn close_idle_files(&mut self) {
        self.segments.iter_mut().for_each(Segment::close_idle);
    }

    /// Writes `partition.metadata`, where a loss of power took it: a log without an id is believed to be of the topic that now
    /// has its name.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn set_topic_id(&mut self, topic: TopicId) -> Result<(), StorageError> {
        let text = format_partition_metadata(topic);
        let path = self.directory.join(METADATA_FILE);
        let written = files::replace(self.device.disk().as_ref(), &path, text.as_bytes(), files::Sync::Later);
        written.map_err(|error| self.failed(&error))?;
        self.topic_id = Some(topic);
        self.new = true;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> StorageError {
        self.device.failed(&self.directory, error)
    }

    fn active(&mut self) -> &mut Segment {
        self.segments.last_mut().expect("a log has at least one segment")
    }

    /// The segment that has, or would have, `offset`.
    fn segment_of(&self, offset: Offset) -> usize {
        self.segments.partition_point(|segment| segment.base <= offset).saturating_sub(1)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.device.sub_unflushed(self.unflushed_bytes);
    }
}

/// Borrows only the fields that a place is made of, so that the segments can be borrowed beside it.
macro_rules! place {
    ($log:expr) => {
        crate::index_file::Place { disk: $log.device.disk().as_ref(), directory: &$log.directory }
    };
}
pub(crate) use place;

impl Log {
    fn place(&self) -> Place<'_> {
        place!(self)
    }
}
