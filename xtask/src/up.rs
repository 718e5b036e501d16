//! `cargo xtask up`: builds, then starts what `kubectl apply` of the same YAML would, as processes on this machine.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::shell;

/// What is started.
#[derive(clap::Args)]
pub struct Args {
    /// The Cluster and Topics, as Kubernetes takes them
    #[arg(short, long, default_value = "manifests/examples/quickstart.yaml")]
    file: PathBuf,
    /// What else `klamm up` is told
    #[arg(last = true)]
    rest: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let programs = ["-p", "klamm-server", "--bin", "klamm-broker", "-p", "klamm-cli", "--bin", "klamm"];
    shell::run(shell::cargo().args(["build", "--release"]).args(programs))?;
    let klamm = shell::target().join("release/klamm");
    // It becomes klamm, so that Ctrl-C and the exit code are klamm's own.
    let error = shell::command(&klamm).arg("up").arg("-f").arg(&args.file).args(&args.rest).exec();
    Err(error).with_context(|| format!("{} could not be started", klamm.display()))
}
