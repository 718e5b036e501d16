//! The headless Service: the pods' own names.

use super::{metadata, ports};
use crate::{
    Kind, Resource,
    cluster::{ValidatedCluster, port},
};
use serde_json::json;

pub(super) fn build(cluster: &ValidatedCluster) -> Resource {
    let name = cluster.names.headless();
    let own = [("controller", port::CONTROLLER), ("brokers", port::BROKERS), ("control", port::CONTROL)];
    let spec = json!({
        "clusterIP": "None",
        // readiness steers evictions, never traffic
        "publishNotReadyAddresses": true,
        "selector": cluster.names.selector(),
        "ports": ports(cluster, &own),
    });
    let metadata = metadata(cluster, &name, &cluster.names.labels());
    Resource::new(Kind::Service, name, json!({ "metadata": metadata, "spec": spec }))
}
