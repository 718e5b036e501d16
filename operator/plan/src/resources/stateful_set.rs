//! The StatefulSet of a pool. `spec.ordinals.start` makes the pods' ordinals the broker ids.

use super::{metadata, pod_template};
use crate::{
    Kind, Resource,
    cluster::{ValidatedCluster, ValidatedPool},
};
use klamm_operator_api::OnDelete;
use serde_json::{Value, json};

/// More than any pool has: at rest no pod is replaced by Kubernetes, and one that crashes keeps its revision.
const NO_POD: i32 = 10_000;

pub(super) fn build(
    cluster: &ValidatedCluster,
    pool: &ValidatedPool,
    replacing: bool,
    restart: Option<String>,
) -> Resource {
    let name = cluster.names.stateful_set(&pool.name);
    let labels = cluster.names.pool_labels(&pool.name);
    let mut selector = cluster.names.selector();
    selector.insert("klamm.dev/pool".to_owned(), pool.name.clone());
    let update = match replacing {
        true => json!({ "type": "OnDelete" }),
        false => json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": NO_POD } }),
    };
    let volumes = match pool.storage.on_delete {
        OnDelete::Retain => "Retain",
        OnDelete::Delete => "Delete",
    };
    let spec = json!({
        "serviceName": cluster.names.headless(),
        "replicas": pool.brokers.len(),
        "ordinals": { "start": pool.brokers.first().map_or(0, |id| id.0) },
        "podManagementPolicy": "Parallel",
        "updateStrategy": update,
        "persistentVolumeClaimRetentionPolicy": { "whenDeleted": volumes, "whenScaled": "Retain" },
        "selector": { "matchLabels": selector },
        "template": pod_template::build(cluster, pool, restart),
        "volumeClaimTemplates": [claim(cluster, pool)],
    });
    let metadata = metadata(cluster, &name, &labels);
    Resource::new(Kind::StatefulSet, name, json!({ "metadata": metadata, "spec": spec }))
}

fn claim(cluster: &ValidatedCluster, pool: &ValidatedPool) -> Value {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": { "requests": { "storage": pool.storage.size } },
    });
    if let Some(class) = &pool.storage.class {
        spec["storageClassName"] = json!(class);
    }
    // none that may change: the API takes no change of a claim's template
    let labels = cluster.names.pool_labels(&pool.name);
    json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "data", "labels": labels }, "spec": spec })
}
