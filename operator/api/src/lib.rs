//! The custom resources of `klamm.dev`: what users write and read. One file per kind.
//!
//! These types are the source of `crds/`, of the chart and of the reference. They hold no defaults and decide nothing:
//! what is left out stays left out, so that GitOps tools see no drift; the plan knows the defaults.

mod cluster;
mod config;
mod listener;
mod pool;
mod status;
mod topic;

pub use cluster::*;
pub use config::*;
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
pub use listener::*;
pub use pool::*;
pub use status::*;
pub use topic::*;

/// The API group of all kinds.
pub const GROUP: &str = "klamm.dev";

/// `metadata.annotations` that users set.
pub mod annotation {
    /// `"true"`: the operator leaves the object as it is.
    pub const PAUSE: &str = "klamm.dev/pause";
    /// Any new value restarts the brokers.
    pub const RESTART: &str = "klamm.dev/restart";
}

/// The definitions of all kinds, as they are installed.
#[must_use]
pub fn definitions()
-> Vec<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition> {
    use kube::CustomResourceExt;
    vec![Cluster::crd(), Topic::crd()]
}
