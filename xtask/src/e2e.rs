//! `cargo xtask e2e`: the end-to-end tests against the cluster of KUBECONFIG, or a local Kubernetes made for them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{clients, shell};

/// The operator as users install it; the images that it names are what the cluster gets.
const INSTALL: &str = "manifests/install.yaml";

/// What is tested, and where.
#[derive(clap::Args)]
pub struct Args {
    /// Only tests whose name contains one of these
    tests: Vec<String>,
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

pub fn run(args: &Args) -> Result<()> {
    let harness = build()?;
    if args.down {
        return shell::run(Command::new(harness).arg("down"));
    }
    if std::env::var_os("KUBECONFIG").is_some() {
        return test(args, None);
    }
    let archives = images(args.as_built)?;
    let cluster = Cluster::running(&harness).map_or_else(|| Cluster::start(&harness, args.nodes), Ok)?;
    let outcome = cluster.load(&archives).and_then(|()| test(args, Some(&cluster)));
    if args.keep {
        println!("it runs on: {} enter {} sh", harness.display(), cluster.folder.display());
        return outcome;
    }
    outcome.and(cluster.stop())
}

/// A local Kubernetes.
struct Cluster {
    harness: PathBuf,
    folder: PathBuf,
}

impl Cluster {
    /// One that an earlier run kept.
    fn running(harness: &Path) -> Option<Cluster> {
        let running = shell::read(Command::new(harness).arg("list")).ok()?;
        running.lines().next().map(|folder| Cluster { harness: harness.into(), folder: folder.into() })
    }

    fn start(harness: &Path, nodes: usize) -> Result<Cluster> {
        let folder = shell::read(Command::new(harness).args(["up", "--nodes", &nodes.to_string()]))?;
        Ok(Cluster { harness: harness.into(), folder: folder.trim().into() })
    }

    fn load(&self, archives: &[PathBuf]) -> Result<()> {
        shell::run(Command::new(&self.harness).arg("load").arg(&self.folder).args(archives))
    }

    fn stop(&self) -> Result<()> {
        shell::run(Command::new(&self.harness).arg("down").arg(&self.folder))
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
        let (registry, tag) = named(&std::fs::read_to_string(shell::root().join(INSTALL)).context(INSTALL)?)?;
        let myself = std::env::current_exe()?;
        let mut images = shell::command(myself);
        images.args(["images", "--registry", &registry, "--tag", &tag, "--archives"]).arg(&folder);
        shell::run(&mut images)?;
    }
    Ok(["klamm-broker.tar", "klamm-operator.tar"].iter().map(|file| folder.join(file)).collect())
}

/// The registry and the tag of the operator's image in a manifest.
fn named(manifest: &str) -> Result<(String, String)> {
    let image = manifest.lines().find_map(|line| line.trim().strip_prefix("image:"));
    let image = image.map(|image| image.trim().trim_matches('"'));
    let named = image.and_then(|image| image.split_once("/klamm-operator:"));
    let (registry, tag) = named.with_context(|| format!("{INSTALL} names no image klamm-operator"))?;
    Ok((registry.into(), tag.into()))
}

/// Runs the tests, inside the local Kubernetes if there is one.
fn test(args: &Args, cluster: Option<&Cluster>) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["test", "-p", "klamm-e2e", "--test", "e2e", "--"]).args(&args.tests);
    // Two cores run one cluster well; two of them would only make each other late.
    cargo.arg("--test-threads=1").env("RUST_LIB_BACKTRACE", "0");
    let tools = std::iter::once(clients::tools()?);
    let path = std::env::var_os("PATH").unwrap_or_default();
    cargo.env("PATH", std::env::join_paths(tools.chain(std::env::split_paths(&path)))?);
    if let Some(cluster) = cluster {
        let triple = format!("{}_UNKNOWN_LINUX_GNU", std::env::consts::ARCH.to_uppercase());
        let enter = format!("{} enter {}", cluster.harness.display(), cluster.folder.display());
        cargo.env(format!("CARGO_TARGET_{triple}_RUNNER"), enter);
    }
    shell::run(&mut cargo)
}

/// Why this machine has no cluster to test on, if so.
pub fn impossible() -> Option<String> {
    let root = rustix::process::geteuid().is_root();
    if std::env::var_os("KUBECONFIG").is_some() || (cfg!(target_os = "linux") && root) {
        return None;
    }
    Some("no KUBECONFIG, and the local Kubernetes needs Linux and root".into())
}

#[cfg(test)]
mod tests {
    use super::named;

    fn check(manifest: &str, expected: Option<(&str, &str)>) {
        let found = named(manifest).ok();
        assert_eq!(found.as_ref().map(|(registry, tag)| (registry.as_str(), tag.as_str())), expected);
    }

    #[test]
    fn the_manifest_names_the_images() {
        check("  image: \"r.example/klamm/klamm-operator:0.1.0\"\n", Some(("r.example/klamm", "0.1.0")));
        check("  image: r.example/klamm/klamm-operator:0.1.0", Some(("r.example/klamm", "0.1.0")));
        check("kind: Pod", None);
    }
}
