//! The Service that clients begin with: any broker.

use super::{metadata, ports};
use crate::{Kind, Resource, cluster::ValidatedCluster};
use serde_json::json;

pub(super) fn build(cluster: &ValidatedCluster) -> Resource {
    let name = cluster.names.bootstrap();
    let spec = json!({
        "type": "ClusterIP",
        "publishNotReadyAddresses": true,
        "selector": cluster.names.selector(),
        "ports": ports(cluster, &[]),
    });
    let metadata = metadata(cluster, &name, &cluster.names.labels());
    Resource::new(Kind::Service, name, json!({ "metadata": metadata, "spec": spec }))
}
