//! `real-faults`: three brokers as processes, load, and everything that can go wrong with them. See `e2e/README.md`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use klamm_e2e::processes::{Plan, enter, run};

/// What goes wrong, and for how long.
#[derive(Parser)]
#[command(name = "real-faults", about = "Three brokers lose nothing, whatever goes wrong with one of them")]
struct Args {
    /// The program klamm-broker
    #[arg(long)]
    broker: PathBuf,
    /// Names what goes wrong when
    #[arg(long)]
    seed: u64,
    /// How long things go wrong, in seconds
    #[arg(long)]
    seconds: u64,
    /// Where the run's files are: it is the first process of its namespaces
    #[arg(long, hide = true)]
    inside: Option<PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let Some(folder) = args.inside else {
        let folder = std::env::temp_dir().join(format!("klamm-faults-{}", std::process::id()));
        let mut words: Vec<String> = std::env::args().skip(1).collect();
        words.extend(["--inside".to_owned(), folder.display().to_string()]);
        return enter(&words);
    };
    let plan =
        Plan { broker: args.broker, folder, seed: args.seed, length: Duration::from_secs(args.seconds) };
    run(&plan)
}
