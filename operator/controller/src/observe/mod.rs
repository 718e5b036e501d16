//! All reads.

mod bootstrap;
mod broker;
mod cluster;
mod pods;
mod quorum;
mod secrets;
mod topic;

pub(crate) use broker::address as broker_address;
pub(crate) use cluster::{ClusterView, api_resource, cluster};
pub(crate) use secrets::{Authorities, authorities, field as secret_field};
pub(crate) use topic::{TopicView, admin, topic};
