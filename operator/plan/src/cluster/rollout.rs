//! Replacing pods whose template has changed, one broker at a time, and only when it is safe (docs/operations.md §2).
//!
//! At rest the StatefulSets have `RollingUpdate {partition: 10000}`, so that a pod that crashes comes back with its old
//! revision; a pool's is `OnDelete` only while its pods are being replaced. Nothing is remembered: which broker is next, and
//! whether it may be away, is found anew each time.

use super::{
    Observed, PodSeen, StatefulSetSeen, Step, ValidatedCluster, ValidatedPool, safe,
    voters::{self, Change},
};
use crate::resources::{config_hash, template_hash};
use klamm_operator_api::RolloutStatus;
use klamm_types::BrokerId;

/// Where the roll stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Roll {
    /// Of every pool, whether pods are being replaced: the StatefulSet's update strategy is OnDelete.
    pub(super) replacing: Vec<bool>,
    /// What is done now.
    pub(super) step: Option<Step>,
    /// For the Cluster's status.
    pub(super) status: Option<RolloutStatus>,
}

/// A pod that is not as its template says.
struct Stale<'a> {
    pool: &'a ValidatedPool,
    set: &'a StatefulSetSeen,
    broker: BrokerId,
    pod: &'a PodSeen,
    reason: String,
}

/// Whether pods are to be replaced or are being replaced: then the plan needs to know the partitions.
#[must_use]
pub fn is_rolling(cluster: &ValidatedCluster, observed: &Observed) -> bool {
    !stale(cluster, observed).is_empty() || observed.stateful_sets.values().any(|set| set.replacing)
}

pub(super) fn roll(cluster: &ValidatedCluster, observed: &Observed) -> Roll {
    let stale = stale(cluster, observed);
    let away = cluster.brokers().map(|(_, id)| id).find(|id| {
        let is_stale = stale.iter().any(|stale| stale.broker == *id);
        !is_stale && !is_back(observed, *id)
    });
    let set_of = |pool: &ValidatedPool| observed.stateful_sets.get(&cluster.names.stateful_set(&pool.name));
    let was = |pool: &ValidatedPool| set_of(pool).is_some_and(|set| set.replacing);
    let Some(next) = stale.first() else {
        // a pool whose pods are all new is at rest once all of them are back
        let unready = |pool: &ValidatedPool| pool.brokers.iter().any(|id| !is_back(observed, *id));
        let replacing: Vec<bool> = cluster.pools.iter().map(|pool| was(pool) && unready(pool)).collect();
        let status = away.filter(|_| replacing.contains(&true)).map(|id| {
            let on = format!("broker {id} to be ready again");
            status(cluster, observed, "pods are replaced", on, 1, id)
        });
        return Roll { replacing, step: None, status };
    };
    let blocked = blocked(cluster, observed, next, away);
    let goes_on = blocked.is_none();
    let replacing = |pool: &ValidatedPool| was(pool) || (goes_on && pool.name == next.pool.name);
    let step = if goes_on { delete(cluster, next) } else { None };
    let on = blocked.unwrap_or_else(|| {
        format!(
            "broker {} to stop; partitions with one replica cannot be reached until it is back",
            next.broker
        )
    });
    Roll {
        replacing: cluster.pools.iter().map(replacing).collect(),
        step,
        status: Some(status(cluster, observed, &next.reason, on, stale.len(), next.broker)),
    }
}

/// The pods that are not as their template says, in the order in which they are replaced: those that do not run, then
/// brokers, voters, and the active controller last.
fn stale<'a>(cluster: &'a ValidatedCluster, observed: &'a Observed) -> Vec<Stale<'a>> {
    let mut all: Vec<Stale<'a>> = cluster
        .brokers()
        .filter_map(|(pool, broker)| {
            let set = observed.stateful_sets.get(&cluster.names.stateful_set(&pool.name))?;
            let pod = observed.pods.get(&broker)?;
            let reason = reason(cluster, pool, set, pod)?;
            Some(Stale { pool, set, broker, pod, reason })
        })
        .collect();
    let leader = observed.brokers.values().flatten().find_map(|broker| broker.quorum_leader);
    let voters = observed.quorum_seen.iter().flat_map(|quorum| &quorum.voters);
    let voters: Vec<BrokerId> = voters.map(|voter| voter.broker).collect();
    all.sort_by_key(|one| {
        (one.pod.ready, Some(one.broker) == leader, voters.contains(&one.broker), one.broker)
    });
    all
}

/// What the next pod's end has to wait for.
fn blocked(
    cluster: &ValidatedCluster,
    observed: &Observed,
    next: &Stale<'_>,
    away: Option<BrokerId>,
) -> Option<String> {
    if cluster.rollout_paused {
        return Some("spec.rollout.pause to become false".to_owned());
    }
    if cluster.brokers().count() == 1 || next.pod.trouble.is_some() {
        return None; // announced as such; and a process that does not run is away already
    }
    if let Some(id) = away {
        return Some(format!("broker {id} to be ready and in sync again"));
    }
    let is_led = observed.brokers.values().flatten().any(|broker| broker.quorum_leader.is_some());
    let (true, Some(quorum), Some(partitions)) = (is_led, &observed.quorum_seen, &observed.partitions) else {
        return Some("the metadata quorum to have a leader that tells of partitions and voters".to_owned());
    };
    // what was asked for together with more brokers comes after them: then nothing of it is away when a broker is
    match voters::change(cluster, observed) {
        Change::Done => {}
        Change::Wait(on) => return Some(on),
        Change::Act(_) => return Some("the voters to change".to_owned()),
    }
    if let Some(topic) = observed.growing.first() {
        return Some(format!("topic {topic} to have all of its replicas"));
    }
    let blockers = safe::blockers(&[next.broker].into(), partitions, quorum);
    let first = blockers.first()?;
    let others = match blockers.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!("{first}{others}, before broker {} may stop", next.broker))
}

/// Whether no broker is away, so that voters may change although pods are about to be replaced.
pub(super) fn are_all_back(cluster: &ValidatedCluster, observed: &Observed) -> bool {
    cluster.brokers().all(|(_, id)| is_back(observed, id))
}

fn is_back(observed: &Observed, id: BrokerId) -> bool {
    observed.pods.get(&id).is_some_and(|pod| pod.ready && !pod.terminating)
}

fn status(
    cluster: &ValidatedCluster,
    observed: &Observed,
    reason: &str,
    on: String,
    left: usize,
    current: BrokerId,
) -> RolloutStatus {
    let before =
        observed.cluster.status.as_ref().and_then(|status| status.rollout.as_ref()?.started_at.clone());
    let total = cluster.brokers().count();
    RolloutStatus {
        reason: reason.to_owned(),
        done: i32::try_from(total.saturating_sub(left)).unwrap_or(i32::MAX),
        total: i32::try_from(total).unwrap_or(i32::MAX),
        current: Some(current.0),
        waiting_on: Some(on),
        started_at: Some(before.unwrap_or_else(|| observed.now.clone())),
    }
}

/// The pod's deletion, once the StatefulSet's controller knows the template from which the next is made.
fn delete(cluster: &ValidatedCluster, next: &Stale<'_>) -> Option<Step> {
    let known = next.set.replacing && next.set.settled && next.pod.revision != next.set.update_revision;
    (known && !next.pod.terminating).then(|| Step::DeletePod {
        broker: next.broker,
        pod: cluster.names.broker(&next.pool.name, next.broker),
        uid: next.pod.uid.clone(),
        resource_version: next.pod.resource_version.clone(),
        reason: next.reason.clone(),
    })
}

/// Why the pod is not as the template says; none when it is.
fn reason(
    cluster: &ValidatedCluster,
    pool: &ValidatedPool,
    set: &StatefulSetSeen,
    pod: &PodSeen,
) -> Option<String> {
    let changed = pod.template_hash != template_hash(cluster, pool);
    let newer = set.settled && pod.revision != set.update_revision;
    if !changed && !newer {
        None
    } else if changed && pod.image != cluster.image {
        Some(format!("the image becomes {}", cluster.image))
    } else if changed && pod.config_hash != config_hash(pool) {
        Some("the settings changed".to_owned())
    } else if changed {
        Some("the pod's template changed".to_owned())
    } else {
        Some("a restart was asked for".to_owned())
    }
}
