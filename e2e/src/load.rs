//! Load that goes on while things go wrong: an idempotent producer, a consumer group, and the account of it afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::clients::Clients;

/// The topic that load goes to.
pub const EVENTS: &str = "
apiVersion: klamm.dev/v1alpha1
kind: Topic
metadata: {name: events}
spec: {clusterRef: {name: orders}, partitions: 6, replicas: 3}
";

/// Between two records.
const EVERY: Duration = Duration::from_millis(5);
/// How long the clients may take to come to an end, once nothing goes wrong any more.
const WITHIN: Duration = Duration::from_secs(120);
/// What librdkafka waits for a host that is silent; its default is a minute.
const SOCKET_TIMEOUT: &str = "socket.timeout.ms=6000";
/// Partition, offset and record, a line each.
const FORMAT: &str = "%p %o %s\\n";

/// A producer and a consumer group that run.
pub struct Load {
    topic: String,
    producer: Child,
    reader: Child,
    read: PathBuf,
    written: Arc<AtomicU32>,
    enough: Arc<AtomicBool>,
    feeder: Option<JoinHandle<std::io::Result<()>>>,
}

/// What was written, acknowledged and read.
#[derive(Debug)]
pub struct Account {
    /// So many records were acknowledged, each of them there exactly once.
    pub records: u32,
    /// So many of them the group was given again, after its coordinator or an assignment moved: it commits every second.
    pub given_again: usize,
}

impl Load {
    /// Begins to write and to read.
    pub fn start(clients: &Clients, topic: &str) -> Result<Load> {
        let read = std::env::temp_dir().join(format!("klamm-load-{}-{topic}", std::process::id()));
        let timeout = format!("message.timeout.ms={}", WITHIN.as_millis());
        let idempotent = ["-X", "enable.idempotence=true", "-X", "acks=all", "-X", &timeout];
        let mut producer = clients.kcat_started(&["-P", "-E", "-t", topic, "-X", SOCKET_TIMEOUT]);
        let mut producer = producer.args(idempotent).stdin(Stdio::piped()).spawn()?;
        let mut reader = clients.kcat_started(&["-u", "-E", "-q", "-f", FORMAT, "-X", SOCKET_TIMEOUT]);
        reader.args(["-X", "auto.offset.reset=earliest", "-X", "auto.commit.interval.ms=1000"]);
        reader.args(["-X", "session.timeout.ms=10000", "-G", "load", topic]).stdout(File::create(&read)?);
        let reader = reader.spawn()?;
        let (written, enough) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let mut input = producer.stdin.take().context("the producer has no input")?;
        let feeder = {
            let (written, enough) = (Arc::clone(&written), Arc::clone(&enough));
            std::thread::spawn(move || {
                while !enough.load(Ordering::Relaxed) {
                    writeln!(input, "{}", written.load(Ordering::Relaxed))?;
                    written.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(EVERY);
                }
                Ok(()) // the end of its input lets kcat wait for the acknowledgements and end
            })
        };
        Ok(Load { topic: topic.to_owned(), producer, reader, read, written, enough, feeder: Some(feeder) })
    }

    /// How many records were written so far, acknowledged or not.
    pub fn written(&self) -> u32 {
        self.written.load(Ordering::Relaxed)
    }

    /// Stops writing, waits until all is acknowledged and the group has read it, and checks what is there: every record
    /// exactly once, in its order within its partition, and what the group saw at an offset is what is there.
    pub async fn account(mut self, clients: &Clients) -> Result<Account> {
        self.enough.store(true, Ordering::Relaxed);
        let feeder = self.feeder.take().context("it was stopped before")?;
        feeder.join().map_err(|_| anyhow::anyhow!("the feeder panicked"))?.context("kcat ended early")?;
        let written = self.written();
        let deadline = tokio::time::Instant::now() + WITHIN;
        while self.producer.try_wait()?.is_none() {
            ensure!(tokio::time::Instant::now() < deadline, "not all of {written} records are acknowledged");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let status = self.producer.wait()?;
        ensure!(status.success(), "the producer gave records up: {status}");
        let there = there(clients, &self.topic, written).await?;
        loop {
            let group = parse(&std::fs::read_to_string(&self.read)?)?;
            let seen: BTreeSet<u32> = group.iter().map(|one| one.record).collect();
            if seen.len() as u32 == written {
                let again = group.len() - seen.len();
                check_group(&group, &there)?;
                return Ok(Account { records: written, given_again: again });
            }
            if tokio::time::Instant::now() > deadline {
                bail!("the group was given {} of {written} records", seen.len());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
        for child in [&mut self.producer, &mut self.reader] {
            let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            if let (Ok(None), Some(pid)) = (child.try_wait(), pid) {
                let _ = kill_process(pid, Signal::TERM); // it may have ended meanwhile
                let _ = child.wait();
            }
        }
        let _ = std::fs::remove_file(&self.read);
    }
}

/// A record at its place.
struct Placed {
    partition: i32,
    offset: i64,
    record: u32,
}

/// Lines of kcat; a last one without its end is still being written.
fn parse(text: &str) -> Result<Vec<Placed>> {
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let placed = |line: &str| {
        let mut words = line.split(' ');
        let mut word = || words.next().with_context(|| format!("{line:?} is no record of the load"));
        Ok(Placed { partition: word()?.parse()?, offset: word()?.parse()?, record: word()?.parse()? })
    };
    whole.lines().map(placed).collect()
}

/// What is in the topic, by place: every record of `0..written` exactly once, in order.
async fn there(clients: &Clients, topic: &str, written: u32) -> Result<BTreeMap<(i32, i64), u32>> {
    let all = parse(&clients.dump(topic, FORMAT).await?)?;
    let mut last: BTreeMap<i32, u32> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for Placed { partition, offset, record } in &all {
        ensure!(seen.insert(*record), "record {record} is there twice, again at {partition}:{offset}");
        if let Some(before) = last.insert(*partition, *record) {
            ensure!(before < *record, "record {record} comes after {before} at {partition}:{offset}");
        }
    }
    let lost: Vec<u32> = (0..written).filter(|record| !seen.contains(record)).collect();
    ensure!(
        lost.is_empty(),
        "{} acknowledged records are lost: {:?} …",
        lost.len(),
        &lost[..lost.len().min(10)]
    );
    ensure!(seen.len() as u32 == written, "there are {} records, and {written} were written", seen.len());
    Ok(all.into_iter().map(|one| ((one.partition, one.offset), one.record)).collect())
}

fn check_group(group: &[Placed], there: &BTreeMap<(i32, i64), u32>) -> Result<()> {
    for Placed { partition, offset, record } in group {
        let found = there.get(&(*partition, *offset));
        ensure!(
            found == Some(record),
            "the group saw record {record} at {partition}:{offset}, where {found:?} is now"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check_group, parse};

    #[test]
    fn what_a_group_saw_must_be_there() {
        let group = parse("0 0 7\n1 5 8\n1 6").unwrap();
        assert_eq!(group.len(), 2, "a line that is still written does not count");
        let there = [((0, 0), 7), ((1, 5), 8)].into();
        assert!(check_group(&group, &there).is_ok());
        let other = [((0, 0), 7), ((1, 5), 9)].into();
        assert!(check_group(&group, &other).unwrap_err().to_string().contains("saw record 8 at 1:5"));
        assert!(parse("0 0 x\n").is_err());
    }
}
