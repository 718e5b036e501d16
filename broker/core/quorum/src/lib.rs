//! The Raft of the metadata log, shaped as KRaft (KIP-595, 630, 853, 996): who leads in which epoch, what is committed, when a
//! snapshot is due.
//!
//! Owns votes, epochs, the voters and the high watermark. Must never look into the metadata records that it orders.

mod control;
mod election_state;
mod leader;
mod machine;
mod snapshot;
mod voters;

pub use control::ControlRecord;
pub use election_state::{BadElectionState, ElectionState};
pub use leader::{Leader, Progress};
pub use machine::{After, Effect, Event, LogEnd, Payload, Quorum, Rejected, Role, Start};
pub use snapshot::{SnapshotId, SnapshotPolicy};
pub use voters::{Endpoint, ReplicaKey, Voter, Voters};
