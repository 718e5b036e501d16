//! `Cluster`: brokers that are one.

#![allow(clippy::duplicated_attributes)] // columns have the same fields

use crate::{ClusterStatus, Config, Listener, Pool};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a Cluster shall be. Everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "klamm.dev",
    version = "v1alpha1",
    kind = "Cluster",
    plural = "clusters",
    shortname = "kcl",
    category = "klamm",
    namespaced,
    status = "ClusterStatus",
    derive = "PartialEq",
    doc = "A cluster of Klamm brokers, which speak Kafka's protocol.",
    printcolumn(
        name = "Brokers",
        type_ = "integer",
        json_path = ".status.summary.brokers",
        description = "How many brokers there are"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether clients can work"
    ),
    printcolumn(
        name = "Version",
        type_ = "string",
        json_path = ".status.version",
        description = "The version of Klamm that the brokers run"
    ),
    printcolumn(
        name = "In sync",
        type_ = "string",
        json_path = ".status.summary.inSync",
        description = "How many of the brokers are in sync with all their partitions"
    ),
    printcolumn(
        name = "Rollout",
        type_ = "string",
        json_path = ".status.summary.rollout",
        description = "What is being changed, or why nothing goes on"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("self.metadata.name.matches('^[a-z][-a-z0-9]{0,29}$')")
        .message("a Cluster's name has at most 30 lower-case letters, digits and hyphens, and begins with a letter")
)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSpec {
    /// The version of Klamm. Default: the operator's when the Cluster is made, and then kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub version: Option<String>,
    /// The brokers' image. Default: klamm-broker of the version, from the operator's registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub image: Option<String>,
    /// The pools of brokers. Default: one, named brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    #[x_kube(validation = Rule::new("size(self) == 1 || self.all(pool, has(pool.firstId))")
        .message("every pool needs firstId once there are two"))]
    pub pools: Option<Vec<Pool>>,
    /// The label that tells a broker's rack. Default: topology.kubernetes.io/zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 317))]
    pub rack_key: Option<String>,
    /// Where clients connect. Default: one, plain, internal, on port 9092.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    #[x_kube(validation = Rule::new("self.all(a, self.exists_one(b, b.port == a.port))")
        .message("two listeners cannot have one port"))]
    pub listeners: Option<Vec<Listener>>,
    /// Who may do what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// Settings of the brokers under Kafka's names. Defaults are Kafka's, but for auto.create.topics.enable=false and
    /// min.insync.replicas=2 from three brokers on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Config>,
    /// How changes reach the brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutPolicy>,
    /// How partitions are spread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
    /// Where metrics go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
}

/// Who may do what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// Whether access is checked. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Principals that may do everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(max = 512)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub super_users: Option<Vec<String>>,
}

/// How changes reach the brokers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct RolloutPolicy {
    /// The order. Default: Canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<RolloutStrategy>,
    /// How long the canary must be well before the others follow. Default: 30s.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16), regex(pattern = "^([0-9]+(ms|s|m|h))+$"))]
    pub soak: Option<String>,
    /// Whether changes wait. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<bool>,
}

/// The order in which brokers are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RolloutStrategy {
    /// One broker first; the others as soon as it has soaked and it is safe.
    Canary,
    /// One after the other.
    OneByOne,
    /// As many at once as is safe.
    Parallel,
}

/// How partitions are spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Balance {
    /// Default: Auto.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<BalanceMode>,
}

/// What is done about partitions that are spread badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BalanceMode {
    /// They are moved.
    Auto,
    /// The moves are shown.
    Suggest,
    /// Nothing.
    Off,
}

/// Where metrics go, besides the brokers' /metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Metrics {
    /// An OpenTelemetry collector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp: Option<Otlp>,
}

/// An OpenTelemetry collector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Otlp {
    /// Its address.
    #[schemars(length(max = 512))]
    pub endpoint: String,
}
