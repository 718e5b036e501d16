//! What a step from one image to the next has changed: the broker does work for this, and for nothing else.

use super::{Image, Resource, ResourceKind, Topic};
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
    /// What a jump from one image to another changes, which has no records: a snapshot that was fetched.
    #[must_use]
    pub fn between(before: &Image, after: &Image) -> Self {
        let mut delta = Delta {
            features: before.features != after.features,
            brokers: changed(before.brokers(), after.brokers(), |one| one.id),
            controllers: changed(before.controllers(), after.controllers(), |one| one.id),
            ..Delta::default()
        };
        for topic in before.topics().filter(|topic| after.topic_by_id(topic.id).is_none()) {
            delta.topic_deleted(Arc::clone(topic));
        }
        for topic in after.topics() {
            let old = before.topic_by_id(topic.id);
            if old.is_none() {
                delta.topic_created(topic.id);
            }
            for (index, partition) in topic.indexed() {
                if old.and_then(|old| old.partition(index)) != Some(partition) {
                    delta.partition_changed(topic.id, index);
                }
            }
        }
        let configs = changed(before.configs(), after.configs(), |(resource, _)| (*resource).clone());
        let went_along = |one: &Resource| {
            one.kind == ResourceKind::Topic
                && delta.deleted_names.contains(&one.name)
                && after.config(one).is_empty()
        };
        delta.configs = configs.into_iter().filter(|one| !went_along(one)).collect();
        delta
    }

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

/// What is in one of two lists only, or differs.
fn changed<T: PartialEq, K: Ord>(
    before: impl Iterator<Item = T>,
    after: impl Iterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> BTreeSet<K> {
    let mut before: BTreeMap<K, T> = before.map(|one| (key(&one), one)).collect();
    let mut changed = BTreeSet::new();
    for one in after {
        let key = key(&one);
        if before.remove(&key).as_ref() != Some(&one) {
            changed.insert(key);
        }
    }
    changed.extend(before.into_keys());
    changed
}
