//! Pools: brokers that are alike.

use crate::Config;
use k8s_openapi::api::core::v1::ResourceRequirements;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Brokers that are alike: one StatefulSet `<cluster>-<pool>`, whose pods carry the broker id in their name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.?firstId.orValue(0) == oldSelf.?firstId.orValue(0)")
    .message("firstId never changes: every pod of the pool would be deleted at once")
    .reason(Reason::FieldValueForbidden))]
pub struct Pool {
    /// The pool's name: at most 16 characters.
    #[schemars(length(max = 16), regex(pattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// The id of the pool's first broker; the others count on from it. Required on every pool once there are two.
    /// Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9999))]
    pub first_id: Option<i32>,
    /// How many brokers. Default: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub replicas: Option<i32>,
    /// What the brokers do. Default: both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub roles: Option<Vec<Role>>,
    /// The volume of each broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// What each broker asks of its node and may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// Merged into the pods' template: labels, affinity, tolerations, priorityClassName and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
    /// Settings over those of the Cluster, for this pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Config>,
}

/// What a broker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Serves clients.
    Broker,
    /// May vote in the metadata quorum.
    Controller,
}

/// The volume of each broker of a pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "!has(self.size) || !has(oldSelf.size) || quantity(self.size).compareTo(quantity(oldSelf.size)) >= 0")
    .message("a volume cannot shrink: size may only grow").field_path(".size"))]
pub struct Storage {
    /// The size of the volume; it may only grow. Default: 10Gi.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), regex(pattern = "^[0-9]+(\\.[0-9]+)?([KMGTPE]i|[kMGTPE])?$"))]
    pub size: Option<String>,
    /// The StorageClass. Default: the Kubernetes cluster's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub class: Option<String>,
    /// The size up to which the volume grows by itself when it gets full.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), regex(pattern = "^[0-9]+(\\.[0-9]+)?([KMGTPE]i|[kMGTPE])?$"))]
    pub max_size: Option<String>,
    /// What becomes of the volumes when the Cluster is deleted. Default: Retain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<OnDelete>,
}

/// What becomes of data when the object that made it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnDelete {
    /// It stays.
    Retain,
    /// It is deleted too.
    Delete,
}

/// A part of a pod's template. Its schema is Kubernetes' own and far too large to be repeated here: the plan refuses what
/// it does not merge.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template(pub serde_json::Value);

impl JsonSchema for Template {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
    }
}
