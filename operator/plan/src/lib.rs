//! From what is observed to what is done: pure functions, no clock, no randomness, no I/O.
//!
//! A reconciliation reads everything into [`cluster::Observed`] or [`topic::Observed`], asks for the plan, carries it
//! out and writes the plan's status. Nothing is remembered between two: the operator may be killed between any two steps.

pub mod cluster;
mod conditions;
mod kafka_settings;
mod refusal;
mod resource;
pub mod resources;
pub mod topic;

pub use conditions::{Conditions, Fact};
pub use refusal::Refusal;
pub use resource::{HASH_ANNOTATION, Kind, Resource, hash};
