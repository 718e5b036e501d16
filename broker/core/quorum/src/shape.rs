//! The shape of the log: which epoch has which offsets. Enough to find where two logs part (KIP-101, KIP-595), without records.

use crate::SnapshotId;
use klamm_types::{LeaderEpoch, Offset};

/// Where the records of an epoch begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochStart {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// The offset of its first record.
    pub start: Offset,
}

/// Which epoch has which offsets.
///
/// Invariants: epochs and their starts rise; none starts before the log does or at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogShape {
    begin: SnapshotId,
    epochs: Vec<EpochStart>,
    end: Offset,
}

impl LogShape {
    /// An empty log behind a snapshot.
    #[must_use]
    pub fn after(snapshot: SnapshotId) -> Self {
        Self { begin: snapshot, epochs: Vec::new(), end: snapshot.end }
    }

    /// A batch of `epoch` at the end, up to `end`.
    pub fn append(&mut self, epoch: LeaderEpoch, end: Offset) {
        if self.epochs.last().is_none_or(|last| last.epoch < epoch) {
            self.epochs.push(EpochStart { epoch, start: self.end });
        }
        self.end = end;
    }

    /// The offset of the first record that is kept.
    #[must_use]
    pub fn start(&self) -> Offset {
        self.begin.end
    }

    /// What lies before the first record that is kept.
    #[must_use]
    pub fn begin(&self) -> SnapshotId {
        self.begin
    }

    /// The offset after the last record.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.end
    }

    /// The epoch of the last record.
    #[must_use]
    pub fn last_epoch(&self) -> LeaderEpoch {
        self.epochs.last().map_or(self.begin.epoch, |last| last.epoch)
    }

    /// The epoch of the last record before `end`.
    #[must_use]
    pub fn epoch_before(&self, end: Offset) -> LeaderEpoch {
        let at = self.epochs.partition_point(|one| one.start < end);
        at.checked_sub(1).and_then(|at| self.epochs.get(at)).map_or(self.begin.epoch, |one| one.epoch)
    }

    /// The newest epoch up to `epoch` of which there are records, and where they end.
    #[must_use]
    pub fn end_of(&self, epoch: LeaderEpoch) -> SnapshotId {
        let next = self.epochs.partition_point(|one| one.epoch <= epoch);
        let end = self.epochs.get(next).map_or(self.end, |one| one.start);
        let epoch = next.checked_sub(1).and_then(|at| self.epochs.get(at));
        SnapshotId { end, epoch: epoch.map_or(self.begin.epoch, |one| one.epoch) }
    }

    /// Forgets the records from `end` on.
    pub fn truncate(&mut self, end: Offset) {
        self.end = self.end.min(end);
        self.epochs.retain(|one| one.start < self.end);
    }

    /// Forgets the records that `snapshot` holds.
    pub fn begin_at(&mut self, snapshot: SnapshotId) {
        let epoch = self.epoch_before(snapshot.end);
        self.begin = snapshot;
        self.end = self.end.max(snapshot.end);
        self.epochs.retain(|one| one.epoch >= epoch);
        if let Some(first) = self.epochs.first_mut() {
            first.start = first.start.max(snapshot.end);
        }
        self.epochs.retain(|one| one.start < self.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(end: i64, epoch: i32) -> SnapshotId {
        SnapshotId { end: Offset(end), epoch: LeaderEpoch(epoch) }
    }

    fn shape() -> LogShape {
        let mut shape = LogShape::after(id(10, 2));
        for (epoch, end) in [(2, 12), (2, 15), (5, 20), (7, 21)] {
            shape.append(LeaderEpoch(epoch), Offset(end));
        }
        shape
    }

    #[test]
    fn where_epochs_end() {
        let shape = shape();
        for (epoch, expected) in
            [(1, id(10, 2)), (2, id(15, 2)), (4, id(15, 2)), (5, id(20, 5)), (7, id(21, 7)), (9, id(21, 7))]
        {
            assert_eq!(shape.end_of(LeaderEpoch(epoch)), expected, "epoch {epoch}");
        }
        for (end, epoch) in [(10, 2), (15, 2), (16, 5), (20, 5), (21, 7)] {
            assert_eq!(shape.epoch_before(Offset(end)), LeaderEpoch(epoch), "end {end}");
        }
    }

    #[test]
    fn both_ends_move() {
        let mut cut = shape();
        cut.truncate(Offset(15));
        assert_eq!((cut.end(), cut.last_epoch()), (Offset(15), LeaderEpoch(2)));
        let mut later = shape();
        later.begin_at(id(17, 5));
        assert_eq!(later.end_of(LeaderEpoch(4)), id(17, 5));
        assert_eq!((later.start(), later.epoch_before(Offset(17))), (Offset(17), LeaderEpoch(5)));
        later.begin_at(id(30, 8));
        assert_eq!((later.end(), later.last_epoch()), (Offset(30), LeaderEpoch(8)));
        later.truncate(Offset(30));
        assert_eq!(later, LogShape::after(id(30, 8)));
    }
}
