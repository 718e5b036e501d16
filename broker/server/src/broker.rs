//! The broker's shared state: what every connection's task sees. Decisions are elsewhere; this is where they are looked up.

use crate::{
    api,
    controller::{ChannelError, Controller, ControllerChannel},
    fetch::Sessions,
    group::Groups,
    metrics::Metrics,
    peer::Peers,
    replicate::Fetchers,
    shard::{Shard, Shards},
    throttle::Throttles,
};
use klamm_metadata::{Image, config::Settings, decide::ProducerIdBlock};
use klamm_net::{Budget, Gate};
use klamm_protocol::{AllocateProducerIdsRequest, ErrorCode};
use klamm_types::{
    BrokerEpoch, BrokerId, LeaderEpoch, Mono, PartitionIndex, ProducerId, Str, TopicId, TopicIdPartition,
    Uuid,
};
use klamm_world::World;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// The topics that are the broker's own.
pub const INTERNAL_TOPICS: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// How long a client waits for producer ids: less than its own patience.
const PRODUCER_IDS_MAX: Duration = Duration::from_secs(10);

/// How long what the active controller has done may take to be known here, before a client is sent away for a while.
const LEARN_MAX: Duration = Duration::from_secs(2);

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
    /// The way to the active controller.
    pub channel: ControllerChannel,
    /// Connections to other nodes.
    pub peers: Peers,
    /// The memory for requests.
    pub budget: Budget,
    /// The listeners.
    pub gates: Vec<Arc<Gate>>,
    /// The group coordinators.
    pub groups: Groups,
    /// What is fetched from leaders.
    pub fetchers: Fetchers,
    /// How fast replicas that are moved are fetched.
    pub(crate) throttles: Throttles,
    image: RwLock<Arc<Image>>,
    image_changed: Notify,
    /// [`Broker::epoch`]; −1 for none.
    epoch: AtomicI64,
    /// Until when a session lasts by the last heartbeat that was answered, in nanoseconds of the monotonic clock.
    session_end: AtomicU64,
    producer_ids: tokio::sync::Mutex<ProducerIdBlock>,
    sessions: Mutex<Sessions>,
}

/// What a request takes of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It leads.
    Leader,
    /// It leads or follows.
    Replica,
}

/// A partition in which this broker has the part that was asked for.
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
        (controller, peers): (Controller, Peers),
        shards: Shards,
        budget: Budget,
        gates: Vec<Arc<Gate>>,
    ) -> Self {
        let metrics = Metrics::new(crate::api::SERVED.iter().map(|(key, _)| *key));
        let slots = settings.number("max.incremental.fetch.session.cache.slots").unwrap_or(0);
        Self {
            id: settings.node_id(),
            cluster_id: Str::from(controller.meta().cluster_id.as_str()),
            groups: Groups::new(world.clone(), &settings, metrics.groups()),
            metrics,
            channel: ControllerChannel::new(world.clone(), &settings, controller.clone(), peers.clone()),
            peers,
            fetchers: Fetchers::default(),
            throttles: Throttles::new(world.clock.now().mono, &settings),
            image: RwLock::default(),
            image_changed: Notify::new(),
            epoch: AtomicI64::new(-1),
            session_end: AtomicU64::new(0),
            producer_ids: tokio::sync::Mutex::new(ProducerIdBlock::EMPTY),
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
        self.look_again();
    }

    /// Whoever waits in [`Broker::image_when`] looks again: what is wanted may depend on more than the metadata.
    pub(crate) fn look_again(&self) {
        self.image_changed.notify_waiters();
    }

    /// Waits until the metadata is as wanted here, or until `deadline`: then false.
    pub async fn image_when(&self, deadline: Mono, wanted: impl Fn(&Image) -> bool) -> bool {
        let waiting = async {
            loop {
                let mut changed = std::pin::pin!(self.image_changed.notified());
                changed.as_mut().enable(); // before the look: a change in between must not be missed
                if wanted(&self.image()) {
                    return;
                }
                changed.await;
            }
        };
        self.world.deadline(deadline, waiting).await.is_ok()
    }

    /// The epoch that this broker's registration got; none while it is not registered.
    #[must_use]
    pub fn epoch(&self) -> Option<BrokerEpoch> {
        Some(BrokerEpoch(self.epoch.load(Ordering::Relaxed))).filter(|epoch| epoch.0 >= 0)
    }

    /// The broker is registered, or not any more.
    pub fn set_epoch(&self, epoch: Option<BrokerEpoch>) {
        self.epoch.store(epoch.map_or(-1, |epoch| epoch.0), Ordering::Relaxed);
    }

    /// The active controller has answered a heartbeat: it fences nobody for silence whose session lasts.
    pub(crate) fn session_lasts(&self, until: Mono) {
        self.session_end.store(until.0, Ordering::Relaxed);
    }

    /// Whether the active controller has answered no heartbeat of a whole session: it may have fenced this broker.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.world.clock.now().mono.0 > self.session_end.load(Ordering::Relaxed)
    }

    /// A producer id that nobody has had, of a block that the active controller gave to this broker (KIP-730).
    ///
    /// # Errors
    /// The controller's refusal; `COORDINATOR_LOAD_IN_PROGRESS` while nobody gives any: clients try again with it.
    pub async fn next_producer_id(&self) -> Result<ProducerId, ErrorCode> {
        let mut block = self.producer_ids.lock().await;
        if let Some(id) = block.take() {
            return Ok(id);
        }
        let request = AllocateProducerIdsRequest {
            broker_id: self.id.0,
            broker_epoch: self.epoch().map_or(-1, |epoch| epoch.0),
        };
        let deadline = self.world.clock.now().mono.plus(PRODUCER_IDS_MAX);
        let response = match self.channel.request(&request, deadline).await {
            Ok(response) => response,
            Err(error @ ChannelError::TimedOut(_)) => {
                tracing::warn!(%error, "no producer ids can be had now");
                return Err(ErrorCode::CoordinatorLoadInProgress);
            }
            Err(error @ ChannelError::Failed(_)) => {
                tracing::error!(%error, "no producer ids can be had");
                return Err(ErrorCode::UnknownServerError);
            }
        };
        match ErrorCode::from_code(response.error_code).unwrap_or(ErrorCode::UnknownServerError) {
            ErrorCode::None => {}
            // this broker registers anew
            ErrorCode::StaleBrokerEpoch | ErrorCode::BrokerIdNotRegistered => {
                return Err(ErrorCode::CoordinatorLoadInProgress);
            }
            code => return Err(code),
        }
        *block = ProducerIdBlock::new(ProducerId(response.producer_id_start), response.producer_id_len);
        block.take().ok_or(ErrorCode::UnknownServerError)
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

    /// Whether consumers are sent to replicas in their rack (`replica.selector.class`).
    #[must_use]
    pub fn selects_replicas(&self) -> bool {
        self.settings.get("replica.selector.class").is_some()
    }

    /// The brokers of `rack` that clients of `listener` may be sent to; none where consumers are sent nowhere.
    #[must_use]
    pub fn near(&self, rack: &str, listener: &str) -> Arc<[BrokerId]> {
        if rack.is_empty() || !self.selects_replicas() {
            return Arc::default();
        }
        let is_there = |one: &klamm_metadata::Broker| !one.fenced && one.rack.as_deref() == Some(rack);
        self.endpoints_of(listener, is_there).iter().map(|one| one.id).collect()
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
    pub async fn auto_create(self: &Arc<Self>, topic: &Str) -> Result<(), ErrorCode> {
        if !self.is_internal(topic) && !self.settings.flag("auto.create.topics.enable") {
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        api::auto_create(self, topic).await?;
        let deadline = self.world.clock.now().mono.plus(LEARN_MAX);
        // the active controller has it: here it is a moment later
        match self.image_when(deadline, |image| image.topic(topic).is_some()).await {
            true => Ok(()),
            false => Err(ErrorCode::LeaderNotAvailable),
        }
    }

    /// A partition in which this broker has the part that is asked for, by its topic's name.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION`, `NOT_LEADER_OR_FOLLOWER`.
    pub fn hosted_by_name(
        &self,
        topic: &str,
        partition: PartitionIndex,
        part: Part,
    ) -> Result<Hosted, ErrorCode> {
        let image = self.image();
        let topic = image.topic(topic).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        self.hosted(topic, partition, part)
    }

    /// As [`Broker::hosted_by_name`], by its topic's id.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_ID`, `UNKNOWN_TOPIC_OR_PARTITION`, `NOT_LEADER_OR_FOLLOWER`.
    pub fn hosted_by_id(
        &self,
        topic: Uuid,
        partition: PartitionIndex,
        part: Part,
    ) -> Result<Hosted, ErrorCode> {
        let image = self.image();
        let topic = image.topic_by_id(TopicId(topic)).ok_or(ErrorCode::UnknownTopicId)?;
        self.hosted(topic, partition, part)
    }

    fn hosted(
        &self,
        topic: &klamm_metadata::Topic,
        partition: PartitionIndex,
        part: Part,
    ) -> Result<Hosted, ErrorCode> {
        let found = topic.partition(partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let has_it = match part {
            Part::Leader => found.leader == self.id,
            Part::Replica => found.replicas.contains(&self.id),
        };
        if !has_it {
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
        self.endpoints_of(listener, |broker| !broker.fenced)
    }

    /// The addresses of those brokers that are wanted.
    #[must_use]
    pub fn endpoints_of(
        &self,
        listener: &str,
        wanted: impl Fn(&klamm_metadata::Broker) -> bool,
    ) -> Vec<Endpoint> {
        let image = self.image();
        let endpoint = |broker: &Arc<klamm_metadata::Broker>| {
            let found = broker.endpoint(listener)?;
            Some(Endpoint {
                id: broker.id,
                host: found.host.clone(),
                port: i32::from(found.port),
                rack: broker.rack.clone(),
            })
        };
        image.brokers().filter(|broker| wanted(broker)).filter_map(endpoint).collect()
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
