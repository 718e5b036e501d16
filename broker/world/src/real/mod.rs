//! The real adapters: Linux, through std, tokio and rustix.

mod disk;
mod limits;
mod network;
mod ports;

pub use limits::{hostname, memory_limit_bytes, raise_open_files};

use crate::World;
use std::sync::Arc;

/// The real world. Call it inside a tokio runtime: its tasks run there.
#[must_use]
pub fn world() -> World {
    World {
        clock: Arc::new(ports::RealClock::default()),
        entropy: Arc::new(ports::RealEntropy),
        network: Arc::new(network::RealNetwork),
        disk: Arc::new(disk::RealDisk),
        spawn: Arc::new(ports::RealSpawn(tokio::runtime::Handle::current())),
    }
}
