//! The image: what is true in the cluster at one offset of the metadata log. Immutable and cheap to copy: readers keep theirs
//! while the next is made.

mod apply;
mod delta;
mod parts;
mod replay;
mod snapshot;
#[cfg(test)]
mod tests;
mod transaction;

pub(crate) use snapshot::partition_record;

use crate::{
    Features, KRAFT_VERSION, Record, SUPPORTED_FEATURES, SharedMap,
    config::{Layers, Values},
};
use klamm_types::{BrokerId, LeaderEpoch, Offset, PartitionIndex, ProducerId, Str, TopicId};
use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

pub use apply::ApplyError;
pub use delta::Delta;
pub use parts::{Broker, Controller, Endpoint, FeatureRange, Partition, Resource, ResourceKind, Topic};
pub use replay::Replay;

/// Where in the metadata log something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The offset after the last record.
    pub end: Offset,
    /// The last record's epoch.
    pub epoch: LeaderEpoch,
}

impl Default for Position {
    fn default() -> Self {
        Self { end: Offset(0), epoch: LeaderEpoch(0) }
    }
}

/// What is true in the cluster at one offset of the metadata log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// Up to where the log is in it.
    pub position: Position,
    /// The finalised feature levels.
    pub features: Features,
    brokers: Arc<BTreeMap<BrokerId, Arc<Broker>>>,
    controllers: Arc<BTreeMap<BrokerId, Arc<Controller>>>,
    by_name: SharedMap<Str, Arc<Topic>>,
    by_id: SharedMap<TopicId, Arc<Topic>>,
    configs: SharedMap<Resource, Arc<Values>>,
    next_producer_id: i64,
    /// The records of a transaction that has not ended.
    open: Option<Arc<Vec<Record>>>,
}

impl Image {
    /// All registered brokers, by id.
    pub fn brokers(&self) -> impl Iterator<Item = &Arc<Broker>> {
        self.brokers.values()
    }

    /// A registered broker.
    #[must_use]
    pub fn broker(&self, id: BrokerId) -> Option<&Arc<Broker>> {
        self.brokers.get(&id)
    }

    /// All registered controllers, by id.
    pub fn controllers(&self) -> impl Iterator<Item = &Arc<Controller>> {
        self.controllers.values()
    }

    /// All topics, by name.
    pub fn topics(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.by_name.values()
    }

    /// How many topics there are.
    #[must_use]
    pub fn topic_count(&self) -> usize {
        self.by_name.len()
    }

    /// The topic of that name.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&Arc<Topic>> {
        self.by_name.get(name)
    }

    /// The topic of that id.
    #[must_use]
    pub fn topic_by_id(&self, id: TopicId) -> Option<&Arc<Topic>> {
        self.by_id.get(&id)
    }

    /// A partition by its topic's name.
    #[must_use]
    pub fn partition(&self, topic: &str, index: PartitionIndex) -> Option<&Arc<Partition>> {
        self.topic(topic)?.partition(index)
    }

    /// The replicas of a partition that are on brokers which take no part.
    pub fn offline_replicas<'a>(&'a self, partition: &'a Partition) -> impl Iterator<Item = BrokerId> {
        let is_away = |id: &BrokerId| self.broker(*id).is_none_or(|broker| broker.fenced);
        partition.replicas.iter().copied().filter(is_away)
    }

    /// What is set on a resource while brokers run.
    #[must_use]
    pub fn config(&self, resource: &Resource) -> &Values {
        static NONE: Values = Values::new();
        self.configs.get(resource).map_or(&NONE, |values| values)
    }

    /// All resources on which something is set.
    pub fn configs(&self) -> impl Iterator<Item = (&Resource, &Arc<Values>)> {
        self.configs.iter()
    }

    /// The offset of the last record in it; −1 before the first.
    #[must_use]
    pub fn offset(&self) -> Offset {
        self.position.end.plus(-1)
    }

    /// The features that this version of Klamm serves, and their levels.
    pub fn supported_features(&self) -> impl Iterator<Item = (Str, RangeInclusive<i16>)> {
        SUPPORTED_FEATURES.iter().map(|one| (Str::from_static(one.name), one.min..=one.max))
    }

    /// The finalised features, and their levels. (The voters are always in the log: `kraft.version` is 1.)
    pub fn finalized_features(&self) -> impl Iterator<Item = (Str, i16)> {
        let levels = self.features.iter().map(|(name, level)| (name.clone(), level));
        levels.chain([(Str::from_static(KRAFT_VERSION), 1)])
    }

    /// What the settings of a broker are made of, whose file sets `file`.
    #[must_use]
    pub fn layers<'a>(&'a self, broker: BrokerId, file: &'a Values) -> Layers<'a> {
        Layers {
            broker: self.config(&Resource::broker(broker)),
            all_brokers: self.config(&Resource::all_brokers()),
            file,
        }
    }

    /// The first producer id that no block has.
    #[must_use]
    pub fn next_producer_id(&self) -> ProducerId {
        ProducerId(self.next_producer_id)
    }
}
