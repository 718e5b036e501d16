//! The harness of the end-to-end tests.
//!
//! [`kubernetes`] is a real Kubernetes on one machine without a Docker engine, for those who have none; the tests
//! themselves know only a KUBECONFIG.

pub mod kubernetes;
