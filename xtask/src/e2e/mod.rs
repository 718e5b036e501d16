//! `cargo xtask e2e`: the end-to-end tests against the cluster of KUBECONFIG, or a local Kubernetes made for them.

mod helm;
mod kind;
mod local;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{clients, shell};
use kind::Kind;
use local::Local;

/// Where the operator's manifest says that the images are; nothing is pulled from there.
const REGISTRY: &str = "ghcr.io/klamm";

/// What is tested, and where.
#[derive(clap::Args)]
pub struct Args {
    /// Only tests whose name contains one of these
    tests: Vec<String>,
    /// Which Kubernetes is made where KUBECONFIG names none
    #[arg(long, default_value = "local")]
    on: On,
    /// The local Kubernetes lives on after the tests; `cargo xtask e2e --down` ends it
    #[arg(long)]
    keep: bool,
    /// End every local Kubernetes, and test nothing
    #[arg(long, conflicts_with_all = ["tests", "keep"])]
    down: bool,
    /// How many nodes the local Kubernetes has
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// The images as they were built the last time
    #[arg(long)]
    as_built: bool,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum On {
    /// The one in e2e/kubernetes: seconds to start, and nodes that can be lost
    Local,
    /// kind, as users have it: the smoke tests
    Kind,
}

/// What is tested on kind, which has no faults of nodes: the rest would only say the same twice.
const SMOKE: &[&str] = &["quickstart", "stock_clients", "topic_life_cycle", "applying_twice", "deletion"];

pub fn run(args: &Args) -> Result<()> {
    let harness = build()?;
    if args.down {
        return shell::run(Command::new(harness).arg("down"));
    }
    if given() {
        return test(args, None);
    }
    if args.on == On::Local && args.tests.is_empty() {
        shell::run(shell::cargo().args(["test", "-p", "klamm-e2e", "--test", "machine"]))?;
    }
    if args.on == On::Local || !kind::engine() {
        shell::read(Command::new(&harness).arg("program"))?; // it brings buildah, which makes the images
    }
    let archives = images(args.as_built)?;
    let cluster = Cluster::start(args, &harness)?;
    let outcome = cluster.load(&archives).and_then(|()| test(args, Some(&cluster)));
    if args.keep {
        println!("it runs on: {} sh", cluster.enter());
        return outcome;
    }
    outcome.and(cluster.stop())
}

/// A cluster that was made for the tests.
enum Cluster {
    Local(Local),
    Kind(Kind),
}

impl Cluster {
    fn start(args: &Args, harness: &Path) -> Result<Cluster> {
        Ok(match args.on {
            On::Local => Cluster::Local(Local::start(harness, args.nodes)?),
            On::Kind => Cluster::Kind(Kind::start(harness)?),
        })
    }

    fn load(&self, archives: &[PathBuf]) -> Result<()> {
        match self {
            Cluster::Local(local) => local.load(archives),
            Cluster::Kind(kind) => kind.load(archives),
        }
    }

    /// The words before a program that make it reach the cluster.
    fn enter(&self) -> String {
        match self {
            Cluster::Local(local) => local.enter(),
            Cluster::Kind(kind) => kind.enter(),
        }
    }

    fn stop(self) -> Result<()> {
        match self {
            Cluster::Local(local) => local.stop(),
            Cluster::Kind(kind) => kind.stop(),
        }
    }
}

/// Builds the harness and the tests, outside of any cluster, and returns the program `local-kubernetes`.
fn build() -> Result<PathBuf> {
    shell::run(shell::cargo().args(["build", "-q", "-p", "klamm-e2e", "--bins", "--tests"]))?;
    Ok(shell::target().join("debug/local-kubernetes"))
}

/// Builds the images under the names by which the operator's manifest asks for them.
fn images(as_built: bool) -> Result<Vec<PathBuf>> {
    let folder = shell::cache().join("images");
    if !as_built {
        let mut images = shell::command(std::env::current_exe()?);
        images.args(["images", "--registry", REGISTRY, "--archives"]).arg(&folder);
        shell::run(&mut images)?;
    }
    Ok(["klamm-broker.tar", "klamm-operator.tar"].iter().map(|file| folder.join(file)).collect())
}

/// Runs the tests, inside the local Kubernetes if there is one.
fn test(args: &Args, cluster: Option<&Cluster>) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "-p", "klamm-e2e", "--test", "e2e", "--"]).args(&args.tests);
    if args.tests.is_empty() && args.on == On::Kind {
        cargo.args(SMOKE);
    }
    // Two cores run one cluster well; two of them would only make each other late.
    cargo.args(["--test-threads=1", "--show-output"]).env("RUST_LIB_BACKTRACE", "0"); // they print what they measured
    let tools = std::iter::once(clients::tools()?).chain(helm::folder()?);
    let path = std::env::var_os("PATH").unwrap_or_default();
    cargo.env("PATH", std::env::join_paths(tools.chain(std::env::split_paths(&path)))?);
    if let Some(cluster) = cluster {
        let triple = format!("{}_UNKNOWN_LINUX_GNU", std::env::consts::ARCH.to_uppercase());
        cargo.env(format!("CARGO_TARGET_{triple}_RUNNER"), cluster.enter());
    }
    if let Some(Cluster::Kind(kind)) = cluster {
        cargo.env("KUBECONFIG", kind.kubeconfig()).env("KLAMM_E2E_INSIDE", kind.inside());
    }
    shell::run(&mut cargo)
}

/// Whether the user names a cluster to test on.
pub fn given() -> bool {
    std::env::var_os("KUBECONFIG").is_some()
}

/// Why this machine has no cluster to test on, if so.
pub fn impossible() -> Option<String> {
    let root = rustix::process::geteuid().is_root();
    if given() || (cfg!(target_os = "linux") && root) {
        return None;
    }
    Some("no KUBECONFIG, and the local Kubernetes needs Linux and root".into())
}
