//! Whether brokers may be away: `safe(S)` of docs/operations.md §2. Who asks recomputes it from what is observed each time.

use super::{PartitionSeen, QuorumSeen, voters::is_live};
use klamm_types::BrokerId;
use std::collections::BTreeSet;

/// Something that would be lost for clients if the brokers were away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// Too few in-sync replicas would be left.
    Partition {
        /// As `topic-index`.
        name: String,
        /// How many in-sync replicas would be left,
        left: usize,
        /// of how many that it needs.
        needs: usize,
    },
    /// The partition cannot be kept available at all: such are not taken two at a time.
    Together(String),
    /// Too few voters that have all of the metadata log would be left.
    Voters {
        /// How many would be left,
        left: usize,
        /// of how many that it takes.
        needs: usize,
    },
}

impl std::fmt::Display for Blocker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Partition { name, left, needs } => {
                write!(f, "{name}, which would have {left} of {needs} in-sync replicas that it needs")
            }
            Self::Together(name) => write!(f, "{name}, whose replicas go one at a time"),
            Self::Voters { left, needs } => {
                write!(f, "the metadata quorum, which would have {left} of {needs} voters that it needs")
            }
        }
    }
}

/// What stands against `away` being away at once; nothing does when it is safe.
///
/// ```text
/// need(p) = RF==1 ? 0 : max(1, min(minISR, RF-1))
/// safe(S) = for every partition p touched: |ISR(p) − S| ≥ need(p), and |S|==1 where RF ≤ minISR;
///           voters: |caught up − S| ≥ V/2+1, or V==1 and |S|==1
/// ```
#[must_use]
pub fn blockers(
    away: &BTreeSet<BrokerId>,
    partitions: &[PartitionSeen],
    quorum: &QuorumSeen,
) -> Vec<Blocker> {
    let touched = partitions.iter().filter(|one| one.replicas.iter().any(|id| away.contains(id)));
    let mut blockers: Vec<Blocker> = touched.filter_map(|partition| of_partition(away, partition)).collect();
    blockers.extend(of_voters(away, quorum));
    blockers
}

fn of_partition(away: &BTreeSet<BrokerId>, partition: &PartitionSeen) -> Option<Blocker> {
    let (factor, name) = (partition.replicas.len(), partition.name.clone());
    if factor <= partition.min_in_sync && away.len() > 1 {
        return Some(Blocker::Together(name));
    }
    let left = partition.in_sync.iter().filter(|id| !away.contains(id)).count();
    let needs = needed(factor, partition.min_in_sync);
    (left < needs).then_some(Blocker::Partition { name, left, needs })
}

/// What a partition cannot do without: no more than it can have while one replica is away.
fn needed(factor: usize, min_in_sync: usize) -> usize {
    if factor <= 1 { 0 } else { min_in_sync.min(factor - 1).max(1) }
}

fn of_voters(away: &BTreeSet<BrokerId>, quorum: &QuorumSeen) -> Option<Blocker> {
    let all = quorum.voters.len();
    if !quorum.voters.iter().any(|voter| away.contains(&voter.broker)) || (all == 1 && away.len() == 1) {
        return None;
    }
    let stay = quorum.voters.iter().filter(|voter| is_live(voter) && !away.contains(&voter.broker));
    let (left, needs) = (stay.count(), all / 2 + 1);
    (left < needs).then_some(Blocker::Voters { left, needs })
}
