//! What the operator is told when it starts.

use clap::{Parser, Subcommand};
use std::net::SocketAddr;

/// The Klamm operator: makes Clusters and Topics what their specs say.
#[derive(Clone, Debug, Parser)]
#[command(name = "klamm-operator", version)]
pub struct Options {
    /// What else than to operate
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The namespaces whose objects are looked after, with commas; * is all. Default: the operator's own
    #[arg(long, global = true, env = "KLAMM_WATCH_NAMESPACES", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,
    /// The namespace of the operator itself, where its Lease is
    #[arg(long, global = true, env = "KLAMM_NAMESPACE")]
    pub namespace: Option<String>,
    /// The name under which this process holds the Lease: the pod's
    #[arg(long, global = true, env = "KLAMM_IDENTITY")]
    pub identity: Option<String>,
    /// Where the brokers' images come from
    #[arg(long, env = "KLAMM_IMAGE_REGISTRY", default_value = "ghcr.io/klamm")]
    pub image_registry: String,
    /// Where /livez, /readyz and /metrics are served
    #[arg(long, env = "KLAMM_HTTP_LISTENER", default_value = "0.0.0.0:9644")]
    pub http_listener: SocketAddr,
    /// What is logged, for example info or klamm_controller=debug
    #[arg(long, global = true, env = "KLAMM_LOG", default_value = "info,kube=warn")]
    pub log: String,
}

/// What the program does besides operating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Once the operator is gone: let all Topics go, so that they can be deleted without it
    Uninstall,
}

impl Options {
    /// The namespaces that are looked after, where the operator's own is `own`.
    #[must_use]
    pub fn namespaces(&self, own: &str) -> Vec<String> {
        match self.watch_namespaces.as_slice() {
            [] => vec![own.to_owned()],
            some => some.to_vec(),
        }
    }
}
