//! What the operator tells of a Cluster.

use crate::{Condition, ListenerType};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is, as the operator sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled and the like, with the meanings of kstatus.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Option<Vec<Condition>>,
    /// The id under which the brokers' volumes were formatted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// The version of Klamm that the brokers run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where clients connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub listeners: Option<Vec<ListenerStatus>>,
    /// The brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub brokers: Option<Vec<BrokerStatus>>,
    /// The change that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutStatus>,
    /// The columns of `kubectl get`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<ClusterSummary>,
}

/// The columns of `kubectl get`, which cannot count by themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSummary {
    /// How many brokers there are.
    pub brokers: i32,
    /// For example 3/3.
    pub in_sync: String,
    /// For example Done, or 1/3.
    pub rollout: String,
}

/// Where clients connect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerStatus {
    /// The listener's name.
    pub name: String,
    /// How clients reach it.
    #[serde(rename = "type")]
    pub kind: ListenerType,
    /// What to give to a client as bootstrap.servers.
    pub bootstrap_servers: String,
    /// The addresses of the brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub addresses: Option<Vec<Address>>,
    /// Certificates, as PEM, by which clients can know the brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8))]
    pub certificates: Option<Vec<String>>,
}

/// A host and a port.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Address {
    /// The host.
    pub host: String,
    /// The port.
    pub port: i32,
}

/// A broker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrokerStatus {
    /// Its id.
    pub id: i32,
    /// Its pod.
    pub pod: String,
    /// Its pool.
    pub pool: String,
    /// Its rack, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rack: Option<String>,
    /// Whether its pod is ready.
    pub ready: bool,
    /// Whether it is in sync with all its partitions.
    pub in_sync: bool,
    /// Its part in the metadata quorum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<ControllerRole>,
    /// The version of Klamm that it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The revision of its pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

/// A broker's part in the metadata quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ControllerRole {
    /// Leads it.
    Leader,
    /// Votes in it.
    Voter,
    /// Reads it.
    Observer,
}

/// The change that is under way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStatus {
    /// What is changed.
    pub reason: String,
    /// How many brokers are done.
    pub done: i32,
    /// Of how many.
    pub total: i32,
    /// The broker that is being changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<i32>,
    /// What the next step waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_on: Option<String>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
}
