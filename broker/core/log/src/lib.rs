//! Decisions of one log, and the formats of the files beside its segments: leader epochs, producer state, index entries,
//! when to roll, what to delete, checkpoint files, names.
//!
//! Owns what is decided and how it is written. Must never open a file or read a clock: `storage` does, and asks here.

mod checkpoint;
mod config;
mod epochs;
mod identity;
mod index;
mod names;
mod producer;
mod producer_snapshot;
mod retention;
mod roll;

pub use checkpoint::{BadCheckpoint, format_offsets, parse_offsets};
pub use config::{CleanupPolicy, LogConfig};
pub use epochs::{EpochEnd, EpochEntry, LeaderEpochCache};
pub use identity::{BadIdentity, MetaProperties, format_partition_metadata, parse_partition_metadata};
pub use index::{IndexEntry, OFFSET_ENTRY_BYTES, OffsetEntry, TIME_ENTRY_BYTES, TimeEntry, floor};
pub use names::{
    FileKind, deleted_directory_name, file_name, is_deleted_directory, parse_file_name,
    parse_partition_directory, partition_directory_name,
};
pub use producer::{BatchTrace, ProducerCheck, ProducerEntry, ProducerError, ProducerState, Verdict};
pub use producer_snapshot::{BadSnapshot, decode_snapshot, encode_snapshot};
pub use retention::{SegmentFacts, segments_to_delete};
pub use roll::{RollFacts, RollReason, should_roll};
