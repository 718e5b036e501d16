//! What a leader knows: how far each voter has come, and so what is committed.

use crate::{ReplicaKey, Voters};
use klamm_types::{LeaderEpoch, Mono, Offset};
use std::collections::{BTreeMap, BTreeSet};

/// How far a replica has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The end of its log, durable; none until it has said so in this epoch.
    pub end: Option<Offset>,
    /// When it last fetched.
    pub last_fetch: Option<Mono>,
    /// When it last had all that the leader had.
    pub last_caught_up: Option<Mono>,
}

/// The leader of an epoch.
///
/// Invariants: the high watermark never falls; it lies beyond `epoch_start` once it is known (Raft §5.4.2: a leader counts
/// only entries of its own epoch).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// The offset of its LeaderChange record.
    pub epoch_start: Offset,
    /// Who voted for it.
    pub granted: BTreeSet<ReplicaKey>,
    /// How far each voter has come.
    pub voters: BTreeMap<ReplicaKey, Progress>,
    /// The end of what is committed; none until the epoch's first record is.
    pub high_watermark: Option<Offset>,
}

impl Leader {
    pub(crate) fn new(
        epoch: LeaderEpoch,
        epoch_start: Offset,
        granted: BTreeSet<ReplicaKey>,
        voters: &Voters,
    ) -> Self {
        let voters = voters.iter().map(|voter| (voter.key, Progress::default())).collect();
        Self { epoch, epoch_start, granted, voters, high_watermark: None }
    }

    /// `who` has its log durable up to `end`. The new high watermark where it has moved.
    pub(crate) fn reached(
        &mut self,
        who: ReplicaKey,
        end: Offset,
        now: Mono,
        leader_end: Offset,
    ) -> Option<Offset> {
        if let Some(progress) = self.voters.get_mut(&who) {
            progress.end = progress.end.max(Some(end));
            progress.last_fetch = Some(now);
            if end >= leader_end {
                progress.last_caught_up = Some(now);
            }
        }
        let mut ends: Vec<Option<Offset>> = self.voters.values().map(|progress| progress.end).collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        let of_majority = ends.get(ends.len() / 2).copied().flatten()?;
        let moved = of_majority > self.epoch_start && Some(of_majority) > self.high_watermark;
        moved.then(|| {
            self.high_watermark = Some(of_majority);
            of_majority
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Voter;
    use klamm_types::{BrokerId, DirectoryId};

    fn key(id: i32) -> ReplicaKey {
        ReplicaKey { id: BrokerId(id), directory: DirectoryId::default() }
    }

    fn check(voters: i32, steps: &[(i32, i64, Option<i64>)]) {
        let voters: Voters = (0..voters)
            .map(|id| Voter { key: key(id), endpoints: Vec::new(), kraft_versions: (0, 1) })
            .collect();
        let mut leader = Leader::new(LeaderEpoch(7), Offset(10), BTreeSet::new(), &voters);
        for (who, end, expected) in steps {
            let moved = leader.reached(key(*who), Offset(*end), Mono(0), Offset(100));
            assert_eq!(moved, expected.map(Offset), "replica {who} at {end}");
        }
    }

    #[test]
    fn a_majority_commits_entries_of_the_epoch() {
        check(1, &[(0, 10, None), (0, 11, Some(11)), (0, 11, None), (0, 9, None), (0, 15, Some(15))]);
        check(
            3,
            &[
                (0, 20, None),
                (1, 9, None),
                (1, 10, None),
                (2, 12, Some(12)),
                (1, 30, Some(20)),
                (9, 99, None),
            ],
        );
        check(4, &[(0, 20, None), (1, 20, None), (2, 15, Some(15)), (3, 20, Some(20))]);
    }
}
