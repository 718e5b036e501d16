//! A local Kubernetes as a whole, seen from outside: made, entered, ended.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::folder::Folder;
use super::node::Node;
use super::process::{all, identity, kill, until};
use super::tools::{Tools, cache};
use super::{cgroups, process};

/// Names the folder of the run to what was started by [`Machine::enter`].
const MACHINE: &str = "KLAMM_E2E_MACHINE";

/// A local Kubernetes. Dropping the value leaves it running.
pub struct Machine {
    tools: Tools,
    folder: Folder,
    /// Its first process as this process sees it: 1 from inside.
    first: u32,
}

impl Machine {
    /// Makes one with so many nodes, and returns when all are ready.
    pub fn start(nodes: usize) -> Result<Machine> {
        let tools = Tools::prepare()?;
        sweep()?;
        let folder = Folder::new(runs().join(format!("klamm-{}", std::process::id())));
        fs::create_dir_all(folder.join("log"))?;
        let outer = unshare(&folder, nodes)?;
        match wait_ready(&folder, outer) {
            Ok(first) => Ok(Machine { tools, folder, first }),
            Err(error) => {
                kill(outer);
                let log = fs::read_to_string(folder.join("log/machine.log")).unwrap_or_default();
                Err(error.context(format!(
                    "the logs are in {}; the machine said: {}",
                    folder.join("log").display(),
                    log.trim()
                )))
            }
        }
    }

    /// The one that a run left at this folder.
    pub fn at(folder: &Path) -> Result<Machine> {
        let folder = Folder::new(folder);
        let first =
            first(&folder).with_context(|| format!("no Kubernetes runs at {}", folder.path().display()))?;
        Ok(Machine { tools: Tools::prepare()?, folder, first })
    }

    /// The one that this process was [entered](Machine::enter) into; none on someone's own cluster.
    pub fn around() -> Result<Option<Machine>> {
        let Some(folder) = std::env::var_os(MACHINE) else { return Ok(None) };
        Ok(Some(Machine { tools: Tools::prepare()?, folder: Folder::new(folder), first: 1 }))
    }

    /// The folders of those that run now.
    pub fn running() -> Vec<PathBuf> {
        let folders = fs::read_dir(runs()).into_iter().flatten().flatten().map(|entry| entry.path());
        folders.filter(|folder| first(&Folder::new(folder)).is_some()).collect()
    }

    /// Where its files lie: `pki/admin.kubeconfig`, `log/`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A program that will run in the machine: cluster names resolve, and pods, Services and the API can be reached.
    pub fn enter(&self, program: &[String]) -> Result<Command> {
        let here = std::env::current_dir()?;
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.first.to_string(), "--mount", "--net", "--ipc", "--pid"]);
        command.arg(format!("--wdns={}", here.display())).arg("--").args(program);
        command.env(MACHINE, self.folder.path());
        command.env("KUBECONFIG", self.folder.join("pki/admin.kubeconfig"));
        Ok(command)
    }

    /// Node `n<number>`; what is done to it is done from inside the machine.
    pub fn node(&self, number: usize) -> Node<'_> {
        Node::new(&self.tools, &self.folder, number)
    }

    /// How many nodes it was made with.
    pub fn nodes(&self) -> usize {
        (1..).take_while(|number| self.folder.join(format!("n{number}")).is_dir()).count()
    }

    /// Ends it; nothing of it is left on this machine.
    pub fn stop(self) -> Result<()> {
        kill(self.first);
        clear(&self.folder)
    }
}

fn runs() -> PathBuf {
    cache().join("runs")
}

/// Starts the machine's first process and returns the process outside that waits for it.
fn unshare(folder: &Folder, nodes: usize) -> Result<u32> {
    let myself = std::env::current_exe()?;
    let log = File::create(folder.join("log/machine.log"))?;
    let mut command = Command::new("setsid");
    command.args(["unshare", "--mount", "--net", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    command.args(["--propagation", "private", "--"]).arg(myself).arg("inside").arg(folder.path());
    command.arg(nodes.to_string()).stdin(Stdio::null()).stderr(log);
    command.stdout(File::create(folder.join("ready"))?);
    let child = command.spawn().context("unshare could not be started")?;
    let (_, since) = identity(child.id()).context("unshare ended at once")?;
    folder.write("outer", format!("{} {since}", child.id()))?;
    Ok(child.id())
}

/// Waits for the machine's `ready`, and no longer than it lives.
fn wait_ready(folder: &Folder, outer: u32) -> Result<u32> {
    let ready = || BufReader::new(File::open(folder.join("ready")).ok()?).lines().next()?.ok();
    let over = || ready().is_some() || identity(outer).is_none();
    until("the machine being ready", Duration::from_secs(300), over)?;
    if ready().is_none() {
        bail!("the machine ended before it was ready");
    }
    first(folder).context("the machine ended as soon as it was ready")
}

/// The machine's first process, if it lives.
fn first(folder: &Folder) -> Option<u32> {
    let record = fs::read_to_string(folder.join("outer")).ok()?;
    let (outer, since) = record.split_once(' ')?;
    let outer: u32 = outer.parse().ok()?;
    if identity(outer)?.1 != since.parse::<u64>().ok()? {
        return None; // the id is another's by now
    }
    all().into_iter().find(|pid| identity(*pid).is_some_and(|(parent, _)| parent == outer))
}

/// Removes what runs left that were ended from outside.
fn sweep() -> Result<()> {
    for entry in fs::read_dir(runs()).into_iter().flatten().flatten() {
        let folder = Folder::new(entry.path());
        if folder.join("outer").exists() && first(&folder).is_none() {
            clear(&folder)?;
        }
    }
    Ok(())
}

/// Removes the files and cgroups of a run whose processes are ended or ending.
fn clear(folder: &Folder) -> Result<()> {
    until("the machine being gone", Duration::from_secs(30), || first(folder).is_none())?;
    cgroups::remove(&format!("{}-", folder.name()))?;
    process::until("the run's folder being gone", Duration::from_secs(30), || {
        fs::remove_dir_all(folder.path()).is_ok() || !folder.path().exists()
    })
}
