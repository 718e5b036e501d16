//! The project's own commands: `cargo xtask <command>`.
//!
//! A module per command, each with an `Args` and a `run`; nothing else is decided here.

mod bench;
mod clients;
mod generate;
mod images;
mod shell;
mod test;
mod tidy;

use clap::Parser;

/// What can be asked of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, tests and runs Klamm")]
enum Command {
    /// Write the files that are generated
    Gen(generate::Args),
    /// Measure Apache Kafka and Klamm side by side and print one table
    Bench(bench::Args),
    /// Build the static programs and the images that hold them
    Images(images::Args),
    /// Run the tests
    Test(test::Args),
    /// Check what no compiler checks: imports, formatting, generated files, left-overs
    Tidy(tidy::Args),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Gen(args) => generate::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Images(args) => images::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Tidy(args) => tidy::run(&args),
    }
}
