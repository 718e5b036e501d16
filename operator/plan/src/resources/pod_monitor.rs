//! The PodMonitor, with which the Prometheus operator finds the brokers' /metrics; only where Kubernetes knows the kind.

use super::metadata;
use crate::{Kind, Resource, cluster::ValidatedCluster};
use serde_json::json;

pub(super) fn build(cluster: &ValidatedCluster) -> Resource {
    let name = cluster.names.cluster.clone();
    let spec = json!({
        "selector": { "matchLabels": cluster.names.selector() },
        // metrics of two Clusters in one namespace must be told apart
        "podTargetLabels": ["klamm.dev/cluster", "klamm.dev/pool"],
        "podMetricsEndpoints": [{ "port": "http", "path": "/metrics" }],
    });
    let metadata = metadata(cluster, &name, &cluster.names.labels());
    Resource::new(Kind::PodMonitor, name, json!({ "metadata": metadata, "spec": spec }))
}
