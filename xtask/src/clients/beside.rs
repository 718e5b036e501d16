//! The suite `beside`: brokers of Klamm and of Apache Kafka in one cluster, under a controller of the one and then of the other.
//! Owns the order of what is done to the cluster; `mixed.rs` owns its processes. Must never drive the broker of the other suites.

use super::mixed::{Kind, Mixed, Role};
use super::{Run, Summary};
use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use std::path::Path;
use std::time::{Duration, Instant};

const CONTROLLER: i32 = 100;
const KAFKA: i32 = 1;
const KLAMM: i32 = 2;

/// Runs the suite with the `klamm-broker` at `klamm` and Apache Kafka of the class path `jars`.
pub fn run(run: &mut Run, klamm: &Path, jars: &str) -> Result<()> {
    let (klamm, kafka) = (Kind::Klamm(klamm.to_owned()), Kind::Kafka(jars.to_owned()));
    for (controller, name) in [(&kafka, "Kafka's controller"), (&klamm, "Klamm's controller")] {
        let began = Instant::now();
        let folder = run.folder.join("beside").join(controller.name());
        // a controller of Klamm's is a broker too
        let (id, role) = match controller {
            Kind::Kafka(_) => (CONTROLLER, Role::Controller),
            Kind::Klamm(_) => (KLAMM, Role::Both),
        };
        let mut nodes = vec![(id, controller.clone(), role), (KAFKA, kafka.clone(), Role::Broker)];
        if id != KLAMM {
            nodes.push((KLAMM, klamm.clone(), Role::Broker));
        }
        let bin = run.folder.join("bin");
        let started = Mixed::start(&folder, &bin, nodes).and_then(|cluster| {
            cluster.until("both brokers are told by each", || {
                Ok([KAFKA, KLAMM].iter().all(|id| cluster.lists(*id, &[KAFKA, KLAMM])))
            })?;
            Ok(cluster)
        });
        let summary = &mut run.summary;
        let Some(cluster) = note(summary, &format!("{name}: brokers of both kinds register"), began, started)
        else {
            continue;
        };
        let mut checks = Checks { cluster, name, summary, written: 0 };
        checks.all(id == CONTROLLER);
    }
    Ok(())
}

fn note<T>(summary: &mut Summary, name: &str, began: Instant, outcome: Result<T>) -> Option<T> {
    match outcome {
        Ok(value) => {
            summary.passed(name, began);
            Some(value)
        }
        Err(why) => {
            summary.failed(name, &format!("{why:#}"));
            None
        }
    }
}

/// What is checked of one cluster.
struct Checks<'a> {
    cluster: Mixed,
    name: &'a str,
    summary: &'a mut Summary,
    /// The records that were acknowledged to writers of [`TOPIC`]: 1 to this.
    written: u32,
}

/// One partition led by each of the brokers at first.
const TOPIC: &str = "shared";

impl Checks<'_> {
    /// `outside` is whether the controller is neither of the brokers, so that either may go.
    fn all(&mut self, outside: bool) {
        self.check("what either takes is read through both", Self::write_and_read);
        self.check("groups have their coordinators", Self::groups);
        self.check("Kafka's broker is killed and comes back", |this| this.goes(KAFKA, KLAMM, Signal::KILL));
        self.check("Kafka's broker hands over and comes back", |this| this.goes(KAFKA, KLAMM, Signal::TERM));
        if outside {
            self.check("Klamm's broker is killed and comes back", |this| {
                this.goes(KLAMM, KAFKA, Signal::KILL)
            });
            self.check("Klamm's broker hands over and comes back", |this| {
                this.goes(KLAMM, KAFKA, Signal::TERM)
            });
            self.check("Klamm's broker truncates what only it had", |this| this.truncates(KLAMM, KAFKA));
            self.check("Kafka's broker truncates what only it had", |this| this.truncates(KAFKA, KLAMM));
        }
    }

    fn check(&mut self, what: &str, check: impl FnOnce(&mut Self) -> Result<()>) {
        let began = Instant::now();
        let outcome = check(self);
        note(self.summary, &format!("{}: {what}", self.name), began, outcome);
    }

    fn write_and_read(&mut self) -> Result<()> {
        self.cluster.create(KLAMM, TOPIC, "1:2,2:1")?;
        self.write(KAFKA)?;
        self.write(KLAMM)?;
        self.read(KAFKA)?;
        self.read(KLAMM)
    }

    /// Hashes of these names are odd and even: with two partitions of `__consumer_offsets` they are in different ones.
    fn groups(&mut self) -> Result<()> {
        for (group, through) in [("a", KAFKA), ("b", KLAMM)] {
            let script = format!(
                "kafka-console-consumer --bootstrap-server {} --topic {TOPIC} --group {group} --from-beginning \
                 --max-messages {} --timeout-ms 15000 | sort -u | wc -l",
                self.cluster.address(through),
                self.written
            );
            let count = self.cluster.shell(&script)?;
            ensure!(count.trim() == self.written.to_string(), "group {group} has read {count}");
        }
        for through in [KAFKA, KLAMM] {
            let script = format!(
                "kafka-consumer-groups --bootstrap-server {} --describe --group a --group b",
                self.cluster.address(through)
            );
            let told = self.cluster.shell(&script)?;
            // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG …
            let committed: u32 = told
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>())
                .filter(|words| words.get(1) == Some(&TOPIC))
                .filter_map(|words| words.get(3)?.parse::<u32>().ok())
                .sum();
            ensure!(committed == 2 * self.written, "two groups have committed {committed}:\n{told}");
        }
        Ok(())
    }

    /// One broker ends and comes back; the other leads meanwhile.
    fn goes(&mut self, who: i32, other: i32, signal: Signal) -> Result<()> {
        self.cluster.stop(who, signal)?;
        self.cluster.until_in_sync(other, TOPIC, &[other])?;
        self.write(other)?;
        self.cluster.start_again(who)?;
        self.cluster.until_in_sync(other, TOPIC, &[KAFKA, KLAMM])?;
        self.read(who)?;
        self.cluster.same_files(TOPIC, &[KAFKA, KLAMM], 2)
    }

    /// The follower is held while the leader takes records that it answers for alone (acks=1), and leads when the leader is killed.
    fn truncates(&mut self, leader: i32, follower: i32) -> Result<()> {
        let topic = format!("cut-{leader}");
        self.cluster.create(leader, &topic, &format!("{leader}:{follower}"))?;
        self.cluster.write(leader, &topic, 1..=100, "all")?;
        self.cluster.signal(follower, Signal::STOP)?;
        // the first answers the fetch that waits, and may yet arrive; the second nobody asks for
        let lonely = self
            .cluster
            .write(leader, &topic, 101..=101, "1")
            .and_then(|()| self.cluster.write(leader, &topic, 102..=200, "1"))
            .and_then(|()| self.cluster.stop(leader, Signal::KILL));
        self.cluster.signal(follower, Signal::CONT)?;
        lonely?;
        self.cluster.until_in_sync(follower, &topic, &[follower])?;
        self.cluster.write(follower, &topic, 201..=300, "all")?;
        self.cluster.start_again(leader)?;
        self.cluster.until_in_sync(follower, &topic, &[KAFKA, KLAMM])?;
        let read = self.cluster.read(leader, &topic)?;
        let acknowledged = (1..=100).chain(201..=300);
        let missing: Vec<u32> = acknowledged.filter(|one| !read.contains(one)).collect();
        ensure!(missing.is_empty(), "acknowledged and not there: {missing:?}");
        let lonely = read.iter().filter(|one| (102..=200).contains(*one)).count();
        ensure!(lonely == 0, "{lonely} records that only the dead leader had are there");
        self.cluster.same_files(&topic, &[KAFKA, KLAMM], 1)
    }

    fn write(&mut self, through: i32) -> Result<()> {
        let next = self.written + 1;
        self.written += 1_000;
        self.cluster.write(through, TOPIC, next..=self.written, "all")
    }

    /// Everything that was acknowledged is there once.
    fn read(&self, through: i32) -> Result<()> {
        let read = self.cluster.read(through, TOPIC).context("reading")?;
        let expected: Vec<u32> = (1..=self.written).collect();
        ensure!(
            read == expected,
            "{} records were acknowledged, and {} are there, from {:?} to {:?}",
            expected.len(),
            read.len(),
            read.first(),
            read.last()
        );
        Ok(())
    }
}

/// How long a cluster has for what is waited for.
pub const PATIENCE: Duration = Duration::from_secs(25);
