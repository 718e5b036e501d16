//! The Raft of the metadata log, shaped as KRaft (KIP-595, 630, 853, 996, 1166): who leads in which epoch, what is committed,
//! who votes, when a snapshot is due.
//!
//! Owns votes, epochs, the voters and the high watermark. Must never look into the metadata records that it orders.

mod control;
mod election;
mod election_state;
mod following;
mod leader;
mod leading;
mod machine;
mod message;
mod requests;
mod role;
mod shape;
mod snapshot;
mod voter_change;
mod voters;

pub use control::ControlRecord;
pub use election_state::{BadElectionState, ElectionState};
pub use leader::{Leader, Progress};
pub use machine::{After, Effect, Event, Payload, Quorum, Rejected, Start};
pub use message::{Answer, Body, CallId, Failure, FetchedBatch, Request, RequestId, Target};
pub use role::{Campaign, Role, Timeouts};
pub use shape::{EpochStart, LogShape};
pub use snapshot::{SnapshotId, SnapshotPolicy};
pub use voters::{Endpoint, ReplicaKey, Voter, VoterHistory, Voters};
