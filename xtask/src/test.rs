//! `cargo xtask test`: everything that must hold, by parts.

use crate::clients;
use anyhow::Result;
use clap::Subcommand;

/// Which part of the tests.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Drive a broker with clients that no one here wrote: kcat, librdkafka, Python's, Kafka's own clients and tools
    Clients(clients::Args),
}

/// Runs what was named.
pub fn run(args: &Args) -> Result<()> {
    match &args.part {
        Part::Clients(args) => clients::run(args),
    }
}
