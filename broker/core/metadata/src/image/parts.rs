//! The things that an image holds.

use klamm_types::{BrokerEpoch, BrokerId, DirectoryId, LeaderEpoch, PartitionIndex, Str, TopicId, Uuid};
use std::sync::Arc;

/// Where a broker or controller is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The listener's name.
    pub listener: Str,
    /// The host that clients are told.
    pub host: Str,
    /// The port that clients are told.
    pub port: u16,
    /// The protocol: 0 plain text, 1 TLS, 2 SASL, 3 SASL over TLS.
    pub security_protocol: i16,
}

/// The levels of a feature that a node serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureRange {
    /// The feature.
    pub name: Str,
    /// The lowest level.
    pub min: i16,
    /// The highest level.
    pub max: i16,
}

impl Endpoint {
    /// As a record or request tells of it, whose bytes it does not hold on to.
    #[must_use]
    pub fn told(listener: &Str, host: &Str, port: u16, security_protocol: i16) -> Self {
        Self { listener: listener.detached(), host: host.detached(), port, security_protocol }
    }
}

impl FeatureRange {
    /// As a record or request tells of it, whose bytes it does not hold on to.
    #[must_use]
    pub fn told(name: &Str, min: i16, max: i16) -> Self {
        Self { name: name.detached(), min, max }
    }
}

/// A registered broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its id.
    pub id: BrokerId,
    /// This registration of it.
    pub epoch: BrokerEpoch,
    /// The process.
    pub incarnation: Uuid,
    /// Where it is reached.
    pub endpoints: Vec<Endpoint>,
    /// What it serves.
    pub features: Vec<FeatureRange>,
    /// Where it stands.
    pub rack: Option<Str>,
    /// It must not lead, and clients are not told of it.
    pub fenced: bool,
    /// It hands over its partitions.
    pub in_controlled_shutdown: bool,
    /// Its log directories.
    pub directories: Vec<DirectoryId>,
}

impl Broker {
    /// Whether it may lead and be in sync.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }

    /// Where it is reached on a listener; the case of its name does not count, as in Kafka.
    #[must_use]
    pub fn endpoint(&self, listener: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|one| one.listener.eq_ignore_ascii_case(listener))
    }
}

/// A registered controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its node's id.
    pub id: BrokerId,
    /// The process.
    pub incarnation: Uuid,
    /// Where it is reached.
    pub endpoints: Vec<Endpoint>,
    /// What it serves.
    pub features: Vec<FeatureRange>,
}

/// A topic. A changed partition makes a new topic that shares the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// Its name.
    pub name: Str,
    /// Its id.
    pub id: TopicId,
    /// Its partitions, by index.
    pub partitions: Vec<Arc<Partition>>,
}

/// A partition.
///
/// Invariants: the ISR and the ELR are of the replicas and share nobody; the leader is in the ISR or there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    /// The brokers that have it, the preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// The directory of each replica.
    pub directories: Vec<DirectoryId>,
    /// The replicas that have all that is acknowledged.
    pub isr: Vec<BrokerId>,
    /// Replicas that had all that is acknowledged when they left the ISR (KIP-966).
    pub elr: Vec<BrokerId>,
    /// The last that were eligible.
    pub last_known_elr: Vec<BrokerId>,
    /// Replicas on their way out.
    pub removing: Vec<BrokerId>,
    /// Replicas on their way in.
    pub adding: Vec<BrokerId>,
    /// Who leads; −1 for nobody.
    pub leader: BrokerId,
    /// How often the leader has changed.
    pub leader_epoch: LeaderEpoch,
    /// How often anything has changed.
    pub partition_epoch: i32,
    /// 1 after an unclean election, until the leader has recovered; else 0 (KIP-704).
    pub recovery_state: i8,
}

/// What has settings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// A topic's name, a broker's id; empty for all brokers.
    pub name: Str,
}

/// What has settings, with Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum ResourceKind {
    /// A topic.
    Topic = 2,
    /// A broker, or all.
    Broker = 4,
}

impl ResourceKind {
    /// The kind with Kafka's number.
    #[must_use]
    pub fn from_wire(number: i8) -> Option<Self> {
        match number {
            2 => Some(ResourceKind::Topic),
            4 => Some(ResourceKind::Broker),
            _ => None,
        }
    }

    /// Kafka's number.
    #[must_use]
    pub fn wire(self) -> i8 {
        self as i8
    }
}

impl Resource {
    /// A topic.
    #[must_use]
    pub fn topic(name: Str) -> Self {
        Self { kind: ResourceKind::Topic, name }
    }

    /// A broker.
    #[must_use]
    pub fn broker(id: BrokerId) -> Self {
        Self { kind: ResourceKind::Broker, name: Str::from(id.to_string()) }
    }

    /// All brokers.
    #[must_use]
    pub fn all_brokers() -> Self {
        Self { kind: ResourceKind::Broker, name: Str::default() }
    }
}

impl Topic {
    /// One partition.
    #[must_use]
    pub fn partition(&self, index: PartitionIndex) -> Option<&Arc<Partition>> {
        self.partitions.get(usize::try_from(index.0).ok()?)
    }

    /// All partitions with their index.
    pub fn indexed(&self) -> impl Iterator<Item = (PartitionIndex, &Arc<Partition>)> {
        (0..).map(PartitionIndex).zip(&self.partitions)
    }
}

impl Partition {
    /// Whether it has a leader.
    #[must_use]
    pub fn has_leader(&self) -> bool {
        self.leader != BrokerId::NONE
    }

    /// Whether it moves to other brokers.
    #[must_use]
    pub fn is_reassigned(&self) -> bool {
        !(self.adding.is_empty() && self.removing.is_empty())
    }

    /// The directory that a broker has it in; none where that is no replica.
    #[must_use]
    pub fn directory_of(&self, id: BrokerId) -> Option<DirectoryId> {
        let place = self.replicas.iter().position(|one| *one == id)?;
        self.directories.get(place).copied()
    }
}
