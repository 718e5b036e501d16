//! Logs on disk, in Kafka's formats: segments, indexes, recovery, retention, flush rounds, and the directory that holds them.
//!
//! A [`Log`] is one partition's, owned by one log thread: every method is synchronous, works on the page cache and never
//! waits for a device. What waits is handed out: [`FlushWork`] (fsync) and [`Removal`] (unlinking), to be run through
//! `World::blocking`. A [`LogDir`] is one log directory with what its logs share.
//!
//! Must never decide what is acknowledged when, and never know a message.

mod device;
mod error;
mod files;
mod flush;
mod index_file;
mod log;
mod log_dir;
mod removal;
mod scan;
mod segment;

pub use device::{Device, SpaceState};
pub use error::{AppendError, ReadError, StorageError, is_no_space};
pub use files::{Sync, read as read_file, read_slice, replace as replace_file};
pub use flush::{FlushDepth, FlushWork, Flushed, flush_round, pick_for_round};
pub use klamm_log::{CleanupPolicy, EpochEnd, EpochEntry, LogConfig, MetaProperties};
pub use log::{Appended, Fetched, FirstBatch, Limit, Log, Origin, TimestampOffset};
pub use log_dir::{Checkpoint, LogDir, OpenError};
pub use removal::Removal;
