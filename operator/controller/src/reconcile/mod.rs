//! Reconcile is: observe, plan, apply, status. What fails is tried again, later and later.

mod cluster;
mod topic;

pub(crate) use cluster::{cluster, cluster_failed};
pub(crate) use topic::{topic, topic_failed};

use std::time::Duration;

/// After an error.
const AGAIN: Duration = Duration::from_secs(2);
