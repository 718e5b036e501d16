//! Three brokers, three processes: each request goes to any of them; one is killed, stopped, ended, led by.

use klamm_client::{Client, NewTopic, Settings};
use klamm_protocol::{
    DescribeQuorumRequest, InitProducerIdRequest, MetadataResponse,
    describe_quorum_request::{PartitionData, TopicData},
};
use klamm_types::{BrokerId, Mono, Str};
use klamm_world::{World, real};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long anything may take on a busy machine.
const SOON: Duration = Duration::from_secs(60);
/// Long enough to tell "at once" from "when its session is over" on a busy machine.
const SESSION: Duration = Duration::from_secs(4);
const IDS: [i32; 3] = [1, 2, 3];
const CLUSTER_ID: &str = "dGhyZWUtYnJva2Vycy0tLQ";
const PARTITIONS: i32 = 6;

struct Cluster {
    world: World,
    path: PathBuf,
    /// The client's port and the controllers'.
    ports: BTreeMap<i32, (u16, u16)>,
    running: BTreeMap<i32, Child>,
}

impl Cluster {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("klamm-three-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let world = real::world();
        // held until all are known, so that no two are the same
        let sockets: Vec<TcpListener> =
            (0..6).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free")).collect();
        let port = |at: usize| sockets[at].local_addr().expect("it is bound").port();
        let ports = (0..).zip(IDS).map(|(at, id)| (id, (port(2 * at), port(2 * at + 1)))).collect();
        let this = Self { world, path, ports, running: BTreeMap::new() };
        let voters: Vec<String> = IDS
            .iter()
            .map(|id| format!("{id}@127.0.0.1:{}:{}", this.ports[id].1, this.world.uuid()))
            .collect();
        for id in IDS {
            std::fs::create_dir_all(this.folder(id)).expect("a folder can be made");
            std::fs::write(this.config(id), this.settings(id)).expect("a file can be written");
            let status = this
                .program(id, "format")
                .args(["format", "--cluster-id", CLUSTER_ID, "--initial-controllers", &voters.join(",")])
                .status();
            assert!(status.expect("the program is there").success(), "broker {id} is formatted");
        }
        this
    }

    fn folder(&self, id: i32) -> PathBuf {
        self.path.join(id.to_string())
    }

    fn config(&self, id: i32) -> PathBuf {
        self.folder(id).join("broker.properties")
    }

    fn settings(&self, id: i32) -> String {
        let (clients, controllers) = self.ports[&id];
        let bootstrap: Vec<String> =
            self.ports.values().map(|(_, port)| format!("127.0.0.1:{port}")).collect();
        format!(
            "process.roles=broker,controller\nnode.id={id}\nlog.dirs={}\n\
             listeners=PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controllers}\n\
             controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers={}\n\
             broker.session.timeout.ms={}\ndefault.replication.factor=3\nmin.insync.replicas=1\n",
            self.folder(id).join("data").display(),
            bootstrap.join(","),
            SESSION.as_millis(),
        )
    }

    fn program(&self, id: i32, what: &str) -> Command {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder(id).join(format!("{what}.log")))
            .expect("a log can be made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_klamm-broker"));
        command.arg("--config").arg(self.config(id)).stdin(Stdio::null());
        command.stderr(log.try_clone().expect("a file can be shared")).stdout(log);
        command
    }

    fn start(&mut self, id: i32) {
        let child = self.program(id, "broker").spawn().expect("the program is there");
        self.running.insert(id, child);
    }

    fn signal(&self, id: i32, signal: &str) {
        let pid = self.running[&id].id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill is there");
        assert!(sent.success(), "broker {id} runs");
    }

    /// SIGKILL: it has no time to say anything.
    fn kill(&mut self, id: i32) {
        let mut child = self.running.remove(&id).expect("it runs");
        child.kill().expect("it runs");
        child.wait().expect("it was started here");
    }

    /// SIGTERM, and its exit code.
    async fn end(&mut self, id: i32) -> Option<i32> {
        self.signal(id, "-TERM");
        let mut child = self.running.remove(&id).expect("it runs");
        let deadline = self.now().plus(SOON);
        while self.now() < deadline {
            if let Some(status) = child.try_wait().expect("it was started here") {
                return status.code();
            }
            self.world.sleep(Duration::from_millis(5)).await;
        }
        self.running.insert(id, child);
        None
    }

    fn now(&self) -> Mono {
        self.world.clock.now().mono
    }

    /// A client that asks broker `id` only.
    fn client(&self, id: i32) -> Client {
        let settings = Settings {
            bootstrap: vec![("127.0.0.1".to_owned(), self.ports[&id].0)],
            tls: None,
            client_id: Str::from_static("test"),
            timeout: SOON,
        };
        Client::new(self.world.clone(), settings)
    }

    /// What broker `id` says of the cluster; none while it does not serve.
    async fn seen_by(&self, id: i32) -> Option<MetadataResponse> {
        self.client(id).metadata(None).await.ok()
    }

    /// Waits until broker `by` sees what is wanted, and says how long that took.
    async fn until(&self, by: i32, what: &str, wanted: impl Fn(&MetadataResponse) -> bool) -> Duration {
        let began = self.now();
        loop {
            let seen = self.seen_by(by).await;
            if seen.as_ref().is_some_and(&wanted) {
                return self.now().since(began);
            }
            assert!(self.now().since(began) < SOON, "{what}; {by} sees {seen:?}; logs in {:?}", self.path);
            self.world.sleep(Duration::from_millis(5)).await;
        }
    }

    async fn until_all(&self, by: &[i32]) {
        for id in by {
            self.until(*id, "all brokers take part", |seen| ids(seen) == IDS.into()).await;
        }
    }

    /// The active controller, as broker `by` is told.
    async fn controller(&self, by: i32) -> i32 {
        let request = DescribeQuorumRequest {
            topics: vec![TopicData {
                topic_name: Str::from_static("__cluster_metadata"),
                partitions: vec![PartitionData { partition_index: 0 }],
            }],
        };
        let response = self.client(by).ask(&request).await.expect("it answers");
        response.topics[0].partitions[0].leader_id
    }

    async fn create(&self, by: i32, name: &str) {
        let topic =
            NewTopic { name: Str::from(name), partitions: PARTITIONS, replicas: 3, config: BTreeMap::new() };
        self.client(by).create_topic(&topic).await.expect("any broker creates a topic");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn ids(seen: &MetadataResponse) -> BTreeSet<i32> {
    seen.brokers.iter().map(|broker| broker.node_id).collect()
}

fn leads(seen: &MetadataResponse, id: i32) -> usize {
    let partitions = seen.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.filter(|partition| partition.leader_id == id).count()
}

/// Everything is led, and nothing by `id`.
fn is_led_by_others(seen: &MetadataResponse, id: i32) -> bool {
    leads(seen, id) == 0 && leads(seen, BrokerId::NONE.0) == 0
}

fn others(id: i32) -> [i32; 2] {
    match IDS.map(|one| (one != id).then_some(one)) {
        [Some(a), Some(b), _] | [Some(a), _, Some(b)] | [_, Some(a), Some(b)] => [a, b],
        _ => [id, id],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_come_and_go() {
    let mut cluster = Cluster::new("come-and-go");
    IDS.iter().for_each(|id| cluster.start(*id));
    cluster.until_all(&IDS).await;

    // any broker does what the active controller decides
    let mut producers = BTreeSet::new();
    for id in IDS {
        cluster.create(id, &format!("by-{id}")).await;
        let request = InitProducerIdRequest {
            transaction_timeout_ms: -1,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        };
        let given = cluster.client(id).ask(&request).await.expect("any broker gives a producer id");
        assert!(given.error_code == 0 && producers.insert(given.producer_id), "{given:?}");
        let name = Str::from(format!("auto-{id}").as_str());
        let made = cluster.client(id).topic_or_auto_created(&name).await.expect("any broker makes topics");
        assert!(made.is_some());
    }
    for id in IDS {
        cluster.until(id, "each broker sees all topics", |seen| seen.topics.len() >= 6).await;
    }
    cluster.until(1, "all brokers lead", |seen| IDS.iter().all(|id| leads(seen, *id) > 0)).await;
    let controller = cluster.controller(1).await;
    let [victim, witness] = others(controller);
    assert_eq!(cluster.controller(victim).await, controller, "all are told of the same");

    // a killed process is fenced at once, and all that it led is led by others
    cluster.kill(victim);
    let took = cluster.until(witness, "the killed broker leads nothing", |seen| {
        !ids(seen).contains(&victim) && is_led_by_others(seen, victim)
    });
    let took = took.await;
    assert!(took < SESSION / 2, "fenced after {took:?}: only when its session was over");
    println!("fenced {took:?} after SIGKILL");
    cluster.start(victim);
    cluster.until_all(&IDS).await;

    // a silent one is fenced when its session is over, and takes part again when it is heard of
    cluster.signal(victim, "-STOP");
    let took = cluster.until(witness, "the silent broker leads nothing", |seen| !ids(seen).contains(&victim));
    let took = took.await;
    assert!(took >= SESSION - Duration::from_secs(1), "fenced after {took:?}: it was only silent");
    println!("fenced {took:?} after SIGSTOP, with a session of {SESSION:?}");
    cluster.signal(victim, "-CONT");
    cluster.until_all(&[controller, witness]).await;

    // one that ends hands over before it does
    assert_eq!(cluster.end(victim).await, Some(0), "it ends in good order");
    let seen = cluster.seen_by(witness).await.expect("it serves");
    assert!(!ids(&seen).contains(&victim) && is_led_by_others(&seen, victim), "{seen:?}");
    let mark = cluster.folder(victim).join("data/.kafka_cleanshutdown");
    let mark = std::fs::read_to_string(mark).expect("it was clean");
    assert!(!mark.contains("-1"), "it knows in which epoch it ended: {mark}");
    cluster.start(victim);
    cluster.until_all(&IDS).await;

    // the active controller dies: another one is, and fences it
    cluster.kill(controller);
    let began = cluster.now();
    cluster.create(witness, "after").await;
    println!("a topic made {:?} after SIGKILL of the active controller", cluster.now().since(began));
    let took = cluster.until(witness, "the killed controller leads nothing", |seen| {
        !ids(seen).contains(&controller) && is_led_by_others(seen, controller)
    });
    took.await;
    let took = cluster.now().since(began);
    assert!(took < SESSION, "fenced after {took:?}: only when its session was over");
    println!("the killed controller leads nothing {took:?} after SIGKILL");
    assert_ne!(cluster.controller(witness).await, controller);
    cluster.start(controller);
    cluster.until_all(&IDS).await;
}
