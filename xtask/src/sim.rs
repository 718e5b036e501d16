//! `cargo xtask sim`: many seeds of the simulation, or one again with its trace.

use crate::shell;

/// What to play (docs/simulation.md).
#[derive(clap::Args)]
pub struct Args {
    /// How many seeds of every scenario, at most
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// How long to play, at most
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How many seeds play at once
    #[arg(long, default_value_t = 1)]
    workers: u64,
    /// Only this scenario
    #[arg(long)]
    scenario: Option<String>,
    /// Play this seed once, with its trace
    #[arg(long, value_name = "SEED")]
    replay: Option<u64>,
}

/// Builds the simulation and plays.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut cargo = shell::cargo();
    cargo.args([
        "run",
        "--quiet",
        "--profile",
        "sim",
        "--package",
        "klamm-sim",
        "--features",
        "broker",
        "--bin",
        "klamm-sim",
        "--",
    ]);
    let numbers = [
        ("--seeds", args.seeds),
        ("--minutes", args.minutes),
        ("--first", args.first),
        ("--workers", args.workers),
    ];
    for (name, number) in numbers {
        cargo.arg(name).arg(number.to_string());
    }
    if let Some(scenario) = &args.scenario {
        cargo.arg("--scenario").arg(scenario);
    }
    if let Some(seed) = args.replay {
        cargo.arg("--replay").arg(seed.to_string());
    }
    shell::run(&mut cargo)
}
