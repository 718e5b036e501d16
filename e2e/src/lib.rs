//! The harness of the end-to-end tests.
//!
//! A test is a [`scenario`]: it gets a namespace of its own ([`Space`]), applies YAML, waits for what users would see,
//! runs client programs [`inside`] the cluster's network and kills things ([`faults`]). It knows a KUBECONFIG and nothing
//! of how the cluster came to be; only faults of whole nodes need the local [`kubernetes`].

pub mod clients;
pub mod cluster;
pub mod documents;
pub mod faults;
pub mod history;
pub mod inside;
pub mod kubernetes;
pub mod load;
pub mod operator;
mod packages;
pub mod processes;
mod report;
pub mod scenario;
pub mod space;

pub use clients::Clients;
pub use cluster::Cluster;
pub use scenario::scenario;
pub use space::Space;
