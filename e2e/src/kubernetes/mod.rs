//! A real Kubernetes on one Linux machine: every node is a network namespace, all components are one Go program.
//!
//! The whole of it lives in a mount, network and process namespace of its own, whose first process is our program
//! ([`inside`]). So several stand side by side, none reaches the outside, and the kernel itself takes everything away
//! when that process ends: a test that is killed leaves nothing running and nothing mounted.
//!
//! ```text
//!  machine ─┬─ its own network namespace: etcd, API server, …, CoreDNS 10.77.0.1, and the tests
//!           │    └─ bridge "fabric" 10.77.0.0/24 ── v1 ─┐
//!           └─ node n1: its own network namespace, eth0 10.77.0.11: containerd, kubelet, kube-proxy
//!                └─ bridge "pods" 10.78.1.0/24 ── one pod each
//! ```

mod certificates;
mod cgroups;
mod control_plane;
mod folder;
pub mod inside;
mod machine;
mod network;
mod node;
pub(crate) mod process;
mod tools;

pub use machine::Machine;
pub use node::Node;
pub use tools::Tools;
