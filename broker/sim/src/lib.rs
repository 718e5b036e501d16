//! Simulated hosts: the ports of `klamm-world` over virtual time, a network and disks that fail, all from one seed.
//!
//! [`run`] plays a scenario in the world of a seed. The scenario makes hosts, starts programs on them (the real code: they
//! see a [`klamm_world::World`] and nothing else), injects faults, and checks what must hold. Two runs of a seed are the same
//! to the last port call; `run` requires it.
//!
//! Must never read a clock, a file or a socket of the operating system. How to use it: docs/simulation.md.

#[cfg(feature = "broker")]
pub mod broker;
pub mod current;
mod disk;
mod executor;
mod getrandom;
mod host;
#[cfg(feature = "broker")]
pub mod invariants;
mod life;
mod log;
mod network;
mod ports;
mod random;
mod simulation;
#[cfg(test)]
mod tests;
mod trace;
#[cfg(feature = "broker")]
pub mod wire;

pub use disk::DiskFaults;
pub use host::Host;
pub use life::Death;
pub use network::{Sent, Tap};
pub use random::Random;
#[cfg(feature = "mutants")]
pub use simulation::run_mutant;
pub use simulation::{Report, Simulation, Violation, run, run_once};
pub use trace::{Counts, Trace};

pub(crate) use life::Incarnation;

/// A host's number: 0 is the scenario itself, outside of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostId(pub u32);

impl std::fmt::Display for HostId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "h{}", self.0)
    }
}
