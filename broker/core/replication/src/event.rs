//! What comes in and what goes out.

use klamm_types::{BrokerEpoch, BrokerId, LeaderEpoch, Mono, Offset};
use std::time::Duration;

/// How often the partition's metadata has changed within its life; every change of the ISR is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionEpoch(pub i32);

/// When a produced batch is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// Never: `acks=0`.
    None,
    /// When the leader has it: `acks=1`.
    Leader,
    /// When it is committed: `acks=all`.
    All,
}

/// What "a replica has it" means for a topic (architecture.md §4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// It is in the replica's page cache: Kafka's.
    #[default]
    Replicated,
    /// It is on the replica's disk.
    Fsync,
}

/// What is set for the partition's topic, or for the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaSettings {
    /// `min.insync.replicas`.
    pub min_in_sync: u32,
    /// `klamm.durability`.
    pub durability: Durability,
    /// `replica.lag.time.max.ms`.
    pub lag_max: Duration,
    /// `replica.fetch.wait.max.ms`; the followers are taken to have the same.
    pub fetch_wait_max: Duration,
    /// `leader.replication.throttled.replicas` names this broker's replica.
    pub throttled_leader: bool,
    /// `follower.replication.throttled.replicas` does.
    pub throttled_follower: bool,
}

impl Default for ReplicaSettings {
    fn default() -> Self {
        Self {
            min_in_sync: 1,
            durability: Durability::Replicated,
            lag_max: Duration::from_secs(30),
            fetch_wait_max: Duration::from_millis(500),
            throttled_leader: false,
            throttled_follower: false,
        }
    }
}

/// A replica's broker, as the metadata log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The broker.
    pub id: BrokerId,
    /// Its registration; none when it is not registered.
    pub epoch: Option<BrokerEpoch>,
    /// Whether it may join the ISR: it is registered, not fenced, and not on its way out (KIP-841).
    pub eligible: bool,
    /// Whether a reassignment brings it, and is not complete: it does not count among those that `acks=all` needs yet.
    pub adding: bool,
}

/// A partition that this broker leads, as the metadata log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leadership {
    /// The epoch in which it leads.
    pub epoch: LeaderEpoch,
    /// The version of what follows.
    pub partition_epoch: PartitionEpoch,
    /// All replicas, this broker among them.
    pub replicas: Vec<Member>,
    /// Those in sync, this broker among them.
    pub in_sync: Vec<BrokerId>,
}

/// A member of an ISR that is asked for, and the incarnation in which its leader knows it (KIP-903); none when that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The broker.
    pub id: BrokerId,
    /// Its incarnation.
    pub epoch: Option<BrokerEpoch>,
}

/// An ISR that the controller is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The leader's epoch.
    pub epoch: LeaderEpoch,
    /// The version of the metadata on which it builds: only one change can follow it.
    pub partition_epoch: PartitionEpoch,
    /// Who is to be in sync.
    pub in_sync: Vec<Candidate>,
}

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The controller took it.
    Taken {
        /// The version of the metadata that has it.
        partition_epoch: PartitionEpoch,
        /// The ISR.
        in_sync: Vec<BrokerId>,
    },
    /// The controller says that it was not done, and that the version on which it built still holds: INELIGIBLE_REPLICA,
    /// OPERATION_NOT_ATTEMPTED.
    NotTaken,
    /// Nobody answered, or somebody who cannot know: it may have been done. It is asked again.
    NoAnswer,
    /// The controller knows a newer version or epoch: the metadata log will tell. Until then it may have been done.
    Outdated,
}

/// The last epoch of a log that is not greater than the one asked for, and where its records end (KIP-101, KIP-279).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnd {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// One past its last record.
    pub end: Offset,
}

/// What happens to a replica. `T` stands for whoever waits for an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<T> {
    /// The metadata log has this broker as the leader: in a new epoch, with another ISR in the same one, or with news of the
    /// replicas' brokers.
    Lead(Leadership),
    /// The metadata log has another leader, or none.
    Follow {
        /// The epoch of that leader.
        epoch: LeaderEpoch,
        /// Who it is.
        leader: Option<BrokerId>,
    },
    /// The log now ends here.
    Appended {
        /// One past the last record.
        end: Offset,
    },
    /// Answer `token` when all records before `end` are committed. For a duplicate of an idempotent batch too: that it is
    /// in the log does not say that it is committed.
    Await {
        /// One past the last record that is waited for.
        end: Offset,
        /// Who waits.
        token: T,
    },
    /// Everything before `end` is on this broker's disk.
    Synced {
        /// One past the last such record.
        end: Offset,
    },
    /// The log was cut: by a follower to match its leader, by anyone after a write that failed.
    Truncated {
        /// One past the last record.
        end: Offset,
    },
    /// A follower fetches from `end`: it has everything before, the same as here (KIP-320), in the sense of the topic's
    /// durability.
    Fetched {
        /// Which one.
        follower: BrokerId,
        /// Its incarnation; unknown before Fetch version 15 (KIP-903).
        broker_epoch: Option<BrokerEpoch>,
        /// Where its log starts.
        log_start: Offset,
        /// Where it fetches.
        end: Offset,
    },
    /// What became of a proposal of this epoch and version.
    Decided {
        /// The proposal's epoch.
        epoch: LeaderEpoch,
        /// The version on which it built.
        partition_epoch: PartitionEpoch,
        /// What became of it.
        fate: Fate,
    },
    /// As a leader: append nothing more until another leads, or `until`; say when every in-sync replica has everything.
    Drain {
        /// When to go on as before.
        until: Mono,
    },
    /// As a follower: the leader tells its high watermark and its log's start.
    LeaderOffsets {
        /// The leader's high watermark.
        high_watermark: Offset,
        /// Where the leader's log starts.
        log_start: Offset,
        /// Where this one does.
        own_start: Offset,
    },
    /// As a follower: the leader's log parts from this one (the answer to a fetch, KIP-595).
    Diverged {
        /// What the leader says of the epoch of our last record.
        leader: EpochEnd,
        /// What our own log says of the leader's epoch; none when it has no such or earlier epoch.
        own: Option<EpochEnd>,
    },
    /// As a follower: the leader has nothing at our log's end; these are its bounds.
    OutOfRange {
        /// Where the leader's log starts.
        start: Offset,
        /// Where it ends.
        end: Offset,
    },
    /// The topic's settings.
    Configured(ReplicaSettings),
    /// Time has passed: at least every half of `replica.lag.time.max.ms`.
    Tick,
}

/// What a replica's log has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) start: Offset,
    /// One past the last record.
    pub(crate) end: Offset,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<T> {
    /// Everything before this offset is committed: consumers may see it.
    HighWatermark(Offset),
    /// What was waited for is committed.
    Acknowledge(T),
    /// It will not be known here whether it is committed.
    Refuse(T, Refusal),
    /// Ask the controller for another ISR; its fate comes back as [`Event::Decided`].
    Propose(Proposal),
    /// Cut the log here, with its epochs and producers; then say [`Event::Truncated`].
    Truncate(Offset),
    /// Drop the whole log, and begin anew here; then say [`Event::Truncated`].
    BeginAt(Offset),
    /// The leader dropped what is before: so may this replica.
    LogStart(Offset),
    /// Every in-sync replica has everything, and nothing more is appended.
    Drained,
    /// The hand-over did not happen: append again.
    Resume,
}

/// Why a batch is not appended, or not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This broker does not lead the partition, or not any more.
    #[error("this broker does not lead the partition")]
    NotLeader,
    /// `acks=all` needs more replicas in sync than there are. (Never after an append: below the minimum the high watermark
    /// stands still, so the batch waits for replicas to come back, until its request's timeout.)
    #[error("{in_sync} replicas are in sync, acks=all needs {needed}")]
    NotEnoughReplicas {
        /// How many are.
        in_sync: usize,
        /// How many it takes.
        needed: usize,
    },
    /// The leadership is being handed over: wait for the next leader, or for [`Effect::Resume`].
    #[error("the leadership is being handed over")]
    Draining,
}

/// An event that must change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It tells of an older epoch than is known.
    #[error("epoch {told} is older than the current epoch {known}")]
    OldEpoch {
        /// The event's.
        told: LeaderEpoch,
        /// The replica's.
        known: LeaderEpoch,
    },
    /// Only a leader is asked this.
    #[error("this broker does not lead the partition")]
    NotLeader,
    /// Only a follower hears from a leader.
    #[error("this broker leads the partition itself")]
    IsLeader,
    /// Only replicas are counted.
    #[error("broker {0} is not a replica of the partition")]
    NotReplica(BrokerId),
    /// A fetch of an incarnation of a broker that has been replaced (KIP-903).
    #[error("broker {follower} fetched as incarnation {told}, but is known as {known}")]
    OldBrokerEpoch {
        /// Which broker.
        follower: BrokerId,
        /// The event's.
        told: BrokerEpoch,
        /// The replica's.
        known: BrokerEpoch,
    },
    /// The fate of a proposal that is decided already.
    #[error("no such proposal is under way")]
    NoProposal,
    /// The leader does not know where the logs part.
    #[error("the logs part at {0}, says the leader")]
    NoOffset(Offset),
}
