//! Nodes of a quorum: the driver and its listener, and a broker that only remembers what was published.

use crate::{
    broker::Broker,
    controller::{Controller, ControllerError, Decision, InitialVoters, Leadership, Publish, format},
    listeners,
    peer::Peers,
    shard::{LogDirs, Shards},
    start::{open_gates, quorum_endpoints},
};
use klamm_client::Connection;
use klamm_metadata::{
    Delta, Image,
    config::Settings,
    decide::{
        Load, NewTopic, Refused, Registration, Rules, TopicDefaults, create_topic, register_broker,
        unfence_broker,
    },
};
use klamm_net::{Budget, Closing};
use klamm_quorum::{Quorum, ReplicaKey};
use klamm_storage::LogDir;
use klamm_types::{BrokerId, DirectoryId, TopicId};
use klamm_world::{BoxFuture, World, real};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Notify;

/// Longer than anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub const CLUSTER: &str = "c2ltdWxhdGlvbnNpbXVsYQ";

/// What was published, applied as a broker would.
#[derive(Default)]
pub struct Seen {
    last: Mutex<(Arc<Image>, Vec<String>)>,
    news: Notify,
}

impl Publish for Seen {
    fn publish(&self, image: Arc<Image>, delta: Delta) -> BoxFuture<'_, ()> {
        let mut last = self.last.lock().expect("no test panics with it");
        last.1.retain(|name| !delta.deleted.values().any(|topic| topic.name.as_str() == name));
        last.1.extend(
            delta.created.iter().filter_map(|id| image.topic_by_id(*id)).map(|one| one.name.to_string()),
        );
        last.1.sort();
        last.0 = image;
        drop(last);
        self.news.notify_waiters();
        Box::pin(async {})
    }
}

impl Seen {
    /// Resolves when the deltas so far have made topics of these names, and the image has the same.
    pub async fn has(&self, names: &[&str]) {
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            news.as_mut().enable();
            {
                let last = self.last.lock().expect("no test panics with it");
                let in_image: Vec<_> = last.0.topics().map(|topic| topic.name.to_string()).collect();
                if last.1 == names {
                    assert_eq!(in_image, names, "deltas and image say the same");
                    return;
                }
            }
            within(news).await;
        }
    }

    pub fn image(&self) -> Arc<Image> {
        Arc::clone(&self.last.lock().expect("no test panics with it").0)
    }
}

/// The result, in time.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

/// The disk of a node, and where it listens.
pub struct Node {
    pub key: ReplicaKey,
    pub port: u16,
    world: World,
    path: PathBuf,
    more: Vec<(&'static str, &'static str)>,
}

/// A node that runs.
pub struct Running {
    pub controller: Controller,
    pub seen: Arc<Seen>,
    broker: Arc<Broker>,
    closing: Closing,
    task: tokio::task::JoinHandle<Result<(), ControllerError>>,
}

impl Node {
    /// A node on an empty disk.
    pub fn new(test: &str, id: i32, more: &[(&'static str, &'static str)]) -> Self {
        let path = std::env::temp_dir().join(format!("klamm-quorum-{test}-{id}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let world = real::world();
        let directory = DirectoryId(world.uuid());
        let port = free.expect("there is a free port").port();
        Self { key: ReplicaKey { id: BrokerId(id), directory }, port, world, path, more: more.to_vec() }
    }

    /// Its element of Kafka's `--initial-controllers`.
    pub fn entry(&self) -> String {
        format!("{}@127.0.0.1:{}:{}", self.key.id, self.port, self.key.directory)
    }

    fn settings(&self, bootstrap: &str) -> Settings {
        let listeners = format!("PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:{}", self.port);
        let (id, path) = (self.key.id.to_string(), self.path.to_string_lossy().into_owned());
        let fixed = [
            ("node.id", id.as_str()),
            ("log.dirs", path.as_str()),
            ("listeners", listeners.as_str()),
            ("controller.listener.names", "CONTROLLER"),
            ("controller.quorum.bootstrap.servers", bootstrap),
        ];
        Settings::new(fixed.into_iter().chain(self.more.iter().copied())).expect("they are valid")
    }

    pub fn format(&self, initial: &str) {
        let settings = self.settings("");
        let voters = match initial {
            "" => InitialVoters::None,
            list => InitialVoters::parse(&settings, list).expect("it is a list"),
        };
        format(&self.world, &settings, CLUSTER, &voters).expect("the directory is empty");
    }

    /// Starts it; `bootstrap` is where it looks for the quorum.
    pub async fn start(&self, bootstrap: &str) -> Running {
        let (world, settings) = (self.world.clone(), self.settings(bootstrap));
        let (closing, budget) = (Closing::default(), Budget::new(1 << 28));
        let dir = LogDir::open(Arc::clone(&world.disk), &self.path).expect("it is formatted and free");
        let bound =
            listeners::bind(&world, &settings, &budget, "localhost", &closing).expect("its port is free");
        let peers = Peers::new(&world, &settings).expect("there are no certificates");
        let (controller, driver) =
            Controller::open(world.clone(), &dir, &settings, peers.clone(), quorum_endpoints(&bound))
                .await
                .expect("the log is whole");
        let shards = Shards::start(&world, settings.node_id(), LogDirs::new(vec![dir]), 1);
        let gates = bound.iter().map(|one| Arc::clone(&one.gate)).collect();
        let broker = Arc::new(Broker::new(
            world.clone(),
            settings,
            (controller.clone(), peers),
            shards,
            budget,
            gates,
        ));
        let seen = Arc::new(Seen::default());
        let task = tokio::spawn(driver.run(seen.clone()));
        open_gates(&broker, bound.into_iter().filter(|one| one.controller).collect(), None);
        Running { controller, seen, broker, closing, task }
    }

    /// A connection to its controller listener.
    pub async fn connect(&self) -> Connection {
        let to = ("127.0.0.1", self.port);
        let connected = Connection::open(&self.world, to, None, "test".into(), PATIENCE);
        connected.await.expect("it listens")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl Running {
    pub fn quorum(&self) -> Quorum {
        self.controller.quorum()
    }

    /// Resolves when this node knows of a leader among `ids`.
    pub async fn follows(&self, ids: &[i32]) -> Leadership {
        let mut now = self.controller.leadership();
        while !now.leader.is_some_and(|leader| ids.contains(&leader.0)) {
            now = within(self.controller.leadership_changed(&now)).await;
        }
        now
    }

    /// Makes a topic, where this node is the active controller.
    pub async fn create(&self, name: &str) -> Result<(), Refused> {
        let new = NewTopic { name: name.into(), partitions: 1, replication_factor: 1, ..NewTopic::default() };
        let id = TopicId(self.broker.world.uuid());
        let decided = self.controller.try_decide(move |image: &Image| {
            let defaults = TopicDefaults::of(image.layers(BrokerId(1), &[].into()));
            let records = create_topic(image, &mut Load::of(image), defaults, &new, id)?;
            Ok(Decision { records, answer: () })
        });
        within(decided).await
    }

    /// Registers a broker, without which there are no topics.
    pub async fn register(&self) {
        let new = Registration {
            id: self.broker.id,
            incarnation: self.broker.world.uuid(),
            directories: vec![self.controller.meta().directory_id],
            ..Registration::default()
        };
        let decided = self.controller.decide_by_rules(move |rules| {
            let (epoch, mut records) =
                register_broker(rules, &new, false, rules.image.position.end).expect("it is new");
            let (image, _) = rules.image.apply(&records, rules.image.position).expect("they fit");
            let unfenced = unfence_broker(Rules { image: &image, ..rules }, new.id, epoch);
            records.extend(unfenced.expect("it has just registered"));
            Decision { records, answer: () }
        });
        within(decided).await.expect("it is the active controller");
    }

    /// As a kill does: nothing more is written, connections break, nobody listens.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        self.closing.close();
        let open = || {
            self.broker
                .gates
                .iter()
                .any(|gate| gate.counters.open.load(std::sync::atomic::Ordering::Relaxed) > 0)
        };
        while open() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// In order.
    pub async fn stop(self) {
        let deadline = self.broker.world.clock.now().mono.plus(Duration::from_secs(1));
        self.controller.resign(&self.broker.world, deadline).await;
        self.closing.close();
        self.controller.stop().await;
        within(self.task).await.expect("it does not panic").expect("it ends in good order");
    }
}
