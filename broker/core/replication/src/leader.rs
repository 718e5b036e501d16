//! What only a leader has.

use crate::{Durability, in_sync::InSync};
use klamm_types::{Mono, Offset, mutant};

#[derive(Clone, Debug)]
pub(crate) struct Leader {
    pub(crate) in_sync: InSync,
    /// Where the log ended when this broker became the leader.
    pub(crate) epoch_start: Offset,
    pub(crate) draining: Option<Draining>,
}

/// A hand-over that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draining {
    pub(crate) until: Mono,
    /// Whether it was said that everybody has everything.
    pub(crate) done: bool,
}

/// How far this broker itself has everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnEnd {
    pub(crate) log: Offset,
    pub(crate) synced: Offset,
}

impl OwnEnd {
    /// In the sense of the topic's durability.
    pub(crate) fn counted(self, durability: Durability) -> Offset {
        match durability {
            Durability::Replicated => self.log,
            Durability::Fsync if mutant::active("count what is not on the disk") => self.log,
            Durability::Fsync => self.synced.min(self.log),
        }
    }
}
