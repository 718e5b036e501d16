//! Who votes.

use klamm_types::{BrokerId, DirectoryId, Str};
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
