//! `cargo xtask test`: everything that must hold, by parts, and a table of what really ran.
//!
//! It never passes because something was left out: a part that cannot run here fails, unless it is named in `--without`.

use std::fmt::{Display, Formatter, Write};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{e2e, shell};

/// Which parts of the tests.
#[derive(clap::Args)]
pub struct Args {
    /// Only these parts; all when none is named
    parts: Vec<Part>,
    /// All but these parts
    #[arg(long, value_name = "PART")]
    without: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
enum Part {
    /// Imports, licences, formatting, generated files, left-overs; clippy without a warning
    Tidy,
    /// Every crate's own tests
    Unit,
    /// The codec against its schema, codecs of others, and Kafka's own definitions and classes
    Differential,
    /// The broker in a simulated world
    Simulation,
    /// Clients that no one here wrote: kcat, librdkafka, Python's, Kafka's own clients and tools
    Clients,
    /// Three brokers as processes while things go wrong; the operator and the broker on a real Kubernetes
    E2e,
}

impl Part {
    const ALL: [Part; 6] =
        [Part::Tidy, Part::Unit, Part::Differential, Part::Simulation, Part::Clients, Part::E2e];

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// The commands of the part; their output says what ran.
    fn commands(self) -> Result<Vec<Command>> {
        Ok(match self {
            Part::Tidy => vec![
                xtask(&["tidy"])?,
                xtask(&["gen", "--check"])?,
                cargo(&["clippy", "-q", "--workspace", "--all-targets", "--", "-D", "warnings"]),
            ],
            Part::Unit => vec![
                // e2e has a cluster's tests beside its own; the others are parts themselves.
                cargo(&[
                    "test",
                    "--workspace",
                    "--exclude=klamm-e2e",
                    "--exclude=klamm-sim",
                    "--exclude=klamm-protocol",
                ]),
                cargo(&["test", "-p", "klamm-e2e", "--lib"]),
            ],
            Part::Differential => {
                vec![cargo(&["test", "-p", "klamm-protocol"]), xtask(&["compare-protocol"])?]
            }
            Part::Simulation => vec![cargo(&["test", "-p", "klamm-sim", "--features", "broker"])],
            Part::Clients => vec![xtask(&["clients"])?],
            Part::E2e if e2e::given() => vec![xtask(&["e2e"])?],
            Part::E2e => {
                vec![xtask(&["faults"])?, xtask(&["e2e"])?, xtask(&["e2e", "--on", "kind", "--as-built"])?]
            }
        })
    }
}

/// What a part's output says of it.
#[derive(Default)]
struct Outcome {
    passed: usize,
    failed: usize,
    skipped: usize,
    why: Option<String>,
}

impl Outcome {
    fn failure(why: String) -> Outcome {
        Outcome { failed: 1, why: Some(why), ..Outcome::default() }
    }

    fn add(&mut self, other: &Outcome) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.why = self.why.take().or_else(|| other.why.clone());
    }

    /// Adds up the summaries of cargo (`test result: ok. 3 passed; 0 failed; 1 ignored; …`) and ours (`3 passed, 0 failed, 1 skipped`).
    fn read(&mut self, line: &str) {
        let cargos = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "));
        let line = cargos.map_or(line, |(_, counts)| counts);
        let words = line.split([',', ';']).filter_map(|count| count.trim().split_once(' '));
        let counts: Vec<(usize, &str)> = words.map_while(|(n, what)| Some((n.parse().ok()?, what))).collect();
        let [(passed, "passed"), (failed, "failed"), rest @ ..] = &*counts else { return };
        self.passed += passed;
        self.failed += failed;
        let skipped = rest.iter().filter(|(_, what)| ["ignored", "skipped"].contains(what));
        self.skipped += skipped.map(|(n, _)| n).sum::<usize>();
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped, which counts as failed", self.skipped)?;
        }
        self.why.iter().try_for_each(|why| write!(f, " ({why})"))
    }
}

/// Runs the parts one after another; all run, whatever fails.
pub fn run(args: &Args) -> Result<()> {
    let mut total = Outcome::default();
    let mut table = String::new();
    for part in Part::ALL {
        if args.without.contains(&part) || !(args.parts.is_empty() || args.parts.contains(&part)) {
            let _ = writeln!(table, "{:<14}left out, as was asked for", part.name());
            continue;
        }
        println!("== {}", part.name());
        let began = Instant::now();
        let outcome = outcome(part).unwrap_or_else(|error| Outcome::failure(format!("{error:#}")));
        let _ = writeln!(table, "{:<14}{outcome}, {} s", part.name(), began.elapsed().as_secs());
        total.add(&outcome);
    }
    println!("\n{table}{} passed, {} failed", total.passed, total.failed + total.skipped);
    if total.failed + total.skipped > 0 {
        std::process::exit(1); // the counts are the last line: whoever runs this reads it
    }
    Ok(())
}

/// Runs a part and reads what it says of itself. A command that fails without a word of a failed test is one failure.
fn outcome(part: Part) -> Result<Outcome> {
    if let (Part::E2e, Some(why)) = (part, e2e::impossible()) {
        return Ok(Outcome::failure(format!("{why}; say --without e2e to leave it out")));
    }
    let mut outcome = Outcome::default();
    for mut command in part.commands()? {
        let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("{command:?}"))?;
        let output = child.stdout.take().context("the command has no output")?;
        let (passed, failed) = (outcome.passed, outcome.failed);
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            outcome.read(&line);
        }
        let succeeded = child.wait()?.success();
        match succeeded {
            // A command that counts nothing is a check of its own.
            true if outcome.passed == passed => outcome.passed += 1,
            false if outcome.failed == failed => {
                outcome.add(&Outcome::failure(format!("{command:?} failed")))
            }
            _ => {}
        }
    }
    Ok(outcome)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = shell::cargo();
    cargo.args(arguments);
    cargo
}

fn xtask(arguments: &[&str]) -> Result<Command> {
    let mut xtask = shell::command(std::env::current_exe()?);
    xtask.args(arguments);
    Ok(xtask)
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    fn check(line: &str, expected: (usize, usize, usize)) {
        let mut outcome = Outcome::default();
        outcome.read(line);
        assert_eq!((outcome.passed, outcome.failed, outcome.skipped), expected, "{line}");
    }

    #[test]
    fn summaries_are_understood() {
        check(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            (3, 0, 1),
        );
        check("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", (3, 2, 0));
        check("40 passed, 1 failed, 2 skipped", (40, 1, 2));
        check("the broker passed, nothing failed", (0, 0, 0));
        check("test a::b ... ok", (0, 0, 0));
    }
}
