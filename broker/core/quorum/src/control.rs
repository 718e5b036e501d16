//! The records that the quorum itself writes into the log.

use crate::{ReplicaKey, Voters};
use klamm_types::{BrokerId, Wall};
use std::collections::BTreeSet;

/// A control record of the metadata log or of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlRecord {
    /// An epoch begins.
    LeaderChange {
        /// Its leader.
        leader: BrokerId,
        /// Who may vote.
        voters: BTreeSet<ReplicaKey>,
        /// Who voted for the leader.
        granted: BTreeSet<ReplicaKey>,
    },
    /// The first record of a snapshot.
    SnapshotHeader {
        /// The time of the last record that the snapshot holds.
        last_contained: Wall,
    },
    /// The last record of a snapshot.
    SnapshotFooter,
    /// The finalised level of `kraft.version`.
    KRaftVersion(i16),
    /// The voters from here on.
    Voters(Voters),
}
