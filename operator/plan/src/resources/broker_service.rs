//! The Service of one broker. Its virtual address never changes, so that a restarted pod's new IP never waits for a
//! client's DNS cache: it is what the broker's listeners advertise.

use super::{metadata, ports};
use crate::{
    Kind, Resource,
    cluster::{ValidatedCluster, ValidatedPool, port},
};
use klamm_types::BrokerId;
use serde_json::json;

pub(super) fn build(cluster: &ValidatedCluster, pool: &ValidatedPool, id: BrokerId) -> Resource {
    let name = cluster.names.broker(&pool.name, id);
    let mut selector = cluster.names.selector();
    selector.insert("statefulset.kubernetes.io/pod-name".to_owned(), name.clone());
    let spec = json!({
        "type": "ClusterIP",
        "publishNotReadyAddresses": true,
        "selector": selector,
        "ports": ports(cluster, &[("controller", port::CONTROLLER), ("brokers", port::BROKERS)]),
    });
    let metadata = metadata(cluster, &name, &cluster.names.pool_labels(&pool.name));
    Resource::new(Kind::Service, name, json!({ "metadata": metadata, "spec": spec }))
}
