//! The project's own commands: `cargo xtask <command>`.
//!
//! A module per command, each with an `Args` and a `run`; nothing else is decided here.

mod bench;
mod clients;
mod e2e;
mod faults;
mod generate;
mod images;
mod shell;
mod sim;
mod test;
mod tidy;
mod up;

use clap::Parser;

/// What can be asked of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, tests and runs Klamm")]
enum Command {
    /// Drive a broker with clients that no one here wrote
    Clients(clients::Args),
    /// Compare the protocol with Kafka's own definitions and classes (Maven, java)
    CompareProtocol,
    /// Run the end-to-end tests on a real Kubernetes
    E2e(e2e::Args),
    /// Run three brokers as processes, under load, while things go wrong (root)
    Faults(faults::Args),
    /// Write the files that are generated
    Gen(generate::Args),
    /// Measure Apache Kafka and Klamm side by side and print one table
    Bench(bench::Args),
    /// Build the static programs and the images that hold them
    Images(images::Args),
    /// Play the simulation
    Sim(sim::Args),
    /// Run the tests, all or some, and say what ran
    Test(test::Args),
    /// Check what no compiler checks: imports, formatting, generated files, left-overs
    Tidy(tidy::Args),
    /// Start a Klamm on this machine, without Kubernetes
    Up(up::Args),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Clients(args) => clients::run(&args),
        Command::CompareProtocol => generate::protocol::compare(),
        Command::E2e(args) => e2e::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Gen(args) => generate::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Images(args) => images::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Tidy(args) => tidy::run(&args),
        Command::Up(args) => up::run(&args),
    }
}
