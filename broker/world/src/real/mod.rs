//! The real adapters: Linux, through std, tokio and rustix.

mod disk;
mod memory;
mod network;
mod ports;

pub use memory::memory_limit_bytes;

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
