//! `cargo xtask faults`: three brokers as processes in network namespaces, under load, while things go wrong.

use anyhow::Result;

use crate::{clients, shell};

/// What goes wrong, and for how long.
#[derive(clap::Args)]
pub struct Args {
    /// How long things go wrong
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Names what goes wrong when
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub fn run(args: &Args) -> Result<()> {
    let programs = ["-p", "klamm-server", "--bin", "klamm-broker", "-p", "klamm-e2e", "--bin", "real-faults"];
    shell::run(shell::cargo().args(["build", "-q"]).args(programs))?;
    let folder = shell::target().join("debug");
    let mut faults = shell::command(folder.join("real-faults"));
    faults.arg("--broker").arg(folder.join("klamm-broker"));
    faults.args(["--seconds", &args.seconds.to_string(), "--seed", &args.seed.to_string()]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(clients::tools()?).chain(std::env::split_paths(&path)))?;
    shell::run(faults.env("PATH", path))
}
