//! The ConfigMap of the brokers: a `broker-<id>.yaml` for each, and the spec that was accepted last.

use super::metadata;
use crate::{
    Kind, Resource,
    cluster::{ValidatedCluster, yaml},
};
use serde_json::{Value, json};

/// Where the ConfigMap carries the spec that was accepted last: it is what goes on when a later one is wrong.
pub const ACCEPTED_ANNOTATION: &str = "klamm.dev/accepted-spec";

pub(super) fn build(cluster: &ValidatedCluster) -> Resource {
    let name = cluster.names.config();
    let files = cluster.pools.iter().flat_map(|pool| &pool.settings);
    let data: serde_json::Map<String, Value> =
        files.map(|(id, settings)| (format!("broker-{}.yaml", id.0), yaml(settings).into())).collect();
    let mut metadata = metadata(cluster, &name, &cluster.names.labels());
    metadata["annotations"][ACCEPTED_ANNOTATION] = json!(json!(cluster.accepted).to_string());
    Resource::new(Kind::ConfigMap, name, json!({ "metadata": metadata, "data": data }))
}
