//! When a snapshot is due (KIP-630).

use crate::{Effect, Quorum, Role};
use klamm_types::{LeaderEpoch, Mono, Now, Offset};
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
    asked: Option<SnapshotId>,
    pub bytes: u64,
    at: Mono,
}

impl SinceSnapshot {
    pub fn new(now: Mono, last: SnapshotId, bytes: u64) -> Self {
        Self { last, asked: None, bytes, at: now }
    }

    /// Whether a snapshot that ends at `committed` is due.
    fn is_due(&self, policy: SnapshotPolicy, committed: Offset, now: Mono) -> bool {
        let by_time = policy.interval.is_some_and(|interval| now.since(self.at) >= interval);
        self.asked.is_none() && committed > self.last.end && (self.bytes >= policy.bytes || by_time)
    }

    /// Another's snapshot is the last one.
    pub fn begin_at(&mut self, now: Mono, id: SnapshotId) {
        *self = Self::new(now, id, 0);
    }

    fn ended(&mut self, now: Mono, id: SnapshotId) {
        if self.asked == Some(id) {
            self.asked = None;
            self.at = now;
        }
    }
}

impl Quorum {
    /// Every replica makes its own snapshots of what is committed. A leader waits until it knows that.
    pub(crate) fn ask_for_snapshot(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(end) = self.committed.filter(|_| self.knows_what_is_committed()) else { return };
        if self.since.is_due(self.policy, end, now.mono) {
            let id = SnapshotId { end, epoch: self.log.epoch_before(end) };
            self.since.asked = Some(id);
            self.since.bytes = 0;
            out.push(Effect::Snapshot(id));
        }
    }

    fn knows_what_is_committed(&self) -> bool {
        match &self.role {
            Role::Leader(leader) => leader.high_watermark.is_some(),
            Role::Follower => !self.is_installing(),
            _ => false,
        }
    }

    pub(crate) fn snapshot_due(&self) -> Option<Mono> {
        let idle = self.since.asked.is_some()
            || self.committed <= Some(self.since.last.end)
            || !self.knows_what_is_committed();
        self.policy.interval.filter(|_| !idle).map(|interval| self.since.at.plus(interval))
    }

    /// The log stays from the snapshot before on: a follower that is a little behind need not fetch the whole snapshot.
    pub(crate) fn snapshot_written(&mut self, now: Now, id: SnapshotId, out: &mut Vec<Effect>) {
        self.since.ended(now.mono, id);
        if id <= self.since.last {
            return;
        }
        let before = self.since.last;
        self.since.last = id;
        if before > SnapshotId::BOOTSTRAP && before.end >= self.log.start() {
            self.log.begin_at(before);
            self.voters.begin_at(before.end);
            out.push(Effect::Superseded(before));
        }
    }

    pub(crate) fn snapshot_failed(&mut self, now: Now, id: SnapshotId) {
        self.since.ended(now.mono, id);
        self.install_failed(now, id);
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
