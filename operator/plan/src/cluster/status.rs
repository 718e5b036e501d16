//! The status of a Cluster: what happens, what it waits for, what to do; in words for people.

use super::{BrokerSeen, Observed, Progress, ValidatedCluster};
use crate::{Conditions, Fact, Refusal};
use klamm_operator_api::{
    Address, BrokerStatus, ClusterStatus, ClusterSummary, ControllerRole, ListenerStatus, ListenerType,
};
use klamm_types::BrokerId;

/// The status to write; none when it is the one that is there.
pub(super) fn of(
    valid: Option<&ValidatedCluster>,
    observed: &Observed,
    refusal: Option<&Refusal>,
    progress: &Progress,
) -> Option<ClusterStatus> {
    let before = observed.cluster.status.clone().unwrap_or_default();
    let generation = observed.cluster.metadata.generation;
    let ready = ready(valid, observed, refusal, progress);
    let reconciling = reconciling(valid, observed, progress);
    let stalled = refusal.map_or_else(
        || Fact::no("Progressing", "Nothing stands in the way"),
        |refusal| Fact::yes(refusal.reason, format!("{refusal}")),
    );
    let conditions = Conditions::new(before.conditions.as_ref(), generation, observed.now.clone())
        .say("Ready", ready)
        .say(
            "Reconciling",
            if refusal.is_some() { Fact::no("Stalled", refusal_text(refusal)) } else { reconciling },
        )
        .say("Stalled", stalled)
        .say("Degraded", degraded(valid, observed))
        .say_if("UpgradeAvailable", upgrade(valid, observed))
        .done();
    let brokers = valid.map(|valid| brokers(valid, observed)).or_else(|| before.brokers.clone());
    let status = ClusterStatus {
        observed_generation: generation,
        conditions: Some(conditions),
        cluster_id: observed.quorum.as_ref().map(|quorum| quorum.cluster_id.clone()),
        version: valid.map(|valid| valid.version.clone()).or_else(|| before.version.clone()),
        listeners: valid.map(listeners).or_else(|| before.listeners.clone()),
        summary: summary(brokers.as_deref(), refusal, progress),
        brokers,
        rollout: progress.roll.clone(),
    };
    (observed.cluster.status.as_ref() != Some(&status)).then_some(status)
}

/// A Cluster that is left alone says only that.
pub(super) fn paused(observed: &Observed) -> Option<ClusterStatus> {
    let before = observed.cluster.status.clone().unwrap_or_default();
    let generation = observed.cluster.metadata.generation;
    let known = before.conditions.clone().unwrap_or_default();
    let ready = known.iter().find(|condition| condition.type_ == "Ready");
    let ready = ready.map_or_else(
        || Fact::no("Paused", "Paused before it was ready"),
        |ready| Fact {
            holds: ready.status == "True",
            reason: ready.reason.clone(),
            message: ready.message.clone(),
        },
    );
    let message = "The annotation klamm.dev/pause is \"true\": the operator leaves this Cluster as it is";
    let conditions = Conditions::new(before.conditions.as_ref(), generation, observed.now.clone())
        .say("Ready", ready)
        .say("Reconciling", Fact::no("Paused", message))
        .say("Stalled", Fact::no("Paused", message))
        .done();
    let status = ClusterStatus { conditions: Some(conditions), observed_generation: generation, ..before };
    (observed.cluster.status.as_ref() != Some(&status)).then_some(status)
}

/// Whether nothing is awaited.
pub(super) fn is_at_rest(valid: &ValidatedCluster, observed: &Observed, progress: &Progress) -> bool {
    progress.formed
        && progress.roll.is_none()
        && unready(valid, observed).or(unseen(valid, observed)).is_none()
}

/// Whether the Cluster becomes ready for the first time once its bootstrap Service leads to a broker. Kubernetes tells of a new
/// pod to every node's kube-proxy in its own time: a client that comes before is refused, so it is tried before ready is said.
#[must_use]
pub fn is_bootstrap_awaited(valid: &ValidatedCluster, observed: &Observed) -> bool {
    !was_ready(observed) && !observed.bootstrap_reached && unready(valid, observed).is_none()
}

/// Ready is: the quorum has a leader and no partition is offline. A Cluster that was never ready waits for all of its brokers,
/// too: afterwards one that is missing is no reason why clients could not work.
fn ready(
    valid: Option<&ValidatedCluster>,
    observed: &Observed,
    refusal: Option<&Refusal>,
    progress: &Progress,
) -> Fact {
    let Some(valid) = valid else {
        return refusal.map_or_else(
            || Fact::no("Pending", "Not looked at yet"),
            |r| Fact::no(r.reason, r.message.clone()),
        );
    };
    let count = valid.brokers().count();
    let serving = seen(observed).filter(|broker| broker.serving).count();
    let well =
        Fact::yes("Ready", format!("{serving} of {count} brokers serve; every partition has a leader"));
    if was_ready(observed) {
        return unserved(valid, observed).map_or(well, |(reason, message)| Fact::no(reason, message));
    }
    if let Some((reason, message)) = unready(valid, observed) {
        let message = match &progress.waiting_on {
            Some(on) if reason == "Forming" => format!("Waiting for {on}"),
            _ => message,
        };
        return Fact::no(reason, message);
    }
    match (progress.formed, &progress.waiting_on, &progress.voters) {
        (true, _, None) if observed.bootstrap_reached => well,
        (true, _, None) => {
            let service = valid.names.bootstrap();
            Fact::no("Starting", format!("Waiting for the Service {service} to lead to a broker"))
        }
        (_, Some(on), _) | (_, None, Some(on)) => Fact::no("Forming", format!("Waiting for {on}")),
        (false, None, None) => Fact::no("Forming", "Waiting for the quorum"),
    }
}

fn was_ready(observed: &Observed) -> bool {
    let before = observed.cluster.status.as_ref().and_then(|status| status.conditions.as_ref());
    before.into_iter().flatten().any(|one| one.type_ == "Ready" && one.status == "True")
}

/// What keeps clients from working with a Cluster that was ready.
fn unserved(valid: &ValidatedCluster, observed: &Observed) -> Option<(&'static str, String)> {
    if seen(observed).all(|broker| broker.quorum_leader.is_none()) {
        let leaderless = || ("NoQuorumLeader", "The metadata quorum has no leader".to_owned());
        return Some(unready(valid, observed).unwrap_or_else(leaderless));
    }
    offline(observed)
}

/// As the broker that knows most of them tells: each tells of all partitions.
fn offline(observed: &Observed) -> Option<(&'static str, String)> {
    let most = seen(observed).map(|broker| broker.offline_partitions).max().filter(|count| *count > 0)?;
    Some(("PartitionsOffline", format!("{most} partitions have no leader")))
}

/// The first broker that does not serve.
fn unready(valid: &ValidatedCluster, observed: &Observed) -> Option<(&'static str, String)> {
    let broker = |(_, id): (&super::ValidatedPool, BrokerId)| {
        let pod = observed.pods.get(&id);
        if let Some(trouble) = pod.and_then(|pod| pod.trouble.as_ref()) {
            let reason = if pod.is_some_and(|pod| pod.crashed) { "BrokerFailed" } else { "PodPending" };
            return Some((reason, format!("The pod of broker {id} does not run: {trouble}")));
        }
        match observed.brokers.get(&id) {
            Some(Ok(broker)) => broker_unready(id, broker),
            Some(Err(error)) => Some(("BrokerUnreachable", format!("Broker {id} does not answer: {error}"))),
            None if pod.is_some() => Some(("Starting", format!("Waiting for broker {id} to start"))),
            None => Some(("Starting", format!("Waiting for the pod of broker {id}"))),
        }
    };
    valid.brokers().find_map(broker).or_else(|| offline(observed))
}

fn broker_unready(id: BrokerId, broker: &BrokerSeen) -> Option<(&'static str, String)> {
    if broker.cluster_id.is_none() {
        return Some(("Forming", format!("Broker {id} waits to be formatted")));
    }
    if let (false, Some((done, total))) = (broker.serving, broker.recovery) {
        return Some(("Recovering", format!("Broker {id} recovers its logs: {done} of {total}")));
    }
    if !broker.serving {
        return Some(("Starting", format!("Broker {id} is formatted and starts")));
    }
    if broker.quorum_leader.is_none() {
        return Some(("NoQuorumLeader", "The metadata quorum has no leader".to_owned()));
    }
    None
}

/// A broker that serves before Kubernetes has asked it whether it is ready. Clients need not wait for that: Services publish
/// addresses that are not ready.
fn unseen(valid: &ValidatedCluster, observed: &Observed) -> Option<(&'static str, String)> {
    let ready = |id: &BrokerId| observed.pods.get(id).is_some_and(|pod| pod.ready);
    let (_, id) = valid.brokers().find(|(_, id)| !ready(id))?;
    Some(("Starting", format!("Broker {id} serves; waiting for Kubernetes to see it ready")))
}

fn reconciling(valid: Option<&ValidatedCluster>, observed: &Observed, progress: &Progress) -> Fact {
    if let Some(roll) = &progress.roll {
        let on = roll.waiting_on.clone().unwrap_or_default();
        let reason =
            if valid.is_some_and(|valid| valid.rollout_paused) { "RolloutPaused" } else { "RollingOut" };
        let message =
            format!("Broker {}: {}. Waiting for {on}", roll.current.unwrap_or_default(), roll.reason);
        return Fact::yes(reason, message);
    }
    if let Some(on) = &progress.waiting_on {
        return Fact::yes("Forming", format!("Waiting for {on}"));
    }
    match valid.and_then(|valid| unready(valid, observed).or(unseen(valid, observed))) {
        Some((reason, message)) => Fact::yes(reason, message),
        None if progress.voters.is_some() => {
            Fact::yes("Forming", format!("Waiting for {}", progress.voters.as_deref().unwrap_or_default()))
        }
        None => Fact::no("Done", "Everything is as the spec says"),
    }
}

fn refusal_text(refusal: Option<&Refusal>) -> String {
    refusal.map(|refusal| refusal.message.clone()).unwrap_or_default()
}

fn degraded(valid: Option<&ValidatedCluster>, observed: &Observed) -> Fact {
    let behind = seen(observed).map(|broker| broker.under_replicated_partitions).max().unwrap_or_default();
    if behind > 0 {
        let message = format!("{behind} partitions have fewer in-sync replicas than replicas");
        return Fact::yes("UnderReplicated", message);
    }
    let missing = valid.filter(|valid| was_ready(observed) && valid.brokers().count() > 1);
    match missing.and_then(|valid| unready(valid, observed)) {
        Some((reason, message)) => Fact::yes(reason, message),
        None => Fact::no("FullyReplicated", "No partition is known to lack a replica"),
    }
}

fn upgrade(valid: Option<&ValidatedCluster>, observed: &Observed) -> Option<Fact> {
    let valid = valid?;
    let newest = &observed.defaults.version;
    (valid.version != *newest).then(|| {
        Fact::yes("NewerOperator", format!("Set spec.version to {newest} to upgrade from {}", valid.version))
    })
}

fn seen(observed: &Observed) -> impl Iterator<Item = &BrokerSeen> {
    observed.brokers.values().filter_map(|broker| broker.as_ref().ok())
}

fn listeners(valid: &ValidatedCluster) -> Vec<ListenerStatus> {
    let names = &valid.names;
    let listener = |listener: &super::ValidatedListener| ListenerStatus {
        name: listener.name.clone(),
        kind: ListenerType::Internal,
        bootstrap_servers: format!("{}:{}", names.host(&names.bootstrap()), listener.port),
        addresses: Some(
            valid
                .brokers()
                .map(|(pool, id)| Address {
                    host: names.host(&names.broker(&pool.name, id)),
                    port: listener.port,
                })
                .collect(),
        ),
        certificates: None,
    };
    valid.listeners.iter().map(listener).collect()
}

fn brokers(valid: &ValidatedCluster, observed: &Observed) -> Vec<BrokerStatus> {
    let broker = |(pool, id): (&super::ValidatedPool, BrokerId)| {
        let pod = observed.pods.get(&id);
        let seen = observed.brokers.get(&id).and_then(|broker| broker.as_ref().ok());
        let ready = pod.is_some_and(|pod| pod.ready && !pod.terminating);
        BrokerStatus {
            id: id.0,
            pod: valid.names.broker(&pool.name, id),
            pool: pool.name.clone(),
            rack: pod.and_then(|pod| pod.rack.clone()),
            ready,
            // readiness is: unfenced, and in the ISR of every partition that the broker hosts
            in_sync: ready && seen.is_some_and(|broker| broker.serving),
            controller: role(observed, id).or_else(|| role_before(observed, id)),
            version: seen.map(|broker| broker.version.clone()).filter(|version| !version.is_empty()),
            revision: pod.map(|pod| pod.revision.clone()),
        }
    };
    valid.brokers().map(broker).collect()
}

/// The broker's part in the quorum; none while nobody tells.
fn role(observed: &Observed, id: BrokerId) -> Option<ControllerRole> {
    let leader = seen(observed).find_map(|broker| broker.quorum_leader)?;
    match &observed.quorum_seen {
        _ if leader == id => Some(ControllerRole::Leader),
        Some(quorum) if quorum.voters.iter().any(|voter| voter.broker == id) => Some(ControllerRole::Voter),
        Some(_) => Some(ControllerRole::Observer),
        None => None,
    }
}

/// While there is no leader, who voted is what tells whether there can be one.
fn role_before(observed: &Observed, id: BrokerId) -> Option<ControllerRole> {
    let before =
        observed.cluster.status.as_ref()?.brokers.as_ref()?.iter().find(|broker| broker.id == id.0)?;
    match before.controller? {
        ControllerRole::Observer => Some(ControllerRole::Observer),
        ControllerRole::Leader | ControllerRole::Voter => Some(ControllerRole::Voter),
    }
}

fn summary(
    brokers: Option<&[BrokerStatus]>,
    refusal: Option<&Refusal>,
    progress: &Progress,
) -> Option<ClusterSummary> {
    let brokers = brokers.unwrap_or_default();
    let in_sync = brokers.iter().filter(|broker| broker.in_sync).count();
    let rollout = match (refusal, &progress.roll, &progress.waiting_on) {
        (Some(refusal), ..) => refusal.reason.to_owned(),
        (None, Some(roll), _) => format!("{}/{}", roll.done, roll.total),
        (None, None, Some(_)) => "Forming".to_owned(),
        (None, None, None) => "Done".to_owned(),
    };
    Some(ClusterSummary {
        brokers: i32::try_from(brokers.len()).unwrap_or(i32::MAX),
        in_sync: format!("{in_sync}/{}", brokers.len()),
        rollout,
    })
}
