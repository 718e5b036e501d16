//! `Topic`: a topic of a Cluster.

#![allow(clippy::duplicated_attributes)] // columns have the same fields

use crate::{Condition, Config, OnDelete};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// What a topic shall be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "klamm.dev",
    version = "v1alpha1",
    kind = "Topic",
    plural = "topics",
    shortname = "ktp",
    category = "klamm",
    namespaced,
    status = "TopicStatus",
    derive = "PartialEq",
    selectable = ".spec.clusterRef.name",
    doc = "A topic of a Cluster.",
    printcolumn(name = "Cluster", type_ = "string", json_path = ".spec.clusterRef.name"),
    printcolumn(
        name = "Partitions",
        type_ = "integer",
        json_path = ".status.partitions",
        description = "How many partitions there are"
    ),
    printcolumn(
        name = "Replicas",
        type_ = "integer",
        json_path = ".status.replicas",
        description = "How many replicas each partition has"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether the topic is as the spec says"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "has(self.topicName) == has(oldSelf.topicName) && (!has(self.topicName) || self.topicName == oldSelf.topicName)")
    .message("topicName never changes: it would be another topic").reason(Reason::FieldValueForbidden))]
#[x_kube(validation = Rule::new(
    "self.?partitions.orValue(1) >= oldSelf.?partitions.orValue(1)")
    .message("partitions may only grow: Kafka cannot take one away").field_path(".partitions"))]
pub struct TopicSpec {
    /// The Cluster that has the topic.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("clusterRef never changes: it would be another topic").reason(Reason::FieldValueForbidden))]
    pub cluster_ref: ClusterRef,
    /// The topic's name in Kafka. Default: the object's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 249), regex(pattern = "^[a-zA-Z0-9._-]+$"))]
    #[x_kube(validation = Rule::new("!(self in ['.', '..', '__cluster_metadata'])")
        .message("Kafka takes no topic of the name ., .. or __cluster_metadata"))]
    pub topic_name: Option<String>,
    /// How many partitions; the number may only grow. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub partitions: Option<i32>,
    /// How many replicas each partition has. Default: 3, or as many as there are brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub replicas: Option<i32>,
    /// Settings of the topic under Kafka's names; those that are not named here stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Config>,
    /// What becomes of the topic when this object is deleted. Default: Delete when this object made it, Retain when it
    /// found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<OnDelete>,
}

/// Names a Cluster in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, KubeSchema)]
pub struct ClusterRef {
    /// The Cluster's name.
    #[schemars(length(min = 1, max = 30))]
    pub name: String,
}

/// What the topic is. Counts and sizes are metrics: a dead broker must not cause 20,000 writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopicStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, Reconciling, Stalled, FullyReplicated and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Option<Vec<Condition>>,
    /// Kafka's id of the topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_id: Option<String>,
    /// How many partitions there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<i32>,
    /// How many replicas each partition has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// The settings that this object has set: one that leaves the spec goes back to its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub config_keys: Option<Vec<String>>,
}
