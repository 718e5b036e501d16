//! Owns the processes of a cluster with nodes of Klamm and of Apache Kafka, on loopback, in folders of their own.
//! Must never know what is checked.

use super::beside::PATIENCE;
use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use super::broker::Kind;

const CLUSTER_ID: &str = "a2xhbW0tYmVzaWRlLWthZg";

/// The heap of each of Kafka's nodes, of which there are two beside all else that a test machine runs.
const HEAP_MIB: u32 = 256;

/// What Klamm does not serve above 0.
const FEATURES: [&str; 4] = ["group.version", "transaction.version", "share.version", "streams.version"];

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// It votes, alone, and hosts nothing.
    Controller,
    /// It hosts and follows the quorum.
    Broker,
    /// It votes, alone, and hosts.
    Both,
}

struct Node {
    kind: Kind,
    role: Role,
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
}

/// A cluster that runs until it is dropped.
pub struct Mixed {
    bin: PathBuf,
    nodes: BTreeMap<i32, Node>,
}

impl Mixed {
    /// Formats and starts nodes, one of which votes. `bin` has Kafka's tools.
    pub fn start(folder: &Path, bin: &Path, nodes: Vec<(i32, Kind, Role)>) -> Result<Mixed> {
        let sockets = (0..=nodes.len()).map(|_| Ok(TcpListener::bind("127.0.0.1:0")?));
        let sockets: Vec<TcpListener> = sockets.collect::<Result<_>>()?;
        let ports: Vec<u16> =
            sockets.iter().map(|socket| Ok(socket.local_addr()?.port())).collect::<Result<_>>()?;
        let (controller, ports) = ports.split_last().context("there are nodes")?;
        let mut cluster = Mixed { bin: bin.to_owned(), nodes: BTreeMap::new() };
        for ((id, kind, role), port) in nodes.into_iter().zip(ports) {
            let folder = folder.join(id.to_string());
            fs::create_dir_all(&folder)?;
            fs::write(folder.join("node.properties"), configuration(&folder, id, role, *port, *controller))?;
            let node = Node { kind, role, folder, port: *port, child: None };
            node.format()?;
            cluster.nodes.insert(id, node);
        }
        drop(sockets); // held until all are known, so that no two are the same
        cluster.nodes.values_mut().try_for_each(Node::start)?;
        Ok(cluster)
    }

    /// What clients of node `id` connect to.
    pub fn address(&self, id: i32) -> String {
        format!("127.0.0.1:{}", self.nodes[&id].port)
    }

    fn node(&mut self, id: i32) -> Result<&mut Node> {
        self.nodes.get_mut(&id).with_context(|| format!("there is no node {id}"))
    }

    /// Ends a node by a signal.
    pub fn stop(&mut self, id: i32, signal: Signal) -> Result<()> {
        self.node(id)?.stop(signal)
    }

    /// Starts a node that has ended.
    pub fn start_again(&mut self, id: i32) -> Result<()> {
        self.node(id)?.start()
    }

    /// Sends a signal.
    pub fn signal(&mut self, id: i32, signal: Signal) -> Result<()> {
        self.node(id)?.signal(signal)
    }

    /// Looks until it is so.
    pub fn until(&self, what: &str, mut so: impl FnMut() -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !so()? {
            ensure!(Instant::now() < deadline, "not within {} s: {what}", PATIENCE.as_secs());
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether node `id` tells of these brokers.
    pub fn lists(&self, id: i32, brokers: &[i32]) -> bool {
        let told = self.shell(&format!("kcat -L -m 2 -b {}", self.address(id))).unwrap_or_default();
        brokers.iter().all(|one| told.contains(&format!("broker {one} at")))
    }

    /// Until node `through` tells that exactly `members` are in sync, and one of them leads, in all partitions of a topic.
    pub fn until_in_sync(&self, through: i32, topic: &str, members: &[i32]) -> Result<()> {
        let mut told = String::new();
        let settled = self.until("the in-sync replicas", || {
            let script = format!("kcat -L -m 2 -t {topic} -b {}", self.address(through));
            told = self.shell(&script).unwrap_or_default();
            // partition 0, leader 1, replicas: 1,2, isrs: 1,2
            let partitions: Vec<&str> =
                told.lines().map(str::trim).filter(|line| line.starts_with("partition ")).collect();
            let in_sync = |line: &&str| {
                let isr = line.split_once("isrs: ").map_or("", |(_, isr)| isr);
                let mut isr: Vec<i32> = isr.split(',').filter_map(|id| id.trim().parse().ok()).collect();
                isr.sort_unstable();
                isr == members && !line.contains("leader -1")
            };
            Ok(!partitions.is_empty() && partitions.iter().all(in_sync))
        });
        settled.with_context(|| format!("{topic} is to have the in-sync replicas {members:?}\n{told}"))
    }

    /// Creates a topic with Kafka's assignment of replicas, `1:2,2:1`, and waits until it is written to.
    pub fn create(&self, through: i32, topic: &str, assignment: &str) -> Result<()> {
        let address = self.address(through);
        self.shell(&format!(
            "kafka-topics --bootstrap-server {address} --create --topic {topic} --replica-assignment {assignment}"
        ))?;
        self.until_in_sync(through, topic, &[1, 2])
    }

    /// Writes numbers, each once, and fails where one is not acknowledged.
    pub fn write(&self, through: i32, topic: &str, numbers: RangeInclusive<u32>, acks: &str) -> Result<()> {
        let (first, last) = numbers.into_inner();
        self.shell(&format!(
            "seq {first} {last} | sed 's/.*/&:&/' | kcat -P -b {} -t {topic} -K: -X acks={acks} \
             -X enable.idempotence={} -X topic.partitioner=murmur2_random",
            self.address(through),
            acks == "all"
        ))?;
        Ok(())
    }

    /// The numbers in a topic, sorted.
    pub fn read(&self, through: i32, topic: &str) -> Result<Vec<u32>> {
        let script = format!("kcat -C -b {} -t {topic} -o beginning -e -q", self.address(through));
        let mut numbers: Vec<u32> = self.shell(&script)?.lines().map(str::parse).collect::<Result<_, _>>()?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Whether the first segments of a topic's partitions become equal byte by byte on these nodes, and are not empty.
    pub fn same_files(&self, topic: &str, nodes: &[i32], partitions: u32) -> Result<()> {
        for partition in 0..partitions {
            let file = format!("data/{topic}-{partition}/00000000000000000000.log");
            self.until(&format!("{file} is equal on {nodes:?}"), || {
                let logs = nodes.iter().map(|id| Ok(fs::read(self.nodes[id].folder.join(&file))?));
                let logs: Vec<Vec<u8>> = logs.collect::<Result<_>>()?;
                Ok(!logs[0].is_empty() && logs.windows(2).all(|pair| pair[0] == pair[1]))
            })?;
        }
        Ok(())
    }

    /// Runs a line of shell with Kafka's tools at hand; what it prints.
    pub fn shell(&self, script: &str) -> Result<String> {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("timeout")
            .args(["-k", "1", "30", "bash", "-c", &format!("set -o pipefail; {script}")])
            .env("PATH", format!("{}:{path}", self.bin.display()))
            .stdin(Stdio::null())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("$ {script}\n{text}{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(text)
    }
}

impl Node {
    fn log(&self, name: &str) -> Result<File> {
        Ok(File::options().create(true).append(true).open(self.folder.join(name))?)
    }

    fn format(&self) -> Result<()> {
        let mut command = self.kind.format_as(&self.folder.join("node.properties"), CLUSTER_ID);
        if self.role != Role::Broker {
            command.arg("--standalone");
        }
        if matches!(self.kind, Kind::Kafka(_)) {
            FEATURES.iter().for_each(|feature| {
                command.args(["--feature", &format!("{feature}=0")]);
            });
        }
        let mut log = self.log("format.log")?;
        let output = command.output()?;
        log.write_all(&output.stdout)?;
        log.write_all(&output.stderr)?;
        ensure!(
            output.status.success(),
            "format ended with {}; see {}",
            output.status,
            self.folder.display()
        );
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        let mut command = self.kind.start(&self.folder.join("node.properties"), HEAP_MIB);
        command.stdin(Stdio::null()).stdout(self.log("node.log")?).stderr(self.log("node.log")?);
        self.child = Some(command.spawn().with_context(|| format!("cannot start {command:?}"))?);
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let child = self.child.as_ref().context("the node does not run")?;
        Ok(kill_process(Pid::from_child(child), signal)?)
    }

    fn stop(&mut self, signal: Signal) -> Result<()> {
        self.signal(signal)?;
        let child = self.child.as_mut().context("the node does not run")?;
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "a node did not end within {} s", PATIENCE.as_secs());
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child = None;
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // the whole cluster goes, so there is nobody to hand over to
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn configuration(folder: &Path, id: i32, role: Role, port: u16, controller: u16) -> String {
    let clients = format!("PLAINTEXT://127.0.0.1:{port}");
    let controllers = format!("CONTROLLER://127.0.0.1:{controller}");
    let (roles, listeners) = match role {
        Role::Controller => ("controller", controllers),
        Role::Broker => ("broker", clients),
        Role::Both => ("broker,controller", format!("{clients},{controllers}")),
    };
    format!(
        "process.roles={roles}
node.id={id}
listeners={listeners}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={}
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
replica.lag.time.max.ms=4000
default.replication.factor=2
min.insync.replicas=1
offsets.topic.replication.factor=2
offsets.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
",
        folder.join("data").display()
    )
}
