//! Owns one broker process on loopback with a folder of its own: Klamm, or Apache Kafka, which is the suites' oracle.
//! Both get the same configuration file. Must never know what the checks ask.

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Any valid one will do: 16 bytes in URL-safe base64.
const CLUSTER_ID: &str = "a2xhbW0tY2xpZW50LXRlcw";

/// The heap of a Kafka that is driven alone.
const HEAP_MIB: u32 = 512;

/// Which broker the suites drive.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The `klamm-broker` at this path.
    Klamm(PathBuf),
    /// Apache Kafka with this class path.
    Kafka(String),
}

impl Kind {
    /// The name that a check's `on` line uses.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Klamm(_) => "klamm",
            Kind::Kafka(_) => "kafka",
        }
    }

    fn format(&self, config: &Path) -> Command {
        self.format_as(config, CLUSTER_ID)
    }

    /// What formats the directories of a configuration for a cluster.
    pub fn format_as(&self, config: &Path, cluster_id: &str) -> Command {
        match self {
            Kind::Klamm(program) => {
                let mut command = Command::new(program);
                command.args(["format", "--cluster-id", cluster_id, "--config"]).arg(config);
                command
            }
            Kind::Kafka(jars) => {
                let mut command = java(jars, HEAP_MIB, "kafka.tools.StorageTool");
                command.args(["format", "-t", cluster_id, "-c"]).arg(config);
                command
            }
        }
    }

    /// What starts a node with a configuration; a Java process has a heap of so many MiB.
    pub fn start(&self, config: &Path, heap_mib: u32) -> Command {
        match self {
            Kind::Klamm(program) => {
                let mut command = Command::new(program);
                command.arg("--config").arg(config);
                command
            }
            Kind::Kafka(jars) => {
                let mut command = java(jars, heap_mib, "kafka.Kafka");
                command.arg(config);
                command
            }
        }
    }
}

fn java(jars: &str, heap_mib: u32, class: &str) -> Command {
    let mut command = Command::new("java");
    command.arg(format!("-Xmx{heap_mib}M"));
    command.args(["-XX:+UseSerialGC", "-Xshare:auto", "-cp", jars, class]);
    command
}

/// A broker that runs until it is dropped.
pub struct Broker {
    kind: Kind,
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl Broker {
    /// Formats an empty folder and starts a broker in it; topics that make themselves get so many partitions.
    pub fn start(kind: Kind, folder: &Path, partitions: u32) -> Result<Broker> {
        let (port, controller_port) = (free_port()?, free_port()?);
        fs::create_dir_all(folder)?;
        let config = folder.join("broker.properties");
        fs::write(&config, configuration(folder, port, controller_port, partitions))?;
        let log = File::create(folder.join("format.log"))?;
        let status =
            kind.format(&config).stdout(log.try_clone()?).stderr(log).status().context("cannot format")?;
        ensure!(status.success(), "format ended with {status}; see {}/format.log", folder.display());
        let child = spawn(&kind, folder)?;
        let mut broker = Broker { kind, folder: folder.to_owned(), port, child };
        broker.wait_until_it_answers()?;
        Ok(broker)
    }

    /// What clients connect to.
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Which broker this is.
    pub fn kind(&self) -> Kind {
        self.kind.clone()
    }

    /// The log directory: topics and the metadata log are folders in it.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Stops the process by this signal and starts it anew on the same data.
    pub fn restart(&mut self, signal: Signal) -> Result<()> {
        self.stop(signal)?;
        self.child = spawn(&self.kind, &self.folder)?;
        self.wait_until_it_answers()
    }

    fn stop(&mut self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal).context("the broker is not running any more")?;
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "the broker did not end within 20 s of {signal:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Until kcat sees the broker as a live member of its cluster.
    fn wait_until_it_answers(&mut self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                bail!("the broker ended with {status}; see {}/broker.log", self.folder.display());
            }
            let answer = Command::new("kcat").args(["-L", "-m", "2", "-b", &self.bootstrap()]).output()?;
            if String::from_utf8_lossy(&answer.stdout).contains("broker 1 at") {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the broker did not answer within 60 s; see {}/broker.log", self.folder.display())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if self.stop(Signal::TERM).is_err() {
            // Best effort: it may have ended by itself.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn spawn(kind: &Kind, folder: &Path) -> Result<Child> {
    let log = File::options().create(true).append(true).open(folder.join("broker.log"))?;
    let mut command = kind.start(&folder.join("broker.properties"), HEAP_MIB);
    command.stdout(log.try_clone()?).stderr(log).spawn().with_context(|| format!("cannot start {command:?}"))
}

/// A port that was free a moment ago: the best one can have before the broker binds it.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Kafka's own defaults but for what a single node and short tests need.
fn configuration(folder: &Path, port: u16, controller_port: u16, partitions: u32) -> String {
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={}
num.partitions={partitions}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
default.replication.factor=1
min.insync.replicas=1
group.initial.rebalance.delay.ms=0
",
        folder.join("data").display()
    )
}
