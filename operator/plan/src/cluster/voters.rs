//! Which brokers vote in the metadata quorum, and how the voters become these: one at a time (docs/operations.md §1, KIP-853).

use super::{MemberSeen, Observed, QuorumSeen, Step, ValidatedCluster};
use klamm_types::BrokerId;
use std::collections::{BTreeMap, BTreeSet};

/// More voters make the quorum slower, not safer.
const VOTERS_MAX: usize = 5;

/// A member that has not had all of the metadata log for longer counts as away.
pub(super) const LIVE_MILLIS: u64 = 5_000;

/// The largest odd number of voters up to five, spread over racks. Who votes already stays where it can: each change is a risk.
#[must_use]
pub fn choose_voters(
    eligible: &BTreeMap<BrokerId, Option<String>>,
    current: &BTreeSet<BrokerId>,
) -> BTreeSet<BrokerId> {
    let count = match eligible.len().min(VOTERS_MAX) {
        0 => return BTreeSet::new(),
        even if even % 2 == 0 => even - 1,
        odd => odd,
    };
    let mut chosen: BTreeSet<BrokerId> =
        current.iter().copied().filter(|id| eligible.contains_key(id)).collect();
    // brokers whose rack is unknown are each in one of their own
    let crowd = |chosen: &BTreeSet<BrokerId>, id: BrokerId| match &eligible[&id] {
        Some(rack) => chosen.iter().filter(|other| eligible[other].as_ref() == Some(rack)).count(),
        None => usize::from(chosen.contains(&id)),
    };
    while chosen.len() > count {
        let leaves = chosen.iter().copied().max_by_key(|id| (crowd(&chosen, *id), *id));
        leaves.map(|id| chosen.remove(&id));
    }
    while chosen.len() < count {
        let others = eligible.keys().copied().filter(|id| !chosen.contains(id));
        let joins = others.min_by_key(|id| (crowd(&chosen, *id), *id));
        joins.map(|id| chosen.insert(id));
    }
    chosen
}

/// The next change of the voters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Something is done now.
    Act(Step),
    /// Nothing can be done before this happens.
    Wait(String),
    /// The voters are those that they shall be.
    Done,
}

pub(super) fn change(cluster: &ValidatedCluster, observed: &Observed) -> Change {
    let Some(quorum) = &observed.quorum_seen else { return Change::Done }; // it is not known who votes
    let voting: BTreeSet<BrokerId> = quorum.voters.iter().map(|voter| voter.broker).collect();
    let rack = |id: BrokerId| observed.pods.get(&id).and_then(|pod| pod.rack.clone());
    let eligible = cluster.brokers().map(|(_, id)| (id, rack(id))).collect();
    let wanted = choose_voters(&eligible, &voting);
    let lost = quorum.voters.iter().find(|voter| is_lost(observed, voter));
    let away = quorum.voters.iter().find(|voter| !is_live(voter) && Some(*voter) != lost);
    if let Some(joins) = wanted.iter().find(|id| !voting.contains(id)).filter(|_| lost.is_none()) {
        return match (away, observer(observed, quorum, *joins)) {
            (Some(away), _) => wait_for(away, &format!("broker {joins} becomes a voter")),
            (None, None) => Change::Wait(format!("broker {joins} to catch up with the metadata log")),
            (None, Some(directory)) => Change::Act(Step::AddVoter { broker: *joins, directory }),
        };
    }
    let leaves = lost.or_else(|| quorum.voters.iter().find(|voter| !wanted.contains(&voter.broker)));
    match (leaves, away) {
        (None, _) => Change::Done,
        (Some(voter), Some(away)) => wait_for(away, &format!("broker {} stops voting", voter.broker)),
        (Some(voter), None) => {
            Change::Act(Step::RemoveVoter { broker: voter.broker, directory: voter.directory.clone() })
        }
    }
}

fn wait_for(away: &MemberSeen, before: &str) -> Change {
    Change::Wait(format!("the voter {} to catch up with the metadata log, before {before}", away.broker))
}

/// A voter is a broker with its directory: one whose broker has another directory now will never vote again.
fn is_lost(observed: &Observed, voter: &MemberSeen) -> bool {
    let broker = observed.brokers.get(&voter.broker).and_then(|broker| broker.as_ref().ok());
    let directory = broker.and_then(|broker| broker.directory_id.as_ref());
    directory.is_some_and(|directory| *directory != voter.directory)
}

pub(super) fn is_live(member: &MemberSeen) -> bool {
    member.behind_millis <= LIVE_MILLIS
}

/// The directory with which the broker follows the metadata log, if it has all of it.
fn observer(observed: &Observed, quorum: &QuorumSeen, id: BrokerId) -> Option<String> {
    let own = observed.brokers.get(&id)?.as_ref().ok()?.directory_id.as_ref()?;
    let follows = |member: &&MemberSeen| member.broker == id && member.directory == *own && is_live(member);
    quorum.observers.iter().find(follows).map(|member| member.directory.clone())
}
