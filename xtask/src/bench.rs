//! `cargo xtask bench`: Apache Kafka and Klamm side by side on this machine, one table. The driver is `e2e/bench/bench.py`;
//! here is only what it needs: programs built, jars and tools installed.

use crate::clients::{self, Installed};
use crate::shell;
use anyhow::Result;
use std::path::PathBuf;

/// How much is measured.
#[derive(clap::Args)]
pub struct Args {
    /// Some minutes instead of half an hour; the figures are rough
    #[arg(long)]
    quick: bool,
    /// The table has the median of so many runs, and the extremes
    #[arg(long, default_value_t = 1)]
    runs: u32,
    /// Measure one broker only: kafka or klamm
    #[arg(long)]
    only: Option<String>,
    /// How often `failover` lets a broker fail in each way: 10 times, 2 if quick
    #[arg(long)]
    kills: Option<u32>,
    /// Measure nothing: the table of what the file of `--out` holds
    #[arg(long)]
    table: bool,
    /// Where every single figure goes
    #[arg(long, default_value = "target/bench.jsonl")]
    out: PathBuf,
    /// Of: start peak fixed recovery, and with three brokers: failover fixed3s fencings partitions3; all if none is named
    phases: Vec<String>,
}

/// Installs, builds and measures.
pub fn run(args: &Args) -> Result<()> {
    let bench = shell::root().join("e2e/bench");
    let installed = Installed::ensure(&shell::cache(), &shell::root().join("e2e/clients"))?;
    let librdkafka = installed.librdkafka()?;
    let lat = shell::cache().join("lat");
    let settings = [format!("LIBRDKAFKA={}", librdkafka.display()), format!("OUT={}", lat.display())];
    shell::run(shell::command("make").arg("-s").arg("-C").arg(bench.join("lat")).args(settings))?;
    shell::run(shell::cargo().args(["build", "--release", "--package", "klamm-server"]))?;
    let mut driver = shell::command("python3");
    driver.arg(bench.join("bench.py")).arg("--out").arg(&args.out).args(["--runs", &args.runs.to_string()]);
    driver.args(args.quick.then_some("--quick")).args(args.table.then_some("--table"));
    driver.args(args.kills.iter().flat_map(|kills| ["--kills".to_owned(), kills.to_string()]));
    driver.args(args.only.iter().flat_map(|broker| ["--only", broker]));
    driver.args(&args.phases);
    driver.env("JARS", installed.jars()).env("KLAMM_BROKER", clients::program("release", "klamm-broker"));
    driver.env("LAT", lat).env("RDKAFKA_PERFORMANCE", librdkafka.join("examples/rdkafka_performance"));
    shell::run(&mut driver)
}
