//! What a step from one image to the next has changed: the broker does work for this, and for nothing else.

use super::{Resource, Topic};
use klamm_types::{BrokerId, PartitionIndex, Str, TopicId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What has changed. A topic that was made and deleted within one step is in neither list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    /// Topics that were made, by id; look them up in the new image.
    pub created: BTreeSet<TopicId>,
    /// Topics that were deleted, as they were.
    pub deleted: BTreeMap<TopicId, Arc<Topic>>,
    /// Partitions that were made or have changed, those of new topics included.
    pub partitions: BTreeMap<TopicId, BTreeSet<PartitionIndex>>,
    /// Topics and brokers whose settings have changed.
    pub configs: BTreeSet<Resource>,
    /// Brokers that were registered, changed or forgotten.
    pub brokers: BTreeSet<BrokerId>,
    /// Controllers that were registered or forgotten.
    pub controllers: BTreeSet<BrokerId>,
    /// Whether a feature's level has changed.
    pub features: bool,
    /// Names of deleted topics: their settings went along.
    pub deleted_names: BTreeSet<Str>,
}

impl Delta {
    pub(super) fn topic_created(&mut self, id: TopicId) {
        self.created.insert(id);
    }

    pub(super) fn partition_changed(&mut self, topic: TopicId, index: PartitionIndex) {
        self.partitions.entry(topic).or_default().insert(index);
    }

    pub(super) fn topic_deleted(&mut self, topic: Arc<Topic>) {
        self.partitions.remove(&topic.id);
        self.configs.remove(&Resource::topic(topic.name.clone()));
        self.deleted_names.insert(topic.name.clone());
        if !self.created.remove(&topic.id) {
            self.deleted.insert(topic.id, topic);
        }
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
