//! All writes. One field manager per writer; what is carried out is what the plan says, with its preconditions.

mod cluster;
mod steps;
mod topic;

pub(crate) use cluster::{cluster, rejection};
pub(crate) use topic::topic;

/// Who writes the objects of a Cluster.
const CLUSTER_MANAGER: &str = "klamm-operator/cluster";
/// Who writes statuses.
const STATUS_MANAGER: &str = "klamm-operator/status";
