//! Three brokers as processes of this machine, each in a network namespace and on a file system of its own, while things go
//! wrong under load: `real-faults` (`cargo xtask faults`).
//!
//! ```text
//! the run: mount, network and process namespaces of its own; all clients run here
//!   └─ bridge "fabric" 10.88.0.1
//!        ├─ veth h1 ── namespace b1, eth0 10.88.0.11: broker 1 ── disks/1: ext4 of 192 MiB on a loop device
//!        ├─ veth h2 ── b2 …
//!        └─ veth h3 ── b3 …
//! ```
//!
//! Nothing of it is left when the run ends, however it ends: the kernel takes the namespaces with all that is in them.

mod account;
mod brokers;
mod client;
mod disk;
mod network;
mod run;
mod schedule;

pub use run::{Plan, enter, run};
