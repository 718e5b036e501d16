//! When a snapshot is due (KIP-630).

use klamm_types::{LeaderEpoch, Mono, Offset};
use std::{fmt, time::Duration};

/// The end of what a snapshot holds: the offset after its last record, and that record's epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotId {
    /// The first offset that is not in it.
    pub end: Offset,
    /// The epoch of the last that is.
    pub epoch: LeaderEpoch,
}

impl SnapshotId {
    /// The snapshot that a node is formatted with.
    pub const BOOTSTRAP: SnapshotId = SnapshotId { end: Offset(0), epoch: LeaderEpoch(0) };

    /// The file's name.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{self}.checkpoint")
    }

    /// The id in a file's name, `<offset>-<epoch>.checkpoint`; none for other files.
    #[must_use]
    pub fn from_file_name(name: &str) -> Option<Self> {
        let (end, epoch) = name.strip_suffix(".checkpoint")?.split_once('-')?;
        if end.len() != 20 || epoch.len() != 10 {
            return None;
        }
        Some(Self { end: Offset(end.parse().ok()?), epoch: LeaderEpoch(epoch.parse().ok()?) })
    }
}

/// The file's name without `.checkpoint`.
impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{:010}", self.end.0, self.epoch.0)
    }
}

/// After how much a snapshot is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotPolicy {
    /// `metadata.log.max.record.bytes.between.snapshots`
    pub bytes: u64,
    /// `metadata.log.max.snapshot.interval.ms`; none is "not by time".
    pub interval: Option<Duration>,
}

/// How much has been committed since the last snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SinceSnapshot {
    pub last: SnapshotId,
    pub asked: Option<SnapshotId>,
    pub bytes: u64,
    pub at: Mono,
}

impl SinceSnapshot {
    /// Whether a snapshot that ends at `committed` is due.
    pub fn is_due(&self, policy: SnapshotPolicy, committed: Offset, now: Mono) -> bool {
        let by_time = policy.interval.is_some_and(|interval| now.since(self.at) >= interval);
        self.asked.is_none() && committed > self.last.end && (self.bytes >= policy.bytes || by_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_kafkas() {
        let id = SnapshotId { end: Offset(1234), epoch: LeaderEpoch(5) };
        assert_eq!(id.to_string(), "00000000000000001234-0000000005");
        assert_eq!(SnapshotId::from_file_name("00000000000000001234-0000000005.checkpoint"), Some(id));
        assert_eq!(SnapshotId::from_file_name("00000000000000001234-0000000005.checkpoint.part"), None);
        assert_eq!(SnapshotId::from_file_name("00000000000000001234.log"), None);
    }
}
