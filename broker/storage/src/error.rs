//! What can go wrong, and what the caller tells its client.

use klamm_log::ProducerError;
use klamm_records::InvalidBatch;
use klamm_types::{LeaderEpoch, Offset, Wall};
use std::{io, path::PathBuf};
use thiserror::Error;

/// The disk does not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StorageError {
    /// KAFKA_STORAGE_ERROR, and nothing was written: there is no room now; there may be later.
    #[error("there is no room left on the file system of {}", path.display())]
    NoSpace {
        /// The log directory.
        path: PathBuf,
    },
    /// KAFKA_STORAGE_ERROR: the directory failed before and is not used again until the process starts anew.
    #[error("log directory {} is offline: {reason}", path.display())]
    Offline {
        /// The log directory.
        path: PathBuf,
        /// The first failure.
        reason: String,
    },
    /// A file is not what it must be.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In which way.
        reason: String,
    },
}

/// Why a batch was not appended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AppendError {
    /// MESSAGE_TOO_LARGE.
    #[error("the batch has {bytes} bytes; max.message.bytes is {max}")]
    TooLarge {
        /// The batch's bytes.
        bytes: u32,
        /// The setting.
        max: u32,
    },
    /// RECORD_LIST_TOO_LARGE.
    #[error("the batch has {bytes} bytes; segment.bytes is {max}")]
    LargerThanSegment {
        /// The batch's bytes.
        bytes: u32,
        /// The setting.
        max: u32,
    },
    /// INVALID_TIMESTAMP.
    #[error(
        "timestamp {timestamp} is further from the broker's time {now} than message.timestamp.{side}.max.ms allows"
    )]
    Timestamp {
        /// The record's, in milliseconds since the Unix epoch.
        timestamp: i64,
        /// The broker's.
        now: i64,
        /// `before` or `after`.
        side: &'static str,
    },
    /// INVALID_PRODUCER_EPOCH or OUT_OF_ORDER_SEQUENCE_NUMBER.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// As the inner error says.
    #[error(transparent)]
    Invalid(#[from] InvalidBatch),
    /// NOT_LEADER_OR_FOLLOWER: leader epochs never decrease in a log; recovery takes a batch of an older epoch for one that a
    /// truncation had removed.
    #[error("a batch of leader epoch {epoch} cannot follow epoch {latest}")]
    StaleEpoch {
        /// The batch's.
        epoch: LeaderEpoch,
        /// The log's latest.
        latest: LeaderEpoch,
    },
    /// A fetched batch does not continue the log.
    #[error("the fetched batch begins at offset {base}, and the log ends at {end}")]
    NotNext {
        /// The batch's base offset.
        base: Offset,
        /// The log's end.
        end: Offset,
    },
    /// KAFKA_STORAGE_ERROR.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl AppendError {
    pub(crate) fn timestamp(timestamp: Wall, now: Wall, side: &'static str) -> Self {
        AppendError::Timestamp { timestamp: timestamp.0, now: now.0, side }
    }
}

/// Why nothing can be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// OFFSET_OUT_OF_RANGE.
    #[error("offset {offset} is not in the log, which has {start} to {end}")]
    OutOfRange {
        /// The offset asked for.
        offset: Offset,
        /// The log's first offset.
        start: Offset,
        /// The offset after its last.
        end: Offset,
    },
    /// KAFKA_STORAGE_ERROR.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Whether the error says that there is no room, which passes.
#[must_use]
pub fn is_no_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
