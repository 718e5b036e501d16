//! `klamm`: the cluster from a command line. Exit 0 done, 1 failed with one sentence, 2 wrong usage.

mod commands;
mod output;
mod target;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Kafka without the operations.
#[derive(Parser)]
#[command(name = "klamm", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start what a Cluster and its Topics say, as processes on this machine
    Up(commands::up::Arguments),
    /// End what `klamm up` left behind, and delete its data
    Down(commands::down::Arguments),
    /// List, describe, create, grow and delete topics
    Topics(commands::topics::Arguments),
    /// List and describe consumer groups
    Groups(commands::groups::Arguments),
    /// Produce lines of standard input as records
    Produce(commands::produce::Arguments),
    /// Print records
    Consume(commands::consume::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match arguments.command {
                Command::Up(arguments) => commands::up::run(arguments).await,
                Command::Down(arguments) => commands::down::run(&arguments),
                Command::Topics(arguments) => commands::topics::run(arguments).await,
                Command::Groups(arguments) => commands::groups::run(arguments).await,
                Command::Produce(arguments) => commands::produce::run(arguments).await,
                Command::Consume(arguments) => commands::consume::run(arguments).await,
            }
        })
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("klamm: {error:#}");
            ExitCode::FAILURE
        }
    }
}
