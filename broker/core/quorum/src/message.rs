//! What replicas of the metadata log say to each other, without the wire's versions and optional fields.

use crate::{Endpoint, ReplicaKey, SnapshotId, Voter, Voters};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, Bytes, LeaderEpoch, Offset};
use std::time::Duration;

/// A request that this node has sent, until its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// A request that somebody has sent to this node, until it is answered. The driver numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// To whom a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A node: [`crate::Quorum::endpoints_of`] says where.
    Node(BrokerId),
    /// The address with this number among `controller.quorum.bootstrap.servers`.
    Bootstrap(usize),
}

/// A request between replicas.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// KIP-595, with pre-vote (KIP-996).
    Vote {
        /// The epoch stood for; a pre-vote's is the one before.
        epoch: LeaderEpoch,
        /// Who asks.
        candidate: ReplicaKey,
        /// Who is asked: a recreated volume must not answer in the old one's name.
        voter: ReplicaKey,
        /// The end of the candidate's log.
        log: SnapshotId,
        /// Whether it only asks if it would get the vote.
        pre_vote: bool,
    },
    /// A leader tells of itself.
    BeginEpoch {
        /// Its epoch.
        epoch: LeaderEpoch,
        /// The leader.
        leader: BrokerId,
        /// Who is told.
        voter: ReplicaKey,
        /// Where the leader is.
        endpoints: Vec<Endpoint>,
    },
    /// A leader resigns.
    EndEpoch {
        /// Its epoch.
        epoch: LeaderEpoch,
        /// The leader that was.
        leader: BrokerId,
        /// Who should follow it, the best first.
        preferred: Vec<ReplicaKey>,
    },
    /// What is behind `log`?
    Fetch {
        /// The epoch that the replica knows.
        epoch: LeaderEpoch,
        /// Who asks.
        replica: ReplicaKey,
        /// The end of its log, durable.
        log: SnapshotId,
        /// How long it waits for news.
        max_wait: Duration,
        /// What it knows to be committed (KIP-1166); none where its version cannot say.
        high_watermark: Option<Offset>,
    },
    /// A piece of a snapshot (KIP-630).
    FetchSnapshot {
        /// The epoch that the replica knows.
        epoch: LeaderEpoch,
        /// Who asks.
        replica: ReplicaKey,
        /// Which snapshot.
        snapshot: SnapshotId,
        /// From which byte on.
        position: u64,
    },
    /// A voter has moved (KIP-853).
    UpdateVoter {
        /// The epoch that it knows.
        epoch: LeaderEpoch,
        /// The voter as it is now.
        voter: Voter,
    },
    /// An observer is to vote. The driver has made sure that it is there.
    AddVoter {
        /// The voter.
        voter: Voter,
        /// Whether the answer waits until it is committed (KIP-1186).
        wait: bool,
    },
    /// A voter is to vote no more.
    RemoveVoter {
        /// Which one.
        key: ReplicaKey,
    },
}

/// An answer. Each says what its sender knows of the epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Kafka's code.
    pub error: ErrorCode,
    /// More on it, for people.
    pub message: Option<String>,
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// Its leader.
    pub leader: Option<BrokerId>,
    /// Where the leader is.
    pub endpoints: Vec<Endpoint>,
    /// What was asked for.
    pub body: Body,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing more.
    Empty,
    /// Whether the vote is given.
    Vote {
        /// Whether it is.
        granted: bool,
    },
    /// The log from an offset on.
    Records {
        /// From where on.
        from: Offset,
        /// The batches. The machine of a leader leaves them empty: the driver reads them.
        batches: Vec<FetchedBatch>,
        /// What is committed.
        high_watermark: Option<Offset>,
    },
    /// The logs part: the leader's records up to this epoch end here.
    Diverging(SnapshotId),
    /// The log does not reach back so far: first this snapshot.
    Snapshot(SnapshotId),
    /// A piece of a snapshot.
    Piece {
        /// From which byte on.
        position: u64,
        /// The whole snapshot's size in bytes. Left to the driver by a leader's machine.
        size_bytes: u64,
        /// The bytes. Left to the driver by a leader's machine.
        bytes: Bytes,
    },
}

/// A batch that came from a leader, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchedBatch {
    /// Its epoch.
    pub epoch: LeaderEpoch,
    /// Its first offset.
    pub base: Offset,
    /// The offset after its last.
    pub end: Offset,
    /// The voters that a record of it tells of, with the record's offset.
    pub voters: Option<(Offset, Voters)>,
    /// The batch.
    pub bytes: Bytes,
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens there: the process is dead (architecture.md, decision 7).
    Refused,
    /// The connection broke, the time was over, or the answer made no sense.
    Lost,
}
