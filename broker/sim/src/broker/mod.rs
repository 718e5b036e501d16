//! The real broker on simulated hosts, with clients that know what must hold.
//!
//! [`SCENARIOS`] play a load of idempotent producers and consumers while faults strike; [`history`] is the oracle.

mod client;
mod cluster;
mod commits;
mod consumer;
mod faults;
pub mod history;
mod nemesis;
mod node;
mod producer;
mod release;
mod scenarios;
#[cfg(test)]
mod tests;
mod voters;
mod workload;

pub use client::{Broken, Client};
pub use scenarios::{SCENARIOS, Scenario};
