//! The controller on a real disk: format, decide, restart, snapshot.

use klamm_metadata::{
    Delta, Image, Record,
    config::{Settings, Values},
    decide::{
        Load, NewTopic, Refused, Registration, Rules, TopicDefaults, create_topic, register_broker,
        unfence_broker,
    },
};
use klamm_protocol::{AllocateProducerIdsRequest, ErrorCode};
use klamm_server::{
    controller::{Controller, ControllerError, Decision, Driver, InitialVoters, Publish, format},
    peer::Peers,
};
use klamm_storage::LogDir;
use klamm_types::{BrokerEpoch, BrokerId, PartitionIndex, TopicId};
use klamm_world::{BoxFuture, World, real};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

/// What was published, as the broker would see it.
#[derive(Default)]
struct Seen(Mutex<Vec<(Arc<Image>, Delta)>>);

impl Publish for Seen {
    fn publish(&self, image: Arc<Image>, delta: Delta) -> BoxFuture<'_, ()> {
        self.0.lock().expect("no test panics with it").push((image, delta));
        Box::pin(async {})
    }
}

impl Seen {
    fn last(&self) -> Arc<Image> {
        self.0.lock().expect("no test panics with it").last().expect("something was published").0.clone()
    }
}

struct Node {
    world: World,
    path: PathBuf,
    settings: Settings,
}

struct Running {
    controller: Controller,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<Result<(), ControllerError>>,
    _dir: LogDir,
}

impl Node {
    fn new(name: &str, more: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("klamm-controller-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let directory = path.to_string_lossy().into_owned();
        let fixed = [("node.id", "3"), ("log.dirs", directory.as_str())];
        let settings = Settings::new(fixed.into_iter().chain(more.iter().copied())).expect("they are valid");
        Self { world: real::world(), path, settings }
    }

    async fn start(&self) -> Running {
        let dir = LogDir::open(Arc::clone(&self.world.disk), &self.path).expect("it is formatted and free");
        let (controller, driver) = open(self, &dir).await.expect("the log is whole");
        let seen = Arc::new(Seen::default());
        let task = tokio::spawn(driver.run(seen.clone()));
        Running { controller, seen, task, _dir: dir }
    }
}

async fn open(node: &Node, dir: &LogDir) -> Result<(Controller, Driver), ControllerError> {
    let peers = Peers::new(&node.world, &node.settings).expect("there are no certificates");
    Controller::open(node.world.clone(), dir, &node.settings, peers, Vec::new()).await
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

async fn create(controller: &Controller, name: &str) -> Result<(), Refused> {
    let new = NewTopic { name: name.into(), partitions: 3, replication_factor: 1, ..NewTopic::default() };
    let id = TopicId(real::world().uuid());
    let decided = controller.try_decide(move |image: &Image| {
        let defaults = TopicDefaults::of(image.layers(BrokerId(3), &[].into()));
        let records: Vec<Record> = create_topic(image, &mut Load::of(image), defaults, &new, id)?;
        Ok(Decision { records, answer: () })
    });
    decided.await
}

impl Running {
    async fn create(&self, name: &str) {
        create(&self.controller, name).await.expect("it is new");
    }

    async fn register(&self) -> BrokerEpoch {
        let me = Registration {
            id: BrokerId(3),
            incarnation: real::world().uuid(),
            directories: vec![self.controller.meta().directory_id],
            ..Registration::default()
        };
        let decided = self.controller.try_decide(move |image: &Image| {
            let file = Values::new();
            let rules = Rules { image, me: BrokerId(3), file: &file };
            let (epoch, records) = register_broker(rules, &me, false, image.position.end)?;
            Ok(Decision { records, answer: epoch })
        });
        let epoch = decided.await.expect("it is the only one");
        let decided = self.controller.try_decide(move |image: &Image| {
            let file = Values::new();
            let records = unfence_broker(Rules { image, me: BrokerId(3), file: &file }, BrokerId(3), epoch)?;
            Ok(Decision { records, answer: () })
        });
        decided.await.expect("it has just registered");
        epoch
    }

    async fn stop(self) {
        self.controller.stop().await;
        self.task.await.expect("it does not panic").expect("it ends in good order");
    }

    /// As a kill does: nothing more is written.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_restart() {
    let node = Node::new("restart", &[]);
    assert_eq!(
        format(&node.world, &node.settings, "c1", &InitialVoters::Standalone).expect("it is empty"),
        std::slice::from_ref(&node.path)
    );
    assert_eq!(
        format(&node.world, &node.settings, "c1", &InitialVoters::Standalone)
            .expect("it is the same cluster"),
        Vec::<PathBuf>::new()
    );
    let other = format(&node.world, &node.settings, "c2", &InitialVoters::Standalone)
        .expect_err("it is another cluster")
        .to_string();
    assert!(other.ends_with("belongs to another: its cluster.id is c1, not c2"), "{other}");

    let running = node.start().await;
    let first = running.register().await;
    running.create("a").await;
    let image = running.seen.last();
    assert_eq!(image.features.level("metadata.version"), 30);
    assert_eq!(image.broker(BrokerId(3)).map(|broker| (broker.epoch, broker.fenced)), Some((first, false)));
    let registered = running.controller.quorum().committed().expect("it leads");
    assert!(first.0 < registered.0);
    running.kill().await;

    let running = node.start().await;
    let second = running.register().await;
    assert!(second > first);
    let image = running.seen.last();
    assert_eq!(
        image.partition("a", PartitionIndex(2)).map(|one| (one.leader, one.leader_epoch.0)),
        Some((BrokerId(3), 2))
    );
    let everything = running.seen.0.lock().expect("no test panics with it")[0].1.created.len();
    assert_eq!(everything, 1, "the first delta holds what the log held");
    assert_eq!(running.controller.quorum().epoch().0, 2);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_replace_the_log() {
    let more = [("metadata.log.max.record.bytes.between.snapshots", "2000")];
    let node = Node::new("snapshot", &more);
    format(&node.world, &node.settings, "c1", &InitialVoters::Standalone).expect("it is empty");
    let running = node.start().await;
    running.register().await;
    for number in 0..60 {
        running.create(&format!("topic-{number}")).await;
    }
    let before = running.seen.last();
    running.stop().await;
    let log = node.path.join("__cluster_metadata-0");
    let names: Vec<String> =
        node.world.disk.list(&log).expect("it is there").into_iter().map(|entry| entry.name).collect();
    let checkpoints: Vec<&String> = names.iter().filter(|name| name.ends_with(".checkpoint")).collect();
    assert!(
        !checkpoints.is_empty() && !checkpoints.iter().any(|name| name.starts_with("00000000000000000000-")),
        "{names:?}"
    );
    // each snapshot begins a segment: what it supersedes is gone
    let end = |name: &String| name.split(['-', '.']).next().and_then(|end| end.parse::<i64>().ok());
    let oldest = checkpoints.first().and_then(|name| end(name));
    let segment = names.iter().find(|name| name.ends_with(".log")).and_then(end);
    assert!(segment.is_some() && segment >= oldest, "{names:?}");

    let running = node.start().await;
    running.register().await;
    let after = running.seen.last();
    assert_eq!(
        after.topics().map(|topic| &topic.name).collect::<Vec<_>>(),
        before.topics().map(|topic| &topic.name).collect::<Vec<_>>()
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_see_each_other() {
    let node = Node::new("order", &[]);
    format(&node.world, &node.settings, "c1", &InitialVoters::Standalone).expect("it is empty");
    let running = node.start().await;
    let epoch = running.register().await;
    // the same topic wanted a hundred times at once: made once, and all others hear that it is there
    let wants = (0..100).map(|_| {
        let controller = running.controller.clone();
        tokio::spawn(async move { create(&controller, "a").await.map_err(|refused| refused.code) })
    });
    let mut made = 0;
    for want in wants.collect::<Vec<_>>() {
        match want.await.expect("it does not panic") {
            Ok(()) => made += 1,
            Err(code) => assert_eq!(code, ErrorCode::TopicAlreadyExists),
        }
    }
    assert_eq!(made, 1);
    let blocks = (0..3).map(|_| {
        let controller = running.controller.clone();
        let request = AllocateProducerIdsRequest { broker_id: 3, broker_epoch: epoch.0 };
        tokio::spawn(async move { controller.allocate_producer_ids(request).await })
    });
    let mut starts = std::collections::BTreeSet::new();
    for block in blocks.collect::<Vec<_>>() {
        let block = block.await.expect("it does not panic");
        assert_eq!((block.error_code, block.producer_id_len), (0, 1000));
        assert!(starts.insert(block.producer_id_start), "nobody else has had {}", block.producer_id_start);
    }
    assert_eq!(running.seen.last().next_producer_id().0, 3000);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_formatted_is_not_started() {
    let node = Node::new("raw", &[]);
    format(&node.world, &node.settings, "c1", &InitialVoters::Standalone).expect("it is empty");
    std::fs::remove_file(node.path.join("__cluster_metadata-0/00000000000000000000-0000000000.checkpoint"))
        .expect("it is there");
    let dir = LogDir::open(Arc::clone(&node.world.disk), &node.path).expect("it has meta.properties");
    let error = open(&node, &dir).await.err().expect("there is no snapshot");
    assert!(error.to_string().contains("format the log directory first"), "{error}");
    let foreign = format!("7@localhost:9:{}", node.world.uuid());
    let foreign = InitialVoters::parse(&node.settings, &foreign).expect("it is a list");
    let error = format(&node.world, &node.settings, "c1", &foreign).expect_err("it is not in it").to_string();
    assert!(error.starts_with("node 3 is not among the initial controllers"), "{error}");
    let other = format!("3@localhost:9:{}", node.world.uuid());
    let other = InitialVoters::parse(&node.settings, &other).expect("it is a list");
    let error = format(&node.world, &node.settings, "c1", &other).expect_err("it has an id").to_string();
    assert!(error.contains("belongs to another: its directory.id is "), "{error}");
    assert!(
        format(&node.world, &node.settings, "", &InitialVoters::Standalone)
            .is_err_and(|error| matches!(error, ControllerError::NoClusterId))
    );
}
