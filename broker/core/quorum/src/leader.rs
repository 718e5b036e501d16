//! What a leader knows: how far each replica has come, and so what is committed.

use crate::{CallId, ReplicaKey, Voters, leading::Parked};
use klamm_types::{LeaderEpoch, Mono, Offset, mutant};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// After which silence an observer is forgotten: Kafka's. It may have been stopped for good, or have come back with another
/// directory.
const OBSERVER_SESSION: Duration = Duration::from_secs(300);

/// How far a replica has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The end of its log, durable; none until it has said so in this epoch.
    pub end: Option<Offset>,
    /// When it last fetched.
    pub last_fetch: Option<Mono>,
    /// When it last had all that the leader had then (KIP-836).
    pub last_caught_up: Option<Mono>,
    /// Where the leader's log ended when it last fetched: who reaches that was caught up then, even where records come faster
    /// than it fetches.
    pub(crate) leader_end: Option<Offset>,
}

/// A change of the voters that is not committed yet, and who waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub offset: Offset,
    pub call: Option<CallId>,
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
    /// How far others have come that fetch, and have fetched in the last five minutes.
    pub observers: BTreeMap<ReplicaKey, Progress>,
    /// The end of what is committed; none until the epoch's first record is.
    pub high_watermark: Option<Offset>,
    /// When it began to lead.
    pub(crate) since: Mono,
    /// When it tells voters again that do not fetch.
    pub(crate) begin_at: Mono,
    pub(crate) parked: Vec<Parked>,
    pub(crate) change: Option<Change>,
}

impl Leader {
    pub(crate) fn new(
        epoch: LeaderEpoch,
        epoch_start: Offset,
        granted: BTreeSet<ReplicaKey>,
        voters: &Voters,
        since: Mono,
    ) -> Self {
        let voters = voters.iter().map(|voter| (voter.key, Progress::default())).collect();
        Self {
            epoch,
            epoch_start,
            granted,
            voters,
            observers: BTreeMap::new(),
            high_watermark: None,
            since,
            begin_at: since,
            parked: Vec::new(),
            change: None,
        }
    }

    /// `who` has its log durable up to `end`.
    pub(crate) fn reached(&mut self, who: ReplicaKey, end: Offset, now: Mono, leader_end: Offset) {
        self.forget_silent_observers(now);
        let progress = match self.voters.get_mut(&who) {
            Some(progress) => progress,
            None => self.observers.entry(who).or_default(),
        };
        progress.end = progress.end.max(Some(end));
        if end >= leader_end {
            progress.last_caught_up = Some(now);
        } else if progress.leader_end.is_some_and(|then| end >= then) {
            progress.last_caught_up = progress.last_caught_up.max(progress.last_fetch);
        }
        progress.leader_end = Some(leader_end);
        progress.last_fetch = Some(now);
    }

    fn forget_silent_observers(&mut self, now: Mono) {
        self.observers.retain(|_, one| one.last_fetch.is_some_and(|at| now.since(at) < OBSERVER_SESSION));
    }

    /// `who` is there, however far it is.
    pub(crate) fn heard(&mut self, who: ReplicaKey, now: Mono) {
        let known = self.voters.get_mut(&who).or_else(|| self.observers.get_mut(&who));
        if let Some(progress) = known {
            progress.last_fetch = Some(now);
        }
    }

    /// The voters are others now; what is known of a replica stays known.
    pub(crate) fn set_voters(&mut self, voters: &Voters) {
        let mut all = std::mem::take(&mut self.voters);
        all.append(&mut self.observers);
        let voting = |key: &ReplicaKey| voters.contains(*key);
        self.observers = all.iter().filter(|(key, _)| !voting(key)).map(|(key, one)| (*key, *one)).collect();
        let of = |key: ReplicaKey| (key, all.get(&key).copied().unwrap_or_default());
        self.voters = voters.iter().map(|voter| of(voter.key)).collect();
    }

    /// The high watermark where it has moved; not beyond `durable`, what the leader itself has: its snapshots must not be ahead of
    /// its log.
    pub(crate) fn advance(&mut self, durable: Offset) -> Option<Offset> {
        let mut ends: Vec<Option<Offset>> = self.voters.values().map(|progress| progress.end).collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        let of_majority = ends.get(ends.len() / 2).copied().flatten()?.min(durable);
        let own = of_majority > self.epoch_start || mutant::active("count records of older epochs");
        let moved = own && Some(of_majority) > self.high_watermark;
        moved.then(|| {
            self.high_watermark = Some(of_majority);
            of_majority
        })
    }

    /// When it last heard of a majority, itself included where it votes.
    pub(crate) fn heard_majority(&self, me: ReplicaKey) -> Option<Mono> {
        let mut heard: Vec<_> = self
            .voters
            .iter()
            .filter(|(key, _)| **key != me)
            .map(|(_, one)| one.last_fetch.unwrap_or(self.since))
            .collect();
        heard.sort_unstable_by(|a, b| b.cmp(a));
        let others = (self.voters.len() / 2 + 1) - usize::from(self.voters.contains_key(&me));
        others.checked_sub(1).and_then(|last| heard.get(last)).copied()
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

    fn leader(voters: i32) -> Leader {
        let voters: Voters = (0..voters)
            .map(|id| Voter { key: key(id), endpoints: Vec::new(), kraft_versions: (0, 1) })
            .collect();
        Leader::new(LeaderEpoch(7), Offset(10), BTreeSet::new(), &voters, Mono(5))
    }

    fn check(voters: i32, steps: &[(i32, i64, Option<i64>)]) {
        let mut leader = leader(voters);
        for (who, end, expected) in steps {
            leader.reached(key(*who), Offset(*end), Mono(0), Offset(100));
            assert_eq!(leader.advance(Offset(100)), expected.map(Offset), "replica {who} at {end}");
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

    #[test]
    fn an_observer_is_forgotten_when_it_is_silent_for_long() {
        let mut leader = leader(1);
        let after = |seconds: u64| Mono::default().plus(Duration::from_secs(seconds));
        leader.reached(key(8), Offset(3), after(0), Offset(9));
        leader.reached(key(9), Offset(3), after(1), Offset(9));
        leader.reached(key(0), Offset(9), after(299), Offset(9));
        assert_eq!(leader.observers.keys().copied().collect::<Vec<_>>(), [key(8), key(9)]);
        leader.heard(key(9), after(300));
        leader.reached(key(0), Offset(9), after(301), Offset(9));
        assert_eq!(leader.observers.keys().copied().collect::<Vec<_>>(), [key(9)]);
        assert!(leader.voters.contains_key(&key(0)), "a voter is never forgotten");
    }

    #[test]
    fn who_has_what_the_leader_had_at_its_last_fetch_was_caught_up_then() {
        let mut leader = leader(1);
        let mut check = |end: i64, at: u64, leader_end: i64, caught_up: Option<u64>| {
            leader.reached(key(9), Offset(end), Mono(at), Offset(leader_end));
            assert_eq!(leader.observers[&key(9)].last_caught_up, caught_up.map(Mono), "at {at}");
        };
        check(0, 1, 10, None);
        check(5, 2, 20, None);
        check(20, 3, 30, Some(2)); // all that there was at 2
        check(29, 4, 40, Some(2));
        check(40, 5, 40, Some(5));
        check(40, 6, 41, Some(5));
    }

    #[test]
    fn a_majority_is_heard_without_the_leader_itself() {
        assert_eq!(leader(1).heard_majority(key(0)), None);
        let mut three = leader(3);
        assert_eq!(three.heard_majority(key(0)), Some(Mono(5)));
        three.heard(key(2), Mono(9));
        assert_eq!(three.heard_majority(key(0)), Some(Mono(9)));
        // who leads without a vote needs a majority of others
        assert_eq!(three.heard_majority(key(7)), Some(Mono(5)));
    }
}
