//! Who votes.

use klamm_types::{BrokerId, DirectoryId, Offset, Str};
use std::collections::BTreeMap;

/// A replica of the metadata log: a recreated volume is another one and never votes in the old one's name (KIP-853).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaKey {
    /// The node.
    pub id: BrokerId,
    /// Its metadata directory; zero where it is not known.
    pub directory: DirectoryId,
}

/// Where a voter is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The listener's name.
    pub listener: Str,
    /// The host.
    pub host: Str,
    /// The port.
    pub port: u16,
}

/// One voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Which replica.
    pub key: ReplicaKey,
    /// Where it is reached.
    pub endpoints: Vec<Endpoint>,
    /// The levels of `kraft.version` that it speaks, from and to.
    pub kraft_versions: (i16, i16),
}

/// The voters: the latest in the log count, committed or not (KIP-853).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voters {
    by_id: BTreeMap<BrokerId, Voter>,
}

impl Voters {
    /// All voters, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Voter> {
        self.by_id.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none: the quorum is not formed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether `key` votes.
    #[must_use]
    pub fn contains(&self, key: ReplicaKey) -> bool {
        self.by_id.get(&key.id).is_some_and(|voter| voter.key == key)
    }

    /// Whether `key` votes and nobody else does.
    #[must_use]
    pub fn is_only(&self, key: ReplicaKey) -> bool {
        self.len() == 1 && self.contains(key)
    }

    /// The voter `id`.
    #[must_use]
    pub fn get(&self, id: BrokerId) -> Option<&Voter> {
        self.by_id.get(&id)
    }

    /// With `voter`, in the place of the one of its id.
    #[must_use]
    pub fn with(&self, voter: Voter) -> Self {
        let mut changed = self.clone();
        changed.by_id.insert(voter.key.id, voter);
        changed
    }

    /// Without `key`.
    #[must_use]
    pub fn without(&self, key: ReplicaKey) -> Self {
        self.iter().filter(|voter| voter.key != key).cloned().collect()
    }

    /// How many voters are more than half.
    #[must_use]
    pub fn majority(&self) -> usize {
        self.len() / 2 + 1
    }
}

impl FromIterator<Voter> for Voters {
    fn from_iter<T: IntoIterator<Item = Voter>>(voters: T) -> Self {
        Self { by_id: voters.into_iter().map(|voter| (voter.key.id, voter)).collect() }
    }
}

/// The voters as the log tells of them: those of the snapshot, and each change behind it.
///
/// Invariant: changes rise by offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoterHistory {
    base: Voters,
    base_in_log: bool,
    changes: Vec<(Offset, Voters)>,
}

impl VoterHistory {
    /// The voters of a snapshot. `in_log` is false for the one that a node is formatted with: its voters are not in any log yet.
    #[must_use]
    pub fn new(base: Voters, in_log: bool) -> Self {
        Self { base, base_in_log: in_log, changes: Vec::new() }
    }

    /// A change, whose record is at `offset`.
    pub fn push(&mut self, offset: Offset, voters: Voters) {
        self.changes.push((offset, voters));
    }

    /// The newest voters, which count.
    #[must_use]
    pub fn latest(&self) -> &Voters {
        self.changes.last().map_or(&self.base, |(_, voters)| voters)
    }

    /// The voters that the records before `end` tell of.
    #[must_use]
    pub fn before(&self, end: Offset) -> &Voters {
        let found = self.changes.iter().rev().find(|(offset, _)| *offset < end);
        found.map_or(&self.base, |(_, voters)| voters)
    }

    /// The offset of the newest change.
    #[must_use]
    pub fn last_change(&self) -> Option<Offset> {
        self.changes.last().map(|(offset, _)| *offset)
    }

    /// Whether a log or a later snapshot has the voters.
    #[must_use]
    pub fn in_log(&self) -> bool {
        self.base_in_log || !self.changes.is_empty()
    }

    /// Reverts the changes from `end` on.
    pub(crate) fn truncate(&mut self, end: Offset) {
        self.changes.retain(|(offset, _)| *offset < end);
    }

    /// Forgets how the voters before `end` came about.
    pub(crate) fn begin_at(&mut self, end: Offset) {
        let base = self.before(end).clone();
        self.base_in_log |= self.changes.iter().any(|(offset, _)| *offset < end);
        self.base = base;
        self.changes.retain(|(offset, _)| *offset >= end);
    }
}
