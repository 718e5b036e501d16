//! The three brokers: formatted, started, and what goes wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::disk::Disk;
use super::network::{self, address, link, lose};
use super::schedule::{BROKERS, Fault};
use crate::kubernetes::process::output;

const CLUSTER_ID: &str = "dGhyZWUtYnJva2Vycy0tLQ";
/// The directory ids of brokers 1, 2 and 3.
const DIRECTORIES: [&str; 3] = ["ZGlyZWN0b3J5LS1vbmUtLQ", "ZGlyZWN0b3J5LS10d28tLQ", "ZGlyZWN0b3J5LXRocmVlLQ"];
/// Between the cut and the death of a host: the others have missed a heartbeat or two, or fenced it already.
const BEFORE_DEATH: Duration = Duration::from_millis(500);
/// SIGTERM drains and makes durable within this.
const END_WITHIN: Duration = Duration::from_secs(30);

/// Three brokers.
pub struct Brokers {
    program: PathBuf,
    folder: PathBuf,
    disks: BTreeMap<i32, Disk>,
    running: BTreeMap<i32, Child>,
    /// So often one ended by itself while its disk was full, and was started again as a pod would be.
    pub ended: usize,
    /// Whose disk is full now.
    full: BTreeSet<i32>,
}

impl Brokers {
    /// Hosts, disks and formatted brokers below `folder`, not started.
    pub fn create(program: &Path, folder: &Path) -> Result<Brokers> {
        network::fabric()?;
        let voters = BROKERS
            .iter()
            .zip(DIRECTORIES)
            .map(|(id, directory)| format!("{id}@{}:9093:{directory}", address(*id)));
        let voters = voters.collect::<Vec<_>>().join(",");
        let mut disks = BTreeMap::new();
        for id in BROKERS {
            network::host(id)?;
            disks.insert(id, Disk::create(&folder.join(format!("disks/{id}")))?);
        }
        let (program, folder) = (program.to_owned(), folder.to_owned());
        let this =
            Brokers { program, folder, disks, running: BTreeMap::new(), ended: 0, full: BTreeSet::new() };
        for id in BROKERS {
            fs::write(this.config(id), this.settings(id))?;
            let format = ["format", "--cluster-id", CLUSTER_ID, "--initial-controllers", &voters];
            output(Command::new(&this.program).arg("--config").arg(this.config(id)).args(format))?;
        }
        Ok(this)
    }

    /// The clients' address of all.
    pub fn bootstrap() -> String {
        BROKERS.map(|id| format!("{}:9092", address(id))).join(",")
    }

    fn config(&self, id: i32) -> PathBuf {
        self.folder.join(format!("broker-{id}.properties"))
    }

    /// Where a broker's log directory is.
    pub fn data(&self, id: i32) -> PathBuf {
        self.disks[&id].path().join("data")
    }

    fn settings(&self, id: i32) -> String {
        let own = address(id);
        format!(
            "process.roles=broker,controller\nnode.id={id}\nlog.dirs={}\n\
             listeners=PLAINTEXT://{own}:9092,CONTROLLER://{own}:9093\ncontroller.listener.names=CONTROLLER\n\
             controller.quorum.bootstrap.servers={}\ndefault.replication.factor=3\nmin.insync.replicas=2\n",
            self.data(id).display(),
            BROKERS.map(|id| format!("{}:9093", address(id))).join(","),
        )
    }

    /// Starts one; its log goes on where it was.
    pub fn start(&mut self, id: i32) -> Result<()> {
        let log =
            File::options().create(true).append(true).open(self.folder.join(format!("broker-{id}.log")))?;
        let words = network::on(id);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(&self.program).arg("--config").arg(self.config(id));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("nsenter could not be started")?; // it becomes the broker
        self.running.insert(id, child);
        Ok(())
    }

    /// A fault begins.
    pub fn begin(&mut self, id: i32, fault: Fault) -> Result<()> {
        match fault {
            Fault::Kill => self.kill(id),
            Fault::Pause => self.signal(id, Signal::STOP),
            Fault::CutOff => link(id, false),
            Fault::Lose(lost) => lose(id, lost, true),
            Fault::DiskFull => {
                self.full.insert(id);
                self.disks[&id].fill()
            }
            Fault::HostLoss => {
                link(id, false)?;
                std::thread::sleep(BEFORE_DEATH);
                self.kill(id)
            }
        }
    }

    /// A fault is over.
    pub fn heal(&mut self, id: i32, fault: Fault) -> Result<()> {
        match fault {
            Fault::Kill => self.start(id),
            Fault::Pause => self.signal(id, Signal::CONT),
            Fault::CutOff => link(id, true),
            Fault::Lose(lost) => lose(id, lost, false),
            Fault::DiskFull => {
                self.tend()?; // who ended until now had a reason
                self.full.remove(&id);
                self.disks[&id].free()
            }
            Fault::HostLoss => {
                link(id, true)?;
                self.start(id)
            }
        }
    }

    /// Starts again who ended while its disk was full; nobody else may end.
    pub fn tend(&mut self) -> Result<()> {
        for id in BROKERS {
            let Some(child) = self.running.get_mut(&id) else { continue };
            let Some(status) = child.try_wait()? else { continue };
            ensure!(self.full.contains(&id), "broker {id} ended by itself: {status}");
            self.ended += 1;
            self.start(id)?;
        }
        Ok(())
    }

    /// SIGTERM: all end in good order.
    pub fn end(&mut self) -> Result<()> {
        BROKERS.iter().try_for_each(|id| self.signal(*id, Signal::TERM))?;
        let began = Instant::now();
        while let Some((id, mut child)) = self.running.pop_first() {
            while child.try_wait()?.is_none() {
                ensure!(
                    began.elapsed() < END_WITHIN,
                    "broker {id} has not ended {END_WITHIN:?} after SIGTERM"
                );
                std::thread::sleep(Duration::from_millis(20));
            }
            let status = child.wait()?;
            ensure!(status.success(), "broker {id} ended with {status} after SIGTERM");
        }
        Ok(())
    }

    fn kill(&mut self, id: i32) -> Result<()> {
        let mut child = self.running.remove(&id).with_context(|| format!("broker {id} does not run"))?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    fn signal(&self, id: i32, signal: Signal) -> Result<()> {
        let child = self.running.get(&id).with_context(|| format!("broker {id} does not run"))?;
        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
            bail!("no such process")
        };
        Ok(kill_process(pid, signal)?)
    }

    /// What is on the three disks of a partition: its segments, one after the other.
    pub fn logs(&self, partition: &str) -> Result<Vec<Vec<u8>>> {
        BROKERS.iter().map(|id| segments(&self.data(*id).join(partition))).collect()
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn segments(folder: &Path) -> Result<Vec<u8>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "log"));
    files.sort(); // by base offset
    let mut bytes = Vec::new();
    for file in files {
        bytes.extend(fs::read(&file)?);
    }
    Ok(bytes)
}
