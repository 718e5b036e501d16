//! What a Cluster is made of in Kubernetes: one builder per file.

mod bootstrap_service;
mod broker_service;
mod budget;
mod config_map;
mod headless_service;
mod network_policy;
mod pod_monitor;
mod pod_template;
mod quorum;
mod stateful_set;

pub use config_map::ACCEPTED_ANNOTATION;
pub use pod_template::{CONFIG_ANNOTATION, TEMPLATE_ANNOTATION, config_hash, template_hash};
pub use quorum::quorum_record;

use crate::{
    Kind, Resource,
    cluster::{Observed, ValidatedCluster},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All objects of the Cluster, in the order in which they are applied; `replacing` says of every pool whether its pods
/// are being replaced.
#[must_use]
pub fn all(cluster: &ValidatedCluster, observed: &Observed, replacing: &[bool]) -> Vec<Resource> {
    let mut all = vec![
        config_map::build(cluster),
        headless_service::build(cluster),
        bootstrap_service::build(cluster),
        budget::build(cluster),
        network_policy::build(cluster),
    ];
    all.extend(observed.pod_monitors.then(|| pod_monitor::build(cluster)));
    all.extend(cluster.brokers().map(|(pool, id)| broker_service::build(cluster, pool, id)));
    let sets = cluster.pools.iter().zip(replacing).map(|(pool, replacing)| {
        let seen = observed.stateful_sets.get(&cluster.names.stateful_set(&pool.name));
        let restart = cluster.restart.clone().or_else(|| seen?.restart.clone());
        stateful_set::build(cluster, pool, *replacing, restart)
    });
    all.extend(sets);
    all
}

/// The kinds and names of all objects of the Cluster; `pod_monitors` says whether Kubernetes knows that kind.
#[must_use]
pub fn keys(cluster: &ValidatedCluster, pod_monitors: bool) -> Vec<(Kind, String)> {
    let names = &cluster.names;
    let mut keys = vec![
        (Kind::ConfigMap, names.config()),
        (Kind::Service, names.headless()),
        (Kind::Service, names.bootstrap()),
        (Kind::PodDisruptionBudget, names.cluster.clone()),
        (Kind::NetworkPolicy, names.cluster.clone()),
    ];
    keys.extend(pod_monitors.then(|| (Kind::PodMonitor, names.cluster.clone())));
    keys.extend(cluster.brokers().map(|(pool, id)| (Kind::Service, names.broker(&pool.name, id))));
    keys.extend(cluster.pools.iter().map(|pool| (Kind::StatefulSet, names.stateful_set(&pool.name))));
    keys
}

/// The metadata of an object of the Cluster.
pub(crate) fn metadata(cluster: &ValidatedCluster, name: &str, labels: &BTreeMap<String, String>) -> Value {
    json!({
        "name": name,
        "namespace": cluster.names.namespace,
        "labels": labels,
        "ownerReferences": [owner(cluster)],
    })
}

/// Deleting the Cluster deletes what it owns.
#[must_use]
pub fn owner(cluster: &ValidatedCluster) -> Value {
    json!({
        "apiVersion": "klamm.dev/v1alpha1",
        "kind": "Cluster",
        "name": cluster.names.cluster,
        "uid": cluster.uid,
        "controller": true,
    })
}

fn ports(cluster: &ValidatedCluster, own: &[(&str, i32)]) -> Vec<Value> {
    let listeners = cluster.listeners.iter().map(|listener| (listener.name.as_str(), listener.port));
    let port = |(name, port): (&str, i32)| json!({ "name": name, "port": port, "targetPort": port, "protocol": "TCP", "appProtocol": "kafka" });
    listeners
        .map(port)
        .chain(own.iter().copied().map(|(name, number)| {
            let mut port = port((name, number));
            port["appProtocol"] = json!("klamm.dev/internal");
            port
        }))
        .collect()
}
