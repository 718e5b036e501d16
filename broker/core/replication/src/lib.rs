//! One replica of one partition: whether it leads or whom it follows, which replicas are in sync, how far everything is committed
//! (the high watermark), where a follower's log must be cut, and who waits.
//!
//! [`Replica`] is a pure machine: events go in, [`Effect`]s come out. It knows offsets only; the log with its records and its
//! epochs belongs to `klamm-log` and `klamm-storage`, the decision who leads to the controller.
//!
//! Must never answer a producer before the high watermark has passed its records within the epoch in which they were
//! appended, and never move the high watermark while fewer than `min.insync.replicas` are in sync (KIP-966).

mod event;
mod follow;
mod follower;
mod in_sync;
mod leader;
mod replica;
#[cfg(test)]
mod tests;
mod throttle;
mod waiting;

pub use event::{
    Acks, Candidate, Durability, Effect, EpochEnd, Event, Fate, Leadership, Member, PartitionEpoch, Proposal,
    Refusal, Rejected, ReplicaSettings,
};
pub use replica::{Position, Replica};
pub use throttle::{Throttle, Throttled};
