//! An object to be, and its hash: an object whose hash is unchanged is not applied.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Where an object carries the hash of what was applied.
pub const HASH_ANNOTATION: &str = "klamm.dev/hash";

/// The kinds of objects that the operator applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// v1 ConfigMap
    ConfigMap,
    /// networking.k8s.io/v1 NetworkPolicy
    NetworkPolicy,
    /// policy/v1 PodDisruptionBudget
    PodDisruptionBudget,
    /// monitoring.coreos.com/v1 PodMonitor, where Kubernetes knows it
    PodMonitor,
    /// v1 Service
    Service,
    /// apps/v1 StatefulSet
    StatefulSet,
}

impl Kind {
    /// API group (empty is the core), version, kind, plural.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Kind::ConfigMap => ("", "v1", "ConfigMap", "configmaps"),
            Kind::NetworkPolicy => ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
            Kind::PodDisruptionBudget => ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
            Kind::PodMonitor => ("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
            Kind::Service => ("", "v1", "Service", "services"),
            Kind::StatefulSet => ("apps", "v1", "StatefulSet", "statefulsets"),
        }
    }
}

/// An object as it shall be.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The whole object, with its hash among the annotations.
    pub manifest: Value,
    /// The hash.
    pub hash: String,
}

impl Resource {
    /// Completes `manifest` with apiVersion, kind and hash.
    pub(crate) fn new(kind: Kind, name: String, mut manifest: Value) -> Self {
        let (group, version, kind_name, _) = kind.names();
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        manifest["apiVersion"] = json!(api_version);
        manifest["kind"] = json!(kind_name);
        let hash = hash(&manifest.to_string());
        manifest["metadata"]["annotations"][HASH_ANNOTATION] = json!(hash);
        Self { kind, name, manifest, hash }
    }
}

/// 16 hexadecimal digits of SHA-256: enough to tell two versions of one object apart.
#[must_use]
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
