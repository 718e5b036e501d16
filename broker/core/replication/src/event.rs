//! What comes in and what goes out.

use klamm_types::{BrokerEpoch, BrokerId, LeaderEpoch, Offset};

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

/// What "the leader has it" means for a topic (architecture.md §4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// It is in the leader's page cache: Kafka's.
    #[default]
    Replicated,
    /// It is on the leader's disk.
    Fsync,
}

/// A partition that this broker leads, as the metadata log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leadership {
    /// The epoch in which it leads.
    pub epoch: LeaderEpoch,
    /// The version of what follows.
    pub partition_epoch: PartitionEpoch,
    /// All replicas, this broker among them.
    pub replicas: Vec<BrokerId>,
    /// Those in sync, this broker among them.
    pub in_sync: Vec<BrokerId>,
}

/// What happens to a replica. `T` stands for whoever waits for an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<T> {
    /// The metadata log has this broker as the leader: in a new epoch, or with another ISR in the same one.
    Lead(Leadership),
    /// The metadata log has another leader, or none.
    Follow {
        /// The epoch of that leader.
        epoch: LeaderEpoch,
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
    /// A follower fetches from `end`: it has everything before.
    Fetched {
        /// Which one.
        follower: BrokerId,
        /// Its incarnation; unknown before Fetch version 15 (KIP-903).
        broker_epoch: Option<BrokerEpoch>,
        /// Where it fetches.
        end: Offset,
    },
    /// As a follower: the leader tells its high watermark.
    LeaderHighWatermark {
        /// The leader's.
        high_watermark: Offset,
    },
    /// A change of the ISR is on its way to the controller: until its fate is known the high watermark counts both
    /// (KIP-497's maximal ISR).
    Proposed {
        /// The ISR asked for.
        in_sync: Vec<BrokerId>,
    },
    /// The controller refused it.
    ProposalRefused,
    /// The topic's `min.insync.replicas` and durability.
    Configured {
        /// `min.insync.replicas`.
        min_in_sync: u32,
        /// `klamm.durability`.
        durability: Durability,
    },
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
}
