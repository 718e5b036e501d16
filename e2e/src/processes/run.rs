//! A run: brokers, load, faults by schedule; then all is well again, everything is read to its end, and the history is checked.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::account::Account;
use super::brokers::Brokers;
use super::client::{Client, Topic};
use super::schedule::{BROKERS, Step, schedule};
use crate::history::{self, Operation};
use crate::kubernetes::process::line;
use crate::packages::install;

/// What a run is to be.
pub struct Plan {
    /// The program klamm-broker.
    pub broker: PathBuf,
    /// Where logs and histories go; removed when all is well.
    pub folder: PathBuf,
    /// Names the schedule.
    pub seed: u64,
    /// How long things go wrong.
    pub length: Duration,
}

/// What must be there, and Debian's packages that bring it.
const PROGRAMS: &[(&str, &str)] =
    &[("/usr/sbin/ip", "iproute2"), ("/usr/sbin/iptables", "iptables"), ("/usr/sbin/mkfs.ext4", "e2fsprogs")];

const PARTITIONS: usize = 6;
const PRODUCERS: u32 = 3;
/// Records a second of each producer.
const RATE: u32 = 100;
/// Members of the group; the last leaves and comes back every so many seconds.
const MEMBERS: u32 = 3;
const RESTLESS: u32 = 17;
/// When nothing goes wrong any more, everything is acknowledged, read and in sync within this.
const WELL_WITHIN: Duration = Duration::from_secs(90);
/// Anomalies that are shown of a kind.
const SHOWN: usize = 10;

/// Becomes a process in namespaces of its own that does what `inside` says: returns only if that fails.
pub fn enter(inside: &[String]) -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "this needs root: it makes network namespaces, mounts and loop devices"
    );
    install("a run of real faults", PROGRAMS)?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    command.args(["--propagation", "private", "--"]).arg(std::env::current_exe()?).args(inside);
    Err(command.exec()).context("unshare could not be started")
}

/// Runs it, inside namespaces of its own.
pub fn run(plan: &Plan) -> Result<()> {
    let disks = plan.folder.join("disks");
    std::fs::create_dir_all(&disks)?;
    line("mount -t tmpfs tmpfs /run")?; // the names of network namespaces are there
    line(&format!("mount -t tmpfs tmpfs {}", disks.display()))?;
    let mut brokers = Brokers::create(&plan.broker, &plan.folder)?;
    let outcome = whole(plan, &mut brokers);
    drop(brokers);
    if outcome.is_err() {
        // the disks go with the namespaces
        let kept = plan.folder.join("data");
        line(&format!("cp -a {} {} --no-target-directory", disks.display(), kept.display()))?;
        std::fs::read_dir(&kept)?.flatten().filter(|entry| entry.path().is_file()).for_each(|image| {
            let _ = std::fs::remove_file(image.path()); // an image says the same as what was mounted from it
        });
        eprintln!("logs, histories and data are in {}", plan.folder.display());
        return outcome;
    }
    line(&format!("umount --recursive {}", disks.display()))?;
    Ok(std::fs::remove_dir_all(&plan.folder)?)
}

/// From the first start of the brokers to the verdict.
fn whole(plan: &Plan, brokers: &mut Brokers) -> Result<()> {
    BROKERS.iter().try_for_each(|id| brokers.start(*id))?;
    let topic = Topic { bootstrap: Brokers::bootstrap(), name: "events".into(), partitions: PARTITIONS };
    topic.done("create")?;
    let mut clients = start(&topic, &plan.folder)?;
    let steps = schedule(plan.seed, u64::try_from(plan.length.as_millis())?);
    goes_wrong(&steps, brokers, &mut clients)?;

    let healed = Instant::now();
    let deadline = healed + WELL_WITHIN;
    clients.producers.iter_mut().for_each(Client::enough);
    clients.producers.iter_mut().try_for_each(|client| client.end(deadline))?;
    let acknowledged = healed.elapsed();
    clients.readers.push(Client::start(&topic, &plan.folder, "read", "afterwards", 0)?);
    to_the_end(&mut clients, deadline)?;
    let read = healed.elapsed();
    clients.readers.iter_mut().try_for_each(|client| client.end(deadline))?;
    topic.done("whole").context("not all replicas are in sync again")?;
    let in_sync = healed.elapsed();
    brokers.tend()?;
    brokers.end()?;

    let history: Vec<Operation> =
        clients.producers.iter().chain(&clients.readers).flat_map(|client| client.history.clone()).collect();
    let account = Account::of(&steps, &history);
    println!("seed {}, {} s\n{account}", plan.seed, plan.length.as_secs());
    println!(
        "after the last fault: all acknowledged {:.1} s, read {:.1} s, in sync {:.1} s later",
        acknowledged.as_secs_f64(),
        read.as_secs_f64(),
        in_sync.as_secs_f64()
    );
    println!("brokers that ended by themselves with a full disk: {}", brokers.ended);
    let wrong = anomalies(&history) + divergences(brokers)?;
    println!("{wrong} anomalies");
    ensure!(account.is_worth_something(), "nothing was sent or read, or nothing went wrong");
    ensure!(wrong == 0, "{wrong} anomalies; seed {}", plan.seed);
    Ok(())
}

/// The clients of a run.
struct Clients {
    producers: Vec<Client>,
    readers: Vec<Client>,
}

impl Clients {
    fn hear(&mut self) -> Result<()> {
        self.producers.iter_mut().chain(&mut self.readers).try_for_each(Client::hear)
    }
}

fn start(topic: &Topic, folder: &Path) -> Result<Clients> {
    let producer = |number| Client::start(topic, folder, "produce", &format!("produce/{number}"), RATE);
    let producers = (1..=PRODUCERS).map(producer).collect::<Result<_>>()?;
    let member = |number| {
        let restless = if number == MEMBERS { RESTLESS } else { 0 };
        Client::start(topic, folder, "group", &format!("group/{number}"), restless)
    };
    let mut readers = (1..=MEMBERS).map(member).collect::<Result<Vec<_>>>()?;
    readers.push(Client::start(topic, folder, "read", "reader", 0)?);
    Ok(Clients { producers, readers })
}

/// Lets everything of the schedule happen in its time.
fn goes_wrong(steps: &[Step], brokers: &mut Brokers, clients: &mut Clients) -> Result<()> {
    let begins = steps.iter().map(|step| (step.begin, true, step));
    let mut events: Vec<_> = begins.chain(steps.iter().map(|step| (step.end, false, step))).collect();
    events.sort_by_key(|(at, begins, _)| (*at, *begins));
    let began = Instant::now();
    for (at, begins, step) in events {
        let at = began + Duration::from_millis(at);
        while let Some(left) = at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            brokers.tend()?;
            clients.hear()?;
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
        let done = if begins {
            brokers.begin(step.broker, step.fault)
        } else {
            brokers.heal(step.broker, step.fault)
        };
        done.with_context(|| format!("{step}"))?;
        if begins {
            println!("{step}");
        }
    }
    Ok(())
}

/// Waits until every audience was given the last acknowledged record of each partition, or for so long: what is missing then
/// is an anomaly, not an error.
fn to_the_end(clients: &mut Clients, deadline: Instant) -> Result<()> {
    let mut ends: BTreeMap<i32, i64> = BTreeMap::new();
    for (place, _) in
        clients.producers.iter().flat_map(|one| &one.history).filter_map(Operation::acknowledged)
    {
        let end = ends.entry(place.partition).or_default();
        *end = place.offset.max(*end);
    }
    let mut reached: BTreeMap<(String, i32), i64> = BTreeMap::new();
    let mut heard: Vec<usize> = vec![0; clients.readers.len()];
    while Instant::now() < deadline {
        clients.hear()?;
        for (client, heard) in clients.readers.iter().zip(&mut heard) {
            for operation in &client.history[*heard..] {
                for (place, _) in operation.read() {
                    let at = reached.entry((operation.audience().to_owned(), place.partition)).or_default();
                    *at = place.offset.max(*at);
                }
            }
            *heard = client.history.len();
        }
        let done = |audience: &str| {
            ends.iter().all(|(partition, end)| {
                reached.get(&(audience.to_owned(), *partition)).is_some_and(|at| at >= end)
            })
        };
        if ["group", "reader", "afterwards"].into_iter().all(done) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Prints what of the history cannot be, and returns how much that is.
fn anomalies(history: &[Operation]) -> usize {
    let found = history::check(history);
    let mut shown = BTreeMap::new();
    for anomaly in &found {
        let shown = shown.entry(anomaly.kind).or_insert(0);
        *shown += 1;
        if *shown <= SHOWN {
            println!("{anomaly}");
        }
    }
    for (kind, count) in shown {
        println!("{kind:?}: {count}");
    }
    found.len()
}

/// The three logs of a partition are the same, byte for byte. Prints where they are not.
fn divergences(brokers: &Brokers) -> Result<usize> {
    let mut found = 0;
    for partition in 0..PARTITIONS {
        let name = format!("events-{partition}");
        let logs = brokers.logs(&name)?;
        let [first, others @ ..] = &*logs else { bail!("there are no brokers") };
        ensure!(!first.is_empty(), "{name} has no log");
        for (other, id) in others.iter().zip(&BROKERS[1..]) {
            if other == first {
                continue;
            }
            found += 1;
            let same = first.iter().zip(other).take_while(|(one, other)| one == other).count();
            let (one, other) = (first.len(), other.len());
            println!(
                "OffsetDivergence: {name} of brokers 1 ({one} bytes) and {id} ({other}) differ from byte {same}"
            );
        }
    }
    Ok(found)
}
