//! The plan against a Kubernetes in memory. One program: linking dominates otherwise.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests, where the exception for tests does not reach

mod formation;
mod quickstart;
mod quorum;
mod rollout;
mod safe;
mod topic;
mod world;
