//! What is committed becomes true here: the log threads apply it, and only then does the rest of the broker see the image.

use crate::{
    broker::Broker,
    controller::Publish,
    replicate::Followed,
    shard::{Hosting, Role},
};
use klamm_log::{CleanupPolicy, LogConfig};
use klamm_metadata::{
    Delta, Image, Partition, Resource, ResourceKind, Topic,
    config::{TimestampType, TopicSettings},
};
use klamm_replication::{Durability, Leadership, Member, PartitionEpoch, ReplicaSettings};
use klamm_types::{BrokerId, PartitionIndex, TopicId, TopicIdPartition, TopicPartition};
use klamm_world::{BoxFuture, mutant};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// What one log thread has to do.
#[derive(Default)]
struct Work {
    delete: Vec<TopicIdPartition>,
    host: Vec<Hosting>,
}

type WorkByShard = BTreeMap<usize, Work>;

impl Publish for Broker {
    fn publish(&self, image: Arc<Image>, delta: Delta) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let (mut going, mut coming): (WorkByShard, WorkByShard) = Default::default();
            for topic in delta.deleted.values() {
                for (partition, _) in topic.indexed() {
                    let id = TopicIdPartition { topic: topic.id, partition };
                    going.entry(self.shards.index_of(id)).or_default().delete.push(id);
                }
            }
            for id in self.moved_away(&image, &delta) {
                going.entry(self.shards.index_of(id)).or_default().delete.push(id);
            }
            let mut followed = Vec::new();
            for work in going.values() {
                followed.extend(work.delete.iter().map(|id| (*id, None)));
            }
            for (id, hosting) in self.to_host(&image, &delta) {
                followed.push((id, Followed::of(&hosting)));
                coming.entry(self.shards.index_of(id)).or_default().host.push(hosting);
            }
            // a topic made anew has the directory names of the deleted one, on other log threads: those go first
            self.carry_out_all(going).await;
            self.carry_out_all(coming).await;
            self.count_isr_changes(&image, &delta);
            self.groups.follow(self, &image, &delta);
            self.controller.published(&image, &delta);
            if delta.configs.iter().any(|resource| resource.kind == ResourceKind::Broker) {
                self.set_throttles(&image);
            }
            self.set_image(image);
            self.fetchers.follow(followed.into_iter());
        })
    }
}

impl Broker {
    async fn carry_out_all(&self, by_shard: WorkByShard) {
        let running: Vec<_> = by_shard.into_iter().map(|(shard, work)| self.carry_out(shard, work)).collect();
        futures::future::join_all(running).await;
    }

    async fn carry_out(&self, shard: usize, work: Work) {
        let done = self.shards.get(shard).ask(move |shard| {
            for id in work.delete {
                if let Err(error) = shard.delete(id) {
                    tracing::error!(topic = %id.topic, partition = %id.partition, %error, "a deleted log cannot be removed");
                }
            }
            for hosting in work.host {
                let name = hosting.name.clone();
                if let Err(error) = shard.host(hosting) {
                    tracing::error!(partition = %name, %error, "a partition is offline here");
                }
            }
        });
        done.await; // a thread that has stopped belongs to a broker that is stopping
    }

    /// Counts who came into ISRs of what is led here, and who left them; `image` is what follows the present one.
    fn count_isr_changes(&self, image: &Image, delta: &Delta) {
        let before = self.image();
        for (id, indexes) in &delta.partitions {
            let (Some(old), Some(new)) = (before.topic_by_id(*id), image.topic_by_id(*id)) else { continue };
            for index in indexes {
                let (Some(old), Some(new)) = (old.partition(*index), new.partition(*index)) else { continue };
                if new.leader == self.id {
                    let lacks = |isr: &[BrokerId], one: &&BrokerId| !isr.contains(*one);
                    let left = old.isr.iter().filter(|one| lacks(&new.isr, one)).count();
                    let came = new.isr.iter().filter(|one| lacks(&old.isr, one)).count();
                    self.metrics.isr_changed(left as u64, came as u64);
                }
            }
        }
    }

    /// Partitions that have no replica here any more.
    fn moved_away(&self, image: &Image, delta: &Delta) -> Vec<TopicIdPartition> {
        let changed =
            delta.partitions.iter().filter_map(|(id, indexes)| Some((image.topic_by_id(*id)?, indexes)));
        let all = changed.flat_map(|(topic, indexes)| {
            indexes.iter().filter_map(|index| Some((topic.id, *index, topic.partition(*index)?)))
        });
        all.filter(|(_, _, partition)| !partition.replicas.contains(&self.id))
            .map(|(topic, partition, _)| TopicIdPartition { topic, partition })
            .collect()
    }

    /// The partitions with a replica here whose leadership, settings or brokers have changed.
    fn to_host(&self, image: &Image, delta: &Delta) -> Vec<(TopicIdPartition, Hosting)> {
        let mut changed: BTreeMap<TopicId, BTreeSet<PartitionIndex>> = delta.partitions.clone();
        for topic in configured(image, delta) {
            changed.entry(topic.id).or_default().extend(topic.indexed().map(|(index, _)| index));
        }
        for (topic, index) in self.led_with(image, &delta.brokers) {
            changed.entry(topic).or_default().insert(index);
        }
        let mut to_host = Vec::new();
        for (id, partitions) in changed {
            let Some(topic) = image.topic_by_id(id) else { continue };
            let settings = self.topic_settings(image, topic);
            let config = Arc::new(self.log_config(&settings));
            for index in partitions {
                let here = |one: &&Arc<Partition>| one.replicas.contains(&self.id);
                let Some(partition) = topic.partition(index).filter(here) else { continue };
                let id = TopicIdPartition { topic: id, partition: index };
                let hosting = Hosting {
                    id,
                    name: TopicPartition { topic: topic.name.clone(), partition: index },
                    role: self.role(image, partition),
                    settings: self.replica_settings(&settings, index),
                    config: Arc::clone(&config),
                };
                to_host.push((id, hosting));
            }
        }
        to_host
    }

    /// What is led here with a replica on one of `brokers`: whether that one may join an ISR has changed.
    fn led_with(&self, image: &Image, brokers: &BTreeSet<BrokerId>) -> Vec<(TopicId, PartitionIndex)> {
        let others: BTreeSet<BrokerId> = brokers.iter().copied().filter(|id| *id != self.id).collect();
        if others.is_empty() {
            return Vec::new();
        }
        let all =
            image.topics().flat_map(|topic| topic.indexed().map(move |(index, one)| (topic.id, index, one)));
        all.filter(|(_, _, one)| one.leader == self.id && one.replicas.iter().any(|id| others.contains(id)))
            .map(|(topic, index, _)| (topic, index))
            .collect()
    }

    fn role(&self, image: &Image, partition: &Partition) -> Role {
        // what an earlier life led is not led by this one, whose log may be shorter: it would begin that epoch elsewhere
        let registered = image.broker(self.id).is_some_and(|broker| Some(broker.epoch) == self.epoch());
        let registered = registered || mutant::active("lead what an earlier life led");
        if partition.leader == self.id && registered {
            return Role::Leader(leadership(image, partition));
        }
        let leader = Some(partition.leader).filter(|id| partition.has_leader() && *id != self.id);
        Role::Follower { epoch: partition.leader_epoch, leader }
    }

    fn replica_settings(&self, settings: &TopicSettings, partition: PartitionIndex) -> ReplicaSettings {
        let default = ReplicaSettings::default();
        let millis =
            |name: &str, otherwise| self.settings.number(name).map_or(otherwise, Duration::from_millis);
        ReplicaSettings {
            min_in_sync: u32::try_from(settings.min_insync_replicas).unwrap_or(1),
            durability: if settings.fsync { Durability::Fsync } else { Durability::Replicated },
            lag_max: millis("replica.lag.time.max.ms", default.lag_max),
            fetch_wait_max: millis("replica.fetch.wait.max.ms", default.fetch_wait_max),
            throttled_leader: settings.throttled_leaders.names(partition, self.id),
            throttled_follower: settings.throttled_followers.names(partition, self.id),
        }
    }

    /// The settings of a topic that count on this broker.
    #[must_use]
    pub fn topic_settings(&self, image: &Image, topic: &Topic) -> TopicSettings {
        let own = image.config(&Resource::topic(topic.name.clone()));
        TopicSettings::of(own, image.layers(self.id, self.settings.values()))
    }

    fn log_config(&self, settings: &TopicSettings) -> LogConfig {
        let bytes = |value: i32| u32::try_from(value).unwrap_or(0);
        let jitter_ms = match settings.segment_jitter_ms {
            0 => 0,
            most => (self.world.random_u64() % most.unsigned_abs()) as i64,
        };
        LogConfig {
            segment_bytes: bytes(settings.segment_bytes),
            segment_ms: settings.segment_ms,
            segment_jitter_ms: jitter_ms,
            segment_index_bytes: bytes(settings.segment_index_bytes),
            index_interval_bytes: bytes(settings.index_interval_bytes),
            retention_ms: settings.retention_ms,
            retention_bytes: settings.retention_bytes,
            max_message_bytes: bytes(settings.max_message_bytes),
            message_timestamp_type: match settings.timestamp_type {
                TimestampType::CreateTime => klamm_records::TimestampType::CreateTime,
                TimestampType::LogAppendTime => klamm_records::TimestampType::LogAppendTime,
            },
            message_timestamp_before_max_ms: settings.timestamp_before_max_ms,
            message_timestamp_after_max_ms: settings.timestamp_after_max_ms,
            cleanup_policy: CleanupPolicy { delete: settings.delete, compact: settings.compact },
            file_delete_delay_ms: settings.file_delete_delay_ms,
            producer_id_expiration_ms: self.settings.number("producer.id.expiration.ms").unwrap_or(i64::MAX),
        }
    }
}

/// The topics whose settings a step has changed: a broker's settings stand behind those of all topics.
fn configured<'a>(image: &'a Image, delta: &Delta) -> Vec<&'a Arc<Topic>> {
    if delta.configs.iter().any(|resource: &Resource| resource.kind == ResourceKind::Broker) {
        return image.topics().collect();
    }
    delta.configs.iter().filter_map(|resource| image.topic(&resource.name)).collect()
}

fn leadership(image: &Image, partition: &Partition) -> Leadership {
    let member = |id: &BrokerId| {
        let broker = image.broker(*id);
        Member {
            id: *id,
            epoch: broker.map(|broker| broker.epoch),
            eligible: broker.is_some_and(|broker| !broker.fenced && !broker.in_controlled_shutdown),
            adding: partition.adding.contains(id),
        }
    };
    Leadership {
        epoch: partition.leader_epoch,
        partition_epoch: PartitionEpoch(partition.partition_epoch),
        replicas: partition.replicas.iter().map(member).collect(),
        in_sync: partition.isr.clone(),
    }
}
