//! One replica of one partition: whether it leads, which replicas are in sync with it, how far everything is committed (the
//! high watermark), and who waits for that.
//!
//! [`Replica`] is a pure machine: events go in, [`Effect`]s come out. It knows offsets only; the log with its records and its
//! epochs belongs to `klamm-log` and `klamm-storage`, the decision who leads to the controller.
//!
//! Must never answer a producer before the high watermark has passed its records within the epoch in which they were
//! appended, and never move the high watermark while fewer than `min.insync.replicas` are in sync (KIP-966).

mod event;
mod in_sync;
mod replica;
#[cfg(test)]
mod tests;
mod waiting;

pub use event::{Acks, Durability, Effect, Event, Leadership, PartitionEpoch, Refusal, Rejected};
pub use replica::Replica;
