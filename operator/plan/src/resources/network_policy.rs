//! The NetworkPolicy: clients reach the listeners, monitoring reaches /metrics, and the ports between brokers are for the
//! Cluster's own pods and the operator. Those ports ask for certificates, too: a network without policies is not open.

use super::metadata;
use crate::{
    Kind, Resource,
    cluster::{ValidatedCluster, port},
};
use serde_json::{Value, json};

pub(super) fn build(cluster: &ValidatedCluster) -> Resource {
    let name = cluster.names.cluster.clone();
    let brokers = json!({ "podSelector": { "matchLabels": cluster.names.selector() } });
    let operator = json!({
        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": cluster.operator_namespace } },
        "podSelector": { "matchLabels": { "app.kubernetes.io/name": "klamm-operator" } },
    });
    let public: Vec<i32> =
        cluster.listeners.iter().map(|listener| listener.port).chain([port::HTTP]).collect();
    let spec = json!({
        "podSelector": { "matchLabels": cluster.names.selector() },
        "policyTypes": ["Ingress"],
        "ingress": [
            { "ports": ports(&public) },
            { "ports": ports(&[port::CONTROLLER]), "from": [brokers] },
            { "ports": ports(&[port::BROKERS]), "from": [brokers, operator] },
            { "ports": ports(&[port::CONTROL]), "from": [operator] },
        ],
    });
    let metadata = metadata(cluster, &name, &cluster.names.labels());
    Resource::new(Kind::NetworkPolicy, name, json!({ "metadata": metadata, "spec": spec }))
}

fn ports(numbers: &[i32]) -> Vec<Value> {
    numbers.iter().map(|number| json!({ "port": number, "protocol": "TCP" })).collect()
}
