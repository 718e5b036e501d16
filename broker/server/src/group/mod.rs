//! Group coordinators: one for each partition of `__consumer_offsets` that is led here, each a task of its own that drives the pure
//! machine of `core/group`.
//!
//! Owns who coordinates what. A coordinator lives as long as one leadership of its partition: it loads the log, serves, and ends
//! with the leadership, whatever comes next. It must never outlive it.

mod driver;
mod load;

pub use load::GroupLog;

use crate::{broker::Broker, metrics::GroupCounters};
use driver::{Driver, Mail};
use klamm_group::{Census, Context, GroupConfig, Request, Response, partition_for};
use klamm_metadata::{Delta, Image, config::Settings, decide::CONSUMER_OFFSETS};
use klamm_protocol::ErrorCode;
use klamm_types::{PartitionIndex, Str, TopicIdPartition};
use klamm_world::World;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Logs that are read at once: each has a buffer of its own.
const LOADS_MAX: usize = 2;

/// A coordinator at work. Dropped, it ends.
struct Coordinator {
    log: GroupLog,
    mailbox: mpsc::UnboundedSender<Mail>,
}

/// The coordinators of this broker.
pub struct Groups {
    world: World,
    config: GroupConfig,
    load_bytes: u32,
    loads: Arc<Semaphore>,
    counters: GroupCounters,
    coordinators: RwLock<BTreeMap<PartitionIndex, Coordinator>>,
}

impl Groups {
    /// No coordinators yet; `counters` count what they will do.
    #[must_use]
    pub fn new(world: World, settings: &Settings, counters: GroupCounters) -> Self {
        Self {
            world,
            config: config(settings),
            load_bytes: settings.number("offsets.load.buffer.size").unwrap_or(1 << 20),
            loads: Arc::new(Semaphore::new(LOADS_MAX)),
            counters,
            coordinators: RwLock::default(),
        }
    }

    /// Coordinates what is led here after a step of the metadata, and nothing else. To be called when the log threads have the
    /// partitions and clients do not hear of them yet.
    pub fn follow(&self, broker: &Broker, image: &Image, delta: &Delta) {
        let led = led_here(broker, image);
        let mut coordinators = self.coordinators.write().unwrap_or_else(PoisonError::into_inner);
        coordinators.retain(|index, known| {
            led.get(index).is_some_and(|log| (log.id, log.epoch) == (known.log.id, known.log.epoch))
        });
        for (index, log) in led {
            coordinators.entry(index).or_insert_with(|| self.start(log));
        }
        let deleted: Vec<Str> = delta.deleted.values().map(|topic| topic.name.clone()).collect();
        if !deleted.is_empty() {
            for coordinator in coordinators.values() {
                let _ = coordinator.mailbox.send(Mail::TopicsDeleted(deleted.clone()));
            }
        }
    }

    /// Coordinates nothing any more: members that wait for others are sent away, and hold up nobody who wants to end.
    pub fn stop(&self) {
        self.coordinators.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn start(&self, log: GroupLog) -> Coordinator {
        let (mailbox, incoming) = mpsc::unbounded_channel();
        let records = load::start(&self.world, log.clone(), self.load_bytes, Arc::clone(&self.loads));
        let driver = Driver::new(self.world.clone(), self.config.clone(), log.clone(), self.counters.clone());
        self.world.spawn.spawn("group-coordinator", Box::pin(driver.run(incoming, records)));
        Coordinator { log, mailbox }
    }

    /// Asks the coordinator of a group. Who asks in vain is told to look for it anew.
    pub async fn ask<A>(&self, broker: &Broker, group: &str, context: Context, request: Request) -> A
    where
        A: TryFrom<Response, Error = Response>,
    {
        let partitions = broker.image().topic(CONSUMER_OFFSETS).map_or(0, |topic| topic.partitions.len());
        let index = partition_for(group, i32::try_from(partitions).unwrap_or(0));
        if matches!(request, Request::FetchOffsets { .. }) && self.may_be_deposed(broker, index).await {
            let refusal = request.refused(&context, ErrorCode::NotCoordinator);
            return A::try_from(refusal).expect("each kind of request has its own kind of answer");
        }
        self.ask_partition(index, context, request).await
    }

    /// Asks the coordinator of a partition of `__consumer_offsets`.
    pub async fn ask_partition<A>(&self, index: PartitionIndex, context: Context, request: Request) -> A
    where
        A: TryFrom<Response, Error = Response>,
    {
        let refusal = request.refused(&context, ErrorCode::NotCoordinator);
        let (reply, answer) = oneshot::channel();
        self.send(index, Mail::Ask { context, request: Box::new(request), reply });
        A::try_from(answer.await.unwrap_or(refusal)).expect("each kind of request has its own kind of answer")
    }

    /// A coordinator that is none any more, and has not heard that (its process was frozen, say), would answer with offsets that
    /// are old: what it writes nobody acknowledges, but what it reads asks nobody.
    async fn may_be_deposed(&self, broker: &Broker, index: PartitionIndex) -> bool {
        let log = {
            let coordinators = self.coordinators.read().unwrap_or_else(PoisonError::into_inner);
            coordinators.get(&index).map(|coordinator| coordinator.log.clone())
        };
        match log {
            Some(log) => log.may_be_deposed(self.world.clock.now(), broker.is_cut_off()).await,
            None => false, // whoever asks is sent away
        }
    }

    /// Without a coordinator the mail is dropped, and whoever waits for an answer hears of it.
    fn send(&self, index: PartitionIndex, mail: Mail) {
        let coordinators = self.coordinators.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(coordinator) = coordinators.get(&index) {
            let _ = coordinator.mailbox.send(mail);
        }
    }

    /// What there is in each coordinator.
    pub async fn censuses(&self) -> Vec<Census> {
        let mut answers = Vec::new();
        {
            let coordinators = self.coordinators.read().unwrap_or_else(PoisonError::into_inner);
            for coordinator in coordinators.values() {
                let (reply, answer) = oneshot::channel();
                let _ = coordinator.mailbox.send(Mail::Census(reply));
                answers.push(answer);
            }
        }
        // one that has ended meanwhile coordinates nothing
        futures::future::join_all(answers).await.into_iter().flatten().collect()
    }

    /// The partitions of `__consumer_offsets` that are coordinated here.
    #[must_use]
    pub fn partitions(&self) -> Vec<PartitionIndex> {
        self.coordinators.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}

fn led_here(broker: &Broker, image: &Image) -> BTreeMap<PartitionIndex, GroupLog> {
    let Some(topic) = image.topic(CONSUMER_OFFSETS) else { return BTreeMap::new() };
    let led = topic.indexed().filter(|(_, partition)| partition.leader == broker.id);
    led.map(|(index, partition)| {
        let id = TopicIdPartition { topic: topic.id, partition: index };
        let shard = broker.shards.get(broker.shards.index_of(id)).clone();
        (index, GroupLog { shard, id, epoch: partition.leader_epoch })
    })
    .collect()
}

fn config(settings: &Settings) -> GroupConfig {
    let default = GroupConfig::default();
    let millis = |name, default| settings.number(name).map_or(default, Duration::from_millis);
    GroupConfig {
        min_session_timeout: millis("group.min.session.timeout.ms", default.min_session_timeout),
        max_session_timeout: millis("group.max.session.timeout.ms", default.max_session_timeout),
        initial_rebalance_delay: millis("group.initial.rebalance.delay.ms", default.initial_rebalance_delay),
        max_size: settings.number("group.max.size").unwrap_or(default.max_size),
        offset_metadata_max_bytes: settings
            .number("offset.metadata.max.bytes")
            .unwrap_or(default.offset_metadata_max_bytes),
        offsets_retention: settings
            .number("offsets.retention.minutes")
            .map_or(default.offsets_retention, |minutes: u64| Duration::from_secs(60 * minutes)),
        offsets_retention_check_interval: millis(
            "offsets.retention.check.interval.ms",
            default.offsets_retention_check_interval,
        ),
        commit_timeout: millis("offsets.commit.timeout.ms", default.commit_timeout),
    }
}
