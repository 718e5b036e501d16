//! Which leader epoch began at which offset: followers truncate by it, never by the high watermark (KIP-101, KIP-279).
//!
//! File `leader-epoch-checkpoint`: lines `0` (version), the number of entries, then `epoch start-offset` each.

use crate::BadCheckpoint;
use klamm_types::{LeaderEpoch, Offset};
use std::fmt::Write;

/// An epoch and the offset of its first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEntry {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// Where its records begin.
    pub start: Offset,
}

/// Where the records of an epoch end, as OffsetForLeaderEpoch answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnd {
    /// The greatest known epoch that is not greater than the one asked for.
    pub epoch: LeaderEpoch,
    /// The offset after its last record.
    pub end: Offset,
}

/// The epochs of one log. Invariant: epochs and start offsets both strictly increase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderEpochCache {
    entries: Vec<EpochEntry>,
}

impl LeaderEpochCache {
    /// Notes that `epoch` begins at `start`. What contradicts it (greater or equal epochs, or starts) is dropped: the newer
    /// leader is right. Says whether anything changed.
    pub fn assign(&mut self, epoch: LeaderEpoch, start: Offset) -> bool {
        if epoch.0 < 0 || start.0 < 0 {
            return false;
        }
        if self.entries.last().is_some_and(|last| last.epoch == epoch && last.start <= start) {
            return false;
        }
        self.entries.retain(|entry| entry.epoch < epoch && entry.start < start);
        self.entries.push(EpochEntry { epoch, start });
        true
    }

    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[EpochEntry] {
        &self.entries
    }

    /// The latest epoch.
    #[must_use]
    pub fn latest(&self) -> Option<EpochEntry> {
        self.entries.last().copied()
    }

    /// The epoch of the record at `offset`; `None` before the first entry.
    #[must_use]
    pub fn epoch_of(&self, offset: Offset) -> Option<LeaderEpoch> {
        let after = self.entries.partition_point(|entry| entry.start <= offset);
        Some(self.entries[after.checked_sub(1)?].epoch)
    }

    /// Where the records of `epoch` end. `None` when it is unknown: greater than the latest, or nothing is known at all.
    #[must_use]
    pub fn end_of(&self, epoch: LeaderEpoch, log_end: Offset) -> Option<EpochEnd> {
        let latest = self.entries.last()?;
        if epoch.0 < 0 {
            return None;
        }
        if epoch == latest.epoch {
            return Some(EpochEnd { epoch, end: log_end });
        }
        let higher = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let end = self.entries.get(higher)?.start;
        // before the first entry the answer names the epoch asked for, as Kafka does
        let epoch = higher.checked_sub(1).map_or(epoch, |floor| self.entries[floor].epoch);
        Some(EpochEnd { epoch, end })
    }

    /// The log was cut at `end`. Says whether anything changed.
    pub fn truncate_from_end(&mut self, end: Offset) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.start < end);
        self.entries.len() != before
    }

    /// The log now begins at `start`; the epoch of its first record begins there too. Says whether anything changed.
    pub fn truncate_from_start(&mut self, start: Offset) -> bool {
        let after = self.entries.partition_point(|entry| entry.start <= start);
        let Some(floor) = after.checked_sub(1) else { return false };
        if floor == 0 && self.entries[0].start == start {
            return false;
        }
        self.entries.drain(..floor);
        self.entries[0].start = start;
        true
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The file's text.
    #[must_use]
    pub fn format(&self) -> String {
        let mut text = format!("0\n{}\n", self.entries.len());
        for EpochEntry { epoch, start } in &self.entries {
            writeln!(text, "{epoch} {start}").expect("writing to a String cannot fail");
        }
        text
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`BadCheckpoint`].
    pub fn parse(text: &str) -> Result<Self, BadCheckpoint> {
        let mut cache = Self::default();
        for (number, line) in crate::checkpoint::entries(text)? {
            let bad = || BadCheckpoint::Line { number, line: line.to_owned(), form: "epoch start-offset" };
            let (epoch, start) = line.split_once(' ').ok_or_else(bad)?;
            let epoch = LeaderEpoch(epoch.parse().map_err(|_| bad())?);
            let start = Offset(start.parse().map_err(|_| bad())?);
            cache.assign(epoch, start);
        }
        Ok(cache)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(entries: &[(i32, i64)]) -> LeaderEpochCache {
        let mut cache = LeaderEpochCache::default();
        for (epoch, start) in entries {
            cache.assign(LeaderEpoch(*epoch), Offset(*start));
        }
        cache
    }

    #[test]
    fn assigning_drops_what_contradicts() {
        let check = |then: (i32, i64), want: &[(i32, i64)]| {
            let mut cache = cache(&[(1, 0), (3, 10), (5, 20)]);
            cache.assign(LeaderEpoch(then.0), Offset(then.1));
            assert_eq!(cache, self::cache(want), "{then:?}");
        };
        check((5, 25), &[(1, 0), (3, 10), (5, 20)]); // known already
        check((6, 25), &[(1, 0), (3, 10), (5, 20), (6, 25)]);
        check((6, 20), &[(1, 0), (3, 10), (6, 20)]); // epoch 5 had no records
        check((6, 15), &[(1, 0), (3, 10), (6, 15)]);
        check((2, 15), &[(1, 0), (2, 15)]);
        check((5, 12), &[(1, 0), (3, 10), (5, 12)]);
        check((-1, 30), &[(1, 0), (3, 10), (5, 20)]);
    }

    #[test]
    fn ends_of_epochs() {
        let check = |epoch: i32, want: Option<(i32, i64)>| {
            let end = cache(&[(1, 5), (3, 10), (5, 20)]).end_of(LeaderEpoch(epoch), Offset(33));
            assert_eq!(end.map(|end| (end.epoch.0, end.end.0)), want, "{epoch}");
        };
        check(-1, None);
        check(0, Some((0, 5)));
        check(1, Some((1, 10)));
        check(2, Some((1, 10)));
        check(3, Some((3, 20)));
        check(4, Some((3, 20)));
        check(5, Some((5, 33)));
        check(6, None);
        assert_eq!(cache(&[]).end_of(LeaderEpoch(0), Offset(33)), None);
    }

    #[test]
    fn truncations() {
        let mut end = cache(&[(1, 5), (3, 10), (5, 20)]);
        assert!(!end.truncate_from_end(Offset(21)));
        assert!(end.truncate_from_end(Offset(20)));
        assert_eq!(end, cache(&[(1, 5), (3, 10)]));
        let check = |start: i64, changed: bool, want: &[(i32, i64)]| {
            let mut cache = cache(&[(1, 5), (3, 10), (5, 20)]);
            assert_eq!(cache.truncate_from_start(Offset(start)), changed, "{start}");
            assert_eq!(cache, self::cache(want), "{start}");
        };
        check(0, false, &[(1, 5), (3, 10), (5, 20)]);
        check(5, false, &[(1, 5), (3, 10), (5, 20)]);
        check(7, true, &[(1, 7), (3, 10), (5, 20)]);
        check(10, true, &[(3, 10), (5, 20)]);
        check(15, true, &[(3, 15), (5, 20)]);
        check(99, true, &[(5, 99)]);
    }

    #[test]
    fn file_round_trips() {
        let cache = cache(&[(1, 5), (3, 10)]);
        assert_eq!(cache.format(), "0\n2\n1 5\n3 10\n");
        assert_eq!(LeaderEpochCache::parse(&cache.format()), Ok(cache.clone()));
        assert_eq!(cache.epoch_of(Offset(4)), None);
        assert_eq!(cache.epoch_of(Offset(10)), Some(LeaderEpoch(3)));
        for bad in ["", "1\n0\n", "0\n2\n1 5\n", "0\n1\n1\n", "0\n1\nx 5\n"] {
            assert!(LeaderEpochCache::parse(bad).is_err(), "{bad:?}");
        }
    }
}
