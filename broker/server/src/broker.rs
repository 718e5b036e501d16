//! The broker's shared state: what every connection's task sees. Decisions are elsewhere; this is where they are looked up.

use crate::{
    controller::Controller,
    fetch::Sessions,
    group::Groups,
    metrics::Metrics,
    shard::{Shard, Shards},
};
use klamm_metadata::{Image, config::Settings};
use klamm_net::{Budget, Gate};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, LeaderEpoch, PartitionIndex, Str, TopicId, TopicIdPartition, Uuid};
use klamm_world::World;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// The topics that are the broker's own.
pub const INTERNAL_TOPICS: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// The shared state of a running broker.
pub struct Broker {
    /// Everything outside.
    pub world: World,
    /// The configuration file.
    pub settings: Settings,
    /// This broker's id.
    pub id: BrokerId,
    /// The cluster's id.
    pub cluster_id: Str,
    /// The log threads.
    pub shards: Shards,
    /// What is counted.
    pub metrics: Metrics,
    /// The way to the controller of this node.
    pub controller: Controller,
    /// The memory for requests.
    pub budget: Budget,
    /// The listeners.
    pub gates: Vec<Arc<Gate>>,
    /// The group coordinators.
    pub groups: Groups,
    image: RwLock<Arc<Image>>,
    sessions: Mutex<Sessions>,
}

/// A partition that this broker leads.
#[derive(Clone, Copy, Debug)]
pub struct Hosted {
    /// Which one.
    pub id: TopicIdPartition,
    /// The log thread that has it.
    pub shard: usize,
    /// Whether its topic is one of the broker's own.
    pub internal: bool,
}

/// A broker's address on one listener.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The broker.
    pub id: BrokerId,
    /// Its host.
    pub host: Str,
    /// Its port.
    pub port: i32,
    /// Its rack.
    pub rack: Option<Str>,
}

impl Broker {
    /// The state of a broker that knows nothing yet.
    #[must_use]
    pub fn new(
        world: World,
        settings: Settings,
        controller: Controller,
        shards: Shards,
        budget: Budget,
        gates: Vec<Arc<Gate>>,
    ) -> Self {
        let slots = settings.number("max.incremental.fetch.session.cache.slots").unwrap_or(0);
        Self {
            id: settings.node_id(),
            cluster_id: Str::from(controller.meta().cluster_id.as_str()),
            metrics: Metrics::new(crate::api::SERVED.iter().map(|(key, _)| *key)),
            groups: Groups::new(world.clone(), &settings),
            image: RwLock::default(),
            sessions: Mutex::new(Sessions::new(slots)),
            world,
            settings,
            controller,
            shards,
            budget,
            gates,
        }
    }

    /// The metadata as of now.
    #[must_use]
    pub fn image(&self) -> Arc<Image> {
        Arc::clone(&self.image.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the metadata. The log threads must have applied it before, so that nobody hears of a partition that is not there.
    pub fn set_image(&self, image: Arc<Image>) {
        *self.image.write().unwrap_or_else(PoisonError::into_inner) = image;
    }

    /// The fetch sessions.
    pub fn fetch_sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The most that one fetch gives, in bytes (`fetch.max.bytes`).
    #[must_use]
    pub fn fetch_bytes_max(&self) -> u32 {
        self.settings.number("fetch.max.bytes").unwrap_or(u32::MAX)
    }

    /// Whether a topic is one of the broker's own.
    #[must_use]
    pub fn is_internal(&self, topic: &str) -> bool {
        INTERNAL_TOPICS.contains(&topic)
    }

    /// Creates a topic that a client asked for, where `auto.create.topics.enable` allows it; the broker's own in any case.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION` where it does not; `INVALID_TOPIC_EXCEPTION` …
    pub async fn auto_create(&self, topic: &Str) -> Result<(), ErrorCode> {
        if !self.is_internal(topic) && !self.settings.flag("auto.create.topics.enable") {
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        let created = self.controller.auto_create(vec![topic.detached()]).await;
        created.into_iter().next().unwrap_or(Ok(())).map_err(|refused| refused.code)
    }

    /// A partition that this broker leads, by its topic's name.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION`, `NOT_LEADER_OR_FOLLOWER`.
    pub fn hosted_by_name(&self, topic: &str, partition: PartitionIndex) -> Result<Hosted, ErrorCode> {
        let image = self.image();
        let topic = image.topic(topic).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        self.hosted(topic, partition)
    }

    /// A partition that this broker leads, by its topic's id.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_ID`, `UNKNOWN_TOPIC_OR_PARTITION`, `NOT_LEADER_OR_FOLLOWER`.
    pub fn hosted_by_id(&self, topic: Uuid, partition: PartitionIndex) -> Result<Hosted, ErrorCode> {
        let image = self.image();
        let topic = image.topic_by_id(TopicId(topic)).ok_or(ErrorCode::UnknownTopicId)?;
        self.hosted(topic, partition)
    }

    fn hosted(&self, topic: &klamm_metadata::Topic, partition: PartitionIndex) -> Result<Hosted, ErrorCode> {
        let found = topic.partition(partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if found.leader != self.id {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let id = TopicIdPartition { topic: topic.id, partition };
        Ok(Hosted { id, shard: self.shards.index_of(id), internal: self.is_internal(&topic.name) })
    }

    /// The leader of a partition and its epoch, as far as this broker knows; the topic by id, or by name where that is zero.
    #[must_use]
    pub fn leader_of(
        &self,
        id: Uuid,
        name: &str,
        partition: PartitionIndex,
    ) -> Option<(BrokerId, LeaderEpoch)> {
        let image = self.image();
        let topic = if id.is_zero() { image.topic(name) } else { image.topic_by_id(TopicId(id)) };
        let partition = topic?.partition(partition)?;
        Some((partition.leader, partition.leader_epoch))
    }

    /// The brokers that take part, with their addresses on a listener.
    #[must_use]
    pub fn endpoints(&self, listener: &str) -> Vec<Endpoint> {
        let image = self.image();
        let endpoint = |broker: &Arc<klamm_metadata::Broker>| {
            let found = broker.endpoints.iter().find(|one| one.listener.eq_ignore_ascii_case(listener))?;
            Some(Endpoint {
                id: broker.id,
                host: found.host.clone(),
                port: i32::from(found.port),
                rack: broker.rack.clone(),
            })
        };
        image.brokers().filter(|broker| !broker.fenced).filter_map(endpoint).collect()
    }

    /// Does `work` for each partition on its log thread; the results are in the order of the items.
    pub async fn on_partitions<T, R>(
        &self,
        items: Vec<(Result<Hosted, ErrorCode>, T)>,
        work: fn(&mut Shard, TopicIdPartition, T) -> Result<R, ErrorCode>,
    ) -> Vec<Result<R, ErrorCode>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let mut results: Vec<Option<Result<R, ErrorCode>>> = Vec::with_capacity(items.len());
        let mut by_shard: BTreeMap<usize, Vec<(usize, TopicIdPartition, T)>> = BTreeMap::new();
        for (slot, (hosted, item)) in items.into_iter().enumerate() {
            match hosted {
                Ok(hosted) => {
                    results.push(None);
                    by_shard.entry(hosted.shard).or_default().push((slot, hosted.id, item));
                }
                Err(error) => results.push(Some(Err(error))),
            }
        }
        for (shard, items) in by_shard {
            let done = self.shards.get(shard).ask(move |shard| {
                let each = items.into_iter().map(|(slot, id, item)| (slot, work(shard, id, item)));
                each.collect::<Vec<_>>()
            });
            for (slot, result) in done.await.unwrap_or_default() {
                results[slot] = Some(result);
            }
        }
        // a shard that has stopped belongs to a broker that is stopping
        results.into_iter().map(|result| result.unwrap_or(Err(ErrorCode::NotLeaderOrFollower))).collect()
    }
}
