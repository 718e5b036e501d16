//! The PodDisruptionBudget: one broker may be away. Evicters wait without knowing Kafka.

use super::metadata;
use crate::{Kind, Resource, cluster::ValidatedCluster};
use serde_json::json;

pub(super) fn build(cluster: &ValidatedCluster) -> Resource {
    let name = cluster.names.cluster.clone();
    let spec = json!({
        "minAvailable": cluster.brokers().count().saturating_sub(1),
        "selector": { "matchLabels": cluster.names.selector() },
        "unhealthyPodEvictionPolicy": "IfHealthyBudget",
    });
    let metadata = metadata(cluster, &name, &cluster.names.labels());
    Resource::new(Kind::PodDisruptionBudget, name, json!({ "metadata": metadata, "spec": spec }))
}
