//! Replacing pods whose template has changed (docs/operations.md §2; here for Clusters of one broker).
//!
//! At rest the StatefulSet has `RollingUpdate {partition: 10000}`, so that a pod that crashes comes back with its old
//! revision; it is `OnDelete` only while pods are being replaced.

use super::{Observed, PodSeen, StatefulSetSeen, Step, ValidatedCluster, ValidatedPool};
use crate::resources::{config_hash, template_hash};
use klamm_operator_api::RolloutStatus;
use klamm_types::BrokerId;

/// Where the roll of one pool stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Roll {
    /// Whether pods are being replaced: the StatefulSet's update strategy is OnDelete.
    pub(super) replacing: bool,
    /// What is done now.
    pub(super) steps: Vec<Step>,
    /// For the Cluster's status.
    pub(super) status: Option<RolloutStatus>,
}

pub(super) fn roll(cluster: &ValidatedCluster, pool: &ValidatedPool, observed: &Observed) -> Roll {
    let Some(set) = observed.stateful_sets.get(&cluster.names.stateful_set(&pool.name)) else {
        return Roll::default();
    };
    let pods = pool.brokers.iter().filter_map(|id| Some((*id, observed.pods.get(id)?)));
    let stale: Vec<_> =
        pods.filter_map(|(id, pod)| Some((id, pod, reason(cluster, pool, set, pod)?))).collect();
    let total = pool.brokers.len();
    let before =
        observed.cluster.status.as_ref().and_then(|status| status.rollout.as_ref()?.started_at.clone());
    let began = before.unwrap_or_else(|| observed.now.clone());
    let status = |reason: &str, on: String, done: usize, current: BrokerId| RolloutStatus {
        reason: reason.to_owned(),
        done: i32::try_from(done).unwrap_or(i32::MAX),
        total: i32::try_from(total).unwrap_or(i32::MAX),
        current: Some(current.0),
        waiting_on: Some(on),
        started_at: Some(began.clone()),
    };
    if let Some((id, pod, reason)) = stale.first() {
        let done = total - stale.len();
        if cluster.rollout_paused {
            let on = "spec.rollout.pause to become false".to_owned();
            return Roll {
                replacing: set.replacing,
                steps: vec![],
                status: Some(status(reason, on, done, *id)),
            };
        }
        let on =
            format!("broker {id} to stop; partitions with one replica cannot be reached until it is back");
        let steps = delete(cluster, pool, set, *id, pod, reason).into_iter().collect();
        return Roll { replacing: true, steps, status: Some(status(reason, on, done, *id)) };
    }
    let back = |id: &BrokerId| observed.pods.get(id).is_some_and(|pod| pod.ready && !pod.terminating);
    match pool.brokers.iter().find(|id| !back(id)) {
        Some(id) if set.replacing => {
            let on = format!("broker {id} to be ready again");
            Roll {
                replacing: true,
                steps: vec![],
                status: Some(status("pods are replaced", on, total - 1, *id)),
            }
        }
        _ => Roll::default(),
    }
}

/// The pod's deletion, once the StatefulSet's controller knows the template from which the next is made.
fn delete(
    cluster: &ValidatedCluster,
    pool: &ValidatedPool,
    set: &StatefulSetSeen,
    broker: BrokerId,
    pod: &PodSeen,
    reason: &str,
) -> Option<Step> {
    let known = set.replacing && set.settled && pod.revision != set.update_revision;
    (known && !pod.terminating).then(|| Step::DeletePod {
        broker,
        pod: cluster.names.broker(&pool.name, broker),
        uid: pod.uid.clone(),
        resource_version: pod.resource_version.clone(),
        reason: reason.to_owned(),
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
