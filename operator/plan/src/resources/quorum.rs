//! The ConfigMap that records how the quorum was formed. It is created once and never changed: creating it is the lock.

use super::metadata;
use crate::cluster::{QuorumRecord, ValidatedCluster};
use serde_json::{Value, json};

/// The object to create.
#[must_use]
pub fn quorum_record(cluster: &ValidatedCluster, record: &QuorumRecord) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(cluster, &cluster.names.quorum(), &cluster.names.labels()),
        "immutable": true,
        "data": {
            "clusterId": record.cluster_id,
            "seed": record.seed.0.to_string(),
            "seedPvcUid": record.seed_claim_uid,
        },
    })
}
