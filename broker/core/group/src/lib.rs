//! Consumer groups: membership, assignment, offsets.
//!
//! [`GroupCoordinator`] is the pure machine that coordinates the groups of one partition of `__consumer_offsets`: joins,
//! syncs and commits go in as events, records and answers come out as effects. It must never show or answer what is
//! not committed to that partition, and never say "no offset" while it does not know.

mod answers;
mod census;
mod classic;
mod config;
mod coordinator;
mod event;
mod failure;
mod in_flight;
mod offsets;
mod partitioning;
mod records;
mod request;
#[cfg(test)]
mod tests;

pub use census::{Census, Phase, Tally};
pub use config::GroupConfig;
pub use coordinator::GroupCoordinator;
pub use event::{AppendId, Caller, Context, Effect, Event, GroupView, LogRecord, Request, Response};
pub use offsets::CommittedOffset;
pub use partitioning::partition_for;
