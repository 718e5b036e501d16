//! What there is in a coordinator, and what it has done: for people who watch it.

use crate::classic::State;

/// Whether a coordinator knows its groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Another broker coordinates, or the log could not be read.
    Elsewhere,
    /// The log is being read.
    Loading,
    /// Requests are served.
    Active,
}

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// Whether the groups are known: while loading they are not all there.
    pub phase: Phase,
    /// Groups by their state, in Kafka's words; every state is there.
    pub groups: [(&'static str, u64); 5],
    /// Committed offsets of all groups.
    pub offsets: u64,
}

impl Default for Census {
    fn default() -> Self {
        Self::new(Phase::Elsewhere)
    }
}

impl Census {
    pub(crate) fn new(phase: Phase) -> Self {
        use State::{CompletingRebalance, Dead, Empty, PreparingRebalance, Stable};
        let states = [Empty, PreparingRebalance, CompletingRebalance, Stable, Dead];
        Self { phase, groups: states.map(|state| (state.name(), 0)), offsets: 0 }
    }

    pub(crate) fn count(&mut self, state: State, offsets: u64) {
        if let Some((_, groups)) = self.groups.iter_mut().find(|(name, _)| *name == state.name()) {
            *groups += 1;
        }
        self.offsets += offsets;
    }
}

/// What was done since it was last asked for; only what is committed counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Groups that became stable: all members could have their assignment.
    pub rebalances: u64,
    /// Offsets committed.
    pub commits: u64,
    /// Offsets forgotten: too old, deleted, or of a deleted topic or group.
    pub removals: u64,
}
