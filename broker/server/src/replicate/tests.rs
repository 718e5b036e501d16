//! Brokers that replicate over loopback: real logs, real requests; the metadata is decided by the controller's rules, and given
//! to each by hand.

use super::*;
use crate::{
    api::{ClientService, Scope},
    controller::{self, Controller, InitialVoters, Publish},
    listeners,
    peer::Peers,
    shard::{LogDirs, PendingProduce, ProduceItem, ProduceWork, Shards, Work},
};
use futures::FutureExt;
use klamm_metadata::{
    Image, Position, Record, Resource,
    config::{Settings, Values},
    decide::{self, Alteration, NewInSync, Operation, Registration, Rules},
};
use klamm_net::{Budget, Service, serve};
use klamm_protocol::{
    AlterPartitionRequest, AlterPartitionResponse, ErrorCode,
    alter_partition_response::{PartitionData, TopicData},
};
use klamm_records::{BatchBuilder, Compression, ValidatedBatch};
use klamm_storage::{LogDir, Origin};
use klamm_types::{BrokerEpoch, Offset, PartitionIndex, Str, TopicId, Uuid, Wall};
use klamm_world::{World, real};
use std::{path::PathBuf, time::Duration};

const TOPIC: TopicId = TopicId(Uuid([7; 16]));
const PARTITION: TopicIdPartition = TopicIdPartition { topic: TOPIC, partition: PartitionIndex(0) };

struct Node {
    broker: Arc<Broker>,
    closing: Closing,
    path: PathBuf,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.closing.close();
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// What the controller knows: shared with the task that answers leaders.
struct Cluster {
    nodes: Vec<Node>,
    image: Arc<tokio::sync::Mutex<Image>>,
}

impl Node {
    async fn start(world: &World, test: &str, id: i32, more: &[(&str, &str)]) -> (Self, Registration) {
        let path = std::env::temp_dir().join(format!("klamm-replicate-{test}-{id}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let (node_id, directory) = (id.to_string(), path.to_string_lossy().into_owned());
        let fixed = [
            ("node.id", node_id.as_str()),
            ("log.dirs", directory.as_str()),
            ("listeners", "PLAINTEXT://127.0.0.1:0"),
        ];
        let settings = Settings::new(fixed.into_iter().chain(more.iter().copied())).expect("they are valid");
        let voters = InitialVoters::Standalone;
        controller::format(world, &settings, "c", &voters).expect("it is empty");
        let dir = LogDir::open(Arc::clone(&world.disk), &path).expect("it is formatted");
        let directory = dir.meta().directory_id;
        let peers = Peers::new(world, &settings).expect("no certificates");
        let opened = Controller::open(world.clone(), &dir, &settings, peers.clone(), Vec::new());
        let (controller, _) = opened.await.expect("it is whole");
        let shards = Shards::start(world, settings.node_id(), LogDirs::new(vec![dir]), 2);
        let (budget, closing) = (Budget::new(64 << 20), Closing::default());
        let mut bound =
            listeners::bind(world, &settings, &budget, "localhost", &closing).expect("a free port");
        let one = bound.remove(0);
        let gates = vec![Arc::clone(&one.gate)];
        let broker =
            Arc::new(Broker::new(world.clone(), settings, (controller, peers), shards, budget, gates));
        let shared = Arc::clone(&broker);
        let service = move |peer: klamm_net::Peer| -> Box<dyn Service> {
            Box::new(ClientService::new(Arc::clone(&shared), peer, Scope::Broker))
        };
        world
            .spawn
            .spawn("listener", Box::pin(serve(world.clone(), one.socket, Arc::clone(&one.gate), service)));
        let registration = Registration {
            id: BrokerId(id),
            incarnation: Uuid([id as u8; 16]),
            endpoints: vec![one.endpoint],
            directories: vec![directory],
            ..Registration::default()
        };
        (Self { broker, closing, path }, registration)
    }
}

fn rules(image: &Image) -> Rules<'_> {
    static NONE: Values = Values::new();
    Rules { image, me: BrokerId(1), file: &NONE }
}

impl Cluster {
    /// Brokers 1, 2, …, registered, and the topic `t` with one partition on all of them, led by the first.
    async fn start(test: &str, size: i32, more: &[(&str, &str)]) -> Self {
        let world = real::world();
        let image = Arc::new(tokio::sync::Mutex::new(Image::default()));
        let mut this = Self { nodes: Vec::new(), image };
        let mut registrations = Vec::new();
        for id in 1..=size {
            let (node, registration) = Node::start(&world, test, id, more).await;
            this.nodes.push(node);
            registrations.push(registration);
        }
        this.decide(|_| decide::bootstrap_records(klamm_metadata::Release::THIS)).await;
        for registration in registrations {
            this.register(&registration).await;
        }
        let new = decide::NewTopic {
            name: Str::from_static("t"),
            partitions: -1,
            replication_factor: -1,
            assignments: [(PartitionIndex(0), (1..=size).map(BrokerId).collect())].into(),
            ..decide::NewTopic::default()
        };
        this.decide(|image| {
            let defaults = decide::TopicDefaults::of(image.layers(BrokerId(1), &Values::new()));
            decide::create_topic(image, &mut decide::Load::of(image), defaults, &new, TOPIC)
                .expect("it is new")
        })
        .await;
        for node in &this.nodes {
            Fetchers::start(&node.broker, &node.closing);
            this.serve_leader(node);
        }
        this
    }

    async fn register(&self, registration: &Registration) {
        let (id, mut epoch) = (registration.id, BrokerEpoch(-1));
        self.decide(|image| {
            let at = Offset(100 + i64::from(id.0));
            let (given, records) =
                decide::register_broker(rules(image), registration, false, at).expect("it is new");
            epoch = given;
            records
        })
        .await;
        self.node(id.0).broker.set_epoch(Some(epoch));
        self.unfence(id.0).await;
    }

    async fn unfence(&self, id: i32) {
        self.decide(|image| {
            let epoch = image.broker(BrokerId(id)).expect("it is registered").epoch;
            decide::unfence_broker(rules(image), BrokerId(id), epoch).expect("it is registered")
        })
        .await;
    }

    async fn fence(&self, id: i32) {
        self.decide(|image| fencing(image, id)).await;
    }

    fn node(&self, id: i32) -> &Node {
        &self.nodes[id as usize - 1]
    }

    /// A step of the metadata, as every broker sees it.
    async fn decide(&self, records: impl FnOnce(&Image) -> Vec<Record>) {
        let mut image = self.image.lock().await;
        let records = records(&image);
        let brokers: Vec<_> = self.nodes.iter().map(|node| Arc::clone(&node.broker)).collect();
        publish(&mut image, &records, &brokers).await;
    }

    async fn set(&self, resource: Resource, name: &'static str, value: &'static str) {
        let (name, value) = (Str::from_static(name), Some(Str::from_static(value)));
        let alteration = Alteration { name, operation: Operation::Set, value };
        self.decide(|image| {
            decide::alter_configs(image, &resource, &[alteration], &Values::new()).expect("it is a setting")
        })
        .await;
    }

    /// Answers what the leaders on a broker ask for.
    fn serve_leader(&self, node: &Node) {
        let brokers: Vec<_> = self.nodes.iter().map(|node| Arc::clone(&node.broker)).collect();
        let image = Arc::clone(&self.image);
        alter::start(&node.broker, &node.closing, move |request| {
            let (image, brokers) = (Arc::clone(&image), brokers.clone());
            async move { Some(alter_all(&mut *image.lock().await, &request, &brokers).await) }
        });
    }

    async fn isr(&self) -> Vec<i32> {
        let image = self.image.lock().await;
        let partition = image.partition("t", PartitionIndex(0)).expect("it was made");
        let mut isr: Vec<_> = partition.isr.iter().map(|id| id.0).collect();
        isr.sort_unstable();
        isr
    }

    /// Resolves when the ISR is `expected`.
    async fn isr_becomes(&self, expected: &[i32]) {
        until("the ISR", async || self.isr().await == expected).await;
    }

    /// A broker fetches nothing more, but what it has asked for, until it is told its epoch again: who is not registered is
    /// nobody's follower.
    fn silence(&self, id: i32) -> BrokerEpoch {
        let broker = &self.node(id).broker;
        let epoch = broker.epoch().expect("it is registered");
        broker.set_epoch(None);
        epoch
    }

    /// One record for the leader `id`, with acks=all.
    fn produce(&self, id: i32, text: &str) -> PendingProduce {
        let mut batch = BatchBuilder::new(Offset(0), Compression::None);
        batch.push(Wall(0), None, Some(text.as_bytes()), &[]);
        let pending = PendingProduce::new(1);
        let shards = &self.node(id).broker.shards;
        shards.get(shards.index_of(PARTITION)).send(Work::Produce(ProduceWork {
            items: vec![ProduceItem {
                slot: 0,
                partition: PARTITION,
                batch: ValidatedBatch::own(batch.build()),
            }],
            origin: Origin::Broker,
            wait_for_all: true,
            cut_off: false,
            pending: pending.clone(),
            reservation: None,
        }));
        pending
    }

    async fn acknowledged(&self, pending: PendingProduce) {
        let deadline = real::world().clock.now().mono.plus(Duration::from_secs(10));
        real::world().deadline(deadline, pending.clone()).await.expect("it is answered");
        let outcome = pending.outcomes_or(ErrorCode::RequestTimedOut).remove(0);
        outcome.map_err(|error| error.code).expect("it is taken");
    }

    /// The log's end, its high watermark, and the epochs of its records.
    async fn log(&self, id: i32) -> (i64, i64, Vec<i32>) {
        let shards = &self.node(id).broker.shards;
        let asked = shards.get(shards.index_of(PARTITION)).ask(|shard| shard.log_of(PARTITION));
        asked.await.expect("it runs").expect("it is hosted")
    }

    /// Resolves when the logs of these brokers are the same up to `end`, and the first, their leader, has committed all.
    async fn all_have(&self, ids: &[i32], end: i64) {
        until("equal logs", async || {
            let mut logs = Vec::new();
            for id in ids {
                logs.push(self.log(*id).await);
            }
            logs[0].1 == end && logs.iter().all(|log| (log.0, &log.2) == (end, &logs[0].2))
        })
        .await;
    }
}

fn fencing(image: &Image, id: i32) -> Vec<Record> {
    let epoch = image.broker(BrokerId(id)).expect("it is registered").epoch;
    decide::fence_broker(rules(image), BrokerId(id), epoch).expect("it is registered")
}

async fn publish(image: &mut Image, records: &[Record], brokers: &[Arc<Broker>]) {
    let (next, delta) = image.apply(records, Position::default()).expect("a decision fits its image");
    *image = next.clone();
    for broker in brokers {
        broker.publish(Arc::new(next.clone()), delta.clone()).await;
    }
}

async fn alter_all(
    image: &mut Image,
    request: &AlterPartitionRequest,
    brokers: &[Arc<Broker>],
) -> AlterPartitionResponse {
    let mut response = AlterPartitionResponse::default();
    for topic in &request.topics {
        for one in &topic.partitions {
            let known = |epoch: i64| (epoch >= 0).then_some(BrokerEpoch(epoch));
            let members = one.new_isr_with_epochs.iter();
            let new = NewInSync {
                topic: TopicId(topic.topic_id),
                index: PartitionIndex(one.partition_index),
                leader_epoch: LeaderEpoch(one.leader_epoch),
                partition_epoch: one.partition_epoch,
                isr: members.map(|one| (BrokerId(one.broker_id), known(one.broker_epoch))).collect(),
                recovery_state: one.leader_recovery_state,
            };
            let altered = decide::alter_partition(rules(image), BrokerId(request.broker_id), &new);
            let said = match altered.result {
                Ok(after) => PartitionData {
                    partition_index: one.partition_index,
                    leader_epoch: after.leader_epoch.0,
                    isr: after.isr.iter().map(|id| id.0).collect(),
                    partition_epoch: after.partition_epoch,
                    ..Default::default()
                },
                Err(refused) => PartitionData {
                    partition_index: one.partition_index,
                    error_code: refused.code.code(),
                    ..Default::default()
                },
            };
            publish(image, &altered.records, brokers).await;
            response.topics.push(TopicData { topic_id: topic.topic_id, partitions: vec![said] });
        }
    }
    response
}

/// Asks again and again, for 10 seconds at most, until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let world = real::world();
    let deadline = world.clock.now().mono.plus(Duration::from_secs(10));
    while !is_so().await {
        assert!(world.clock.now().mono < deadline, "{what}: still not so after 10 s");
        world.sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_arrive_and_all_is_acknowledged_when_the_isr_has_it() {
    let cluster = Cluster::start("arrive", 3, &[]).await;
    for round in 0..20 {
        cluster.acknowledged(cluster.produce(1, &format!("record {round}"))).await;
        for id in [2, 3] {
            assert!(cluster.log(id).await.0 > round, "it was acknowledged before {id} had it");
        }
    }
    cluster.all_have(&[1, 2, 3], 20).await;
    until("high watermarks", async || cluster.log(2).await.1 == 20 && cluster.log(3).await.1 == 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lags_leaves_the_isr_and_comes_back() {
    let cluster = Cluster::start("lag", 2, &[("replica.lag.time.max.ms", "300")]).await;
    cluster.acknowledged(cluster.produce(1, "a")).await;
    cluster.isr_becomes(&[1, 2]).await;
    let epoch = cluster.silence(2);
    let waits = cluster.produce(1, "b");
    let shards = &cluster.node(1).broker.shards;
    until("the ISR without the silent", async || {
        for shard in shards.all() {
            shard.ask(crate::shard::Shard::tick).await;
        }
        cluster.isr().await == [1]
    })
    .await;
    cluster.acknowledged(waits).await;
    cluster.node(2).broker.set_epoch(Some(epoch));
    cluster.isr_becomes(&[1, 2]).await;
    cluster.all_have(&[1, 2], 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_leader_is_followed_at_once_and_the_old_one_is_cut() {
    let poll = Duration::from_secs(8);
    let cluster = Cluster::start("takeover", 3, &[("replica.fetch.wait.max.ms", "8000")]).await;
    cluster.acknowledged(cluster.produce(1, "a")).await;
    cluster.all_have(&[1, 2, 3], 1).await;
    // nobody hears the old leader's last record
    let epochs = [2, 3].map(|id| (id, cluster.silence(id)));
    until("a lonely record", async || {
        let lonely = cluster.produce(1, "never acknowledged");
        let alone = cluster.log(1).await.0 > cluster.log(2).await.0;
        assert!(lonely.now_or_never().is_none());
        alone
    })
    .await;
    let began = real::world().clock.now().mono;
    cluster
        .decide(|image| {
            for (id, epoch) in epochs {
                cluster.node(id).broker.set_epoch(Some(epoch));
            }
            fencing(image, 1)
        })
        .await;
    let mut end = cluster.log(2).await.0;
    cluster.acknowledged(cluster.produce(2, "b")).await;
    let took = real::world().clock.now().mono.since(began);
    assert!(took < poll / 2, "a poll that was under way was waited for: {took:?}");
    end += 1;
    cluster.all_have(&[2, 3], end).await;
    cluster.unfence(1).await;
    cluster.isr_becomes(&[1, 2, 3]).await;
    cluster.acknowledged(cluster.produce(2, "c")).await;
    cluster.all_have(&[2, 1, 3], end + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_be_on_the_disk_is_told_without_waiting_for_a_poll() {
    let more = [("klamm.durability", "fsync")];
    let cluster = Cluster::start("fsync", 2, &more).await;
    for node in &cluster.nodes {
        crate::background::start(&node.broker, &node.closing);
    }
    let began = real::world().clock.now().mono;
    for _ in 0..10 {
        cluster.acknowledged(cluster.produce(1, "a")).await;
    }
    let took = real::world().clock.now().mono.since(began);
    assert!(took < Duration::from_secs(2), "ten rounds of fsync took {took:?}: polls were waited for");
    cluster.all_have(&[1, 2], 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_when_every_replica_has_everything() {
    let cluster = Cluster::start("drain", 2, &[]).await;
    cluster.acknowledged(cluster.produce(1, "a")).await;
    let soon = || real::world().clock.now().mono.plus(Duration::from_secs(10));
    assert!(cluster.node(1).broker.drain(soon()).await);
    let held = cluster.produce(1, "b");
    assert_eq!((cluster.log(1).await.0, cluster.log(2).await.0), (1, 1));
    cluster.fence(1).await;
    let outcome = tokio::time::timeout(Duration::from_secs(10), held.clone()).await;
    outcome.expect("the next leader is known");
    let code = held.outcomes_or(ErrorCode::RequestTimedOut).remove(0).map_err(|error| error.code);
    assert_eq!(code.err(), Some(ErrorCode::NotLeaderOrFollower));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_follower_waits_for_the_rate_that_is_set() {
    let rate = "follower.replication.throttled.rate";
    let cluster = Cluster::start("throttled", 3, &[(rate, "0")]).await;
    cluster.acknowledged(cluster.produce(1, "a")).await;
    cluster.all_have(&[1, 2, 3], 1).await;
    let topic = Resource::topic(Str::from_static("t"));
    cluster.set(topic, "follower.replication.throttled.replicas", "0:3").await;
    // how far it is behind a new leader nobody knows
    cluster.fence(1).await;
    let waits = cluster.produce(2, "b");
    cluster.unfence(1).await;
    until("the log of who is not throttled", async || cluster.log(1).await.0 == 2).await;
    assert_eq!(cluster.log(3).await.0, 1);
    assert!(waits.clone().now_or_never().is_none(), "it is in sync, and lacks it");
    cluster.set(Resource::broker(BrokerId(3)), rate, "1000000").await;
    cluster.acknowledged(waits).await;
}
