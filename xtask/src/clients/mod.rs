//! `cargo xtask clients`: drives a broker with clients that no one here wrote, and says what held.
//! The suites are in `e2e/clients/`; they must hold for Apache Kafka (`--broker kafka`) before they may judge Klamm.

mod beside;
mod broker;
mod installed;
mod librdkafka;
mod mixed;
mod tap;
mod transcript;

use crate::shell;
use anyhow::{Context, Result, bail, ensure};
use broker::{Broker, Kind};
pub use installed::Installed;
use installed::PROGRAMS;
use rustix::process::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use transcript::{Check, Step};

/// A check by a shell line that takes longer has failed: JVM tools take 1-3 s on two busy cores.
const CHECK_SECONDS: u32 = 30;

/// A whole program of checks has this long.
const PROGRAM_SECONDS: u32 = 150;

/// Which broker is driven, and by what.
#[derive(clap::Args)]
pub struct Args {
    /// Drive a broker that runs already; checks that need its process or its files are left out
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap: Option<String>,
    /// Whose broker it is; without --bootstrap one is started on loopback, Kafka's from Maven
    #[arg(long, default_value = "klamm")]
    broker: Target,
    /// Suites by name; all if none is named
    suites: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Target {
    Klamm,
    Kafka,
}

impl Args {
    fn wants(&self, suite: &str) -> bool {
        self.suites.is_empty() || self.suites.iter().any(|wanted| wanted == suite)
    }
}

/// What a suite is made of.
enum Suite {
    /// A program of ours that prints TAP.
    Program,
    /// librdkafka's own tests.
    Librdkafka,
    /// A file of shell lines and their answers.
    Transcript(PathBuf),
    /// Clusters of Klamm's and Apache Kafka's brokers.
    Beside,
}

/// All suites in their order: transcripts that restart the broker come last.
fn suites(sources: &Path) -> Result<Vec<(String, Suite)>> {
    let mut suites: Vec<_> = PROGRAMS.iter().map(|name| ((*name).to_owned(), Suite::Program)).collect();
    suites.push(("librdkafka".to_owned(), Suite::Librdkafka));
    let entries = fs::read_dir(sources.join("checks"))?.map(|entry| Ok(entry?.path()));
    let mut files = entries.collect::<Result<Vec<PathBuf>>>()?;
    files.sort();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // The number only orders the files.
        let name = stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned();
        suites.push((name, Suite::Transcript(file)));
    }
    suites.push(("beside".to_owned(), Suite::Beside));
    Ok(suites)
}

/// How many checks ended in which way.
#[derive(Default)]
pub struct Summary {
    passed: usize,
    failed: Vec<String>,
    left_out: Vec<String>,
}

impl Summary {
    fn passed(&mut self, name: &str, began: Instant) {
        println!("ok       {name} ({:.1} s)", began.elapsed().as_secs_f64());
        self.passed += 1;
    }

    fn failed(&mut self, name: &str, why: &str) {
        println!("FAILED   {name}\n{}", indented(why));
        self.failed.push(name.to_owned());
    }

    fn left_out(&mut self, name: &str, why: &str) {
        println!("left out {name}: {why}");
        self.left_out.push(name.to_owned());
    }
}

/// The end of a tool's output, where its error is.
fn indented(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].iter().map(|line| format!("         | {line}\n")).collect()
}

/// The suites' surroundings: where the tools are, and which broker they drive.
struct Run {
    folder: PathBuf,
    sources: PathBuf,
    bootstrap: String,
    /// The broker that the checks know by name.
    target: &'static str,
    /// Only if this command started it.
    broker: Option<Broker>,
    summary: Summary,
}

/// Puts the foreign programs, by the names that users know, into a folder for the front of `PATH`.
pub fn tools() -> Result<PathBuf> {
    let bin = shell::cache().join("clients-bin");
    Installed::ensure(&shell::cache(), &shell::root().join("e2e/clients"))?.write_wrappers(&bin)?;
    Ok(bin)
}

/// Runs the suites; fails if one check failed.
pub fn run(args: &Args) -> Result<()> {
    let began = Instant::now();
    let sources = shell::root().join("e2e/clients");
    let installed = Installed::ensure(&shell::cache(), &sources)?;
    let folder = std::env::temp_dir().join(format!("klamm-clients-{}", std::process::id()));
    installed.write_wrappers(&folder.join("bin"))?;
    let mut run = Run::start(args, &installed, folder, sources)?;
    run.all(args, &installed)?;
    run.finish(began)
}

impl Run {
    fn start(args: &Args, installed: &Installed, folder: PathBuf, sources: PathBuf) -> Result<Run> {
        let (summary, kafka) = (Summary::default(), args.broker == Target::Kafka);
        if let Some(bootstrap) = args.bootstrap.clone() {
            let target = if kafka { "kafka" } else { "klamm" };
            return Ok(Run { folder, sources, bootstrap, target, broker: None, summary });
        }
        let kind = if kafka { Kind::Kafka(installed.jars()) } else { Kind::Klamm(build_klamm()?) };
        let target = kind.name();
        let broker = Broker::start(kind, &folder.join("broker"), 1)?;
        Ok(Run { folder, sources, bootstrap: broker.bootstrap(), target, broker: Some(broker), summary })
    }

    fn all(&mut self, args: &Args, installed: &Installed) -> Result<()> {
        let suites = suites(&self.sources)?;
        let names: Vec<&str> = suites.iter().map(|(name, _)| name.as_str()).collect();
        let unknown = args.suites.iter().find(|wanted| !names.contains(&wanted.as_str()));
        ensure!(
            unknown.is_none(),
            "there is no suite {}; there are {}",
            unknown.map_or("", String::as_str),
            names.join(", ")
        );
        for (name, suite) in suites.iter().filter(|(name, _)| args.wants(name)) {
            println!("-- {name}");
            match suite {
                Suite::Program => self.program(name)?,
                Suite::Beside if self.target != "klamm" || self.broker.is_none() => {
                    self.summary
                        .left_out("beside", "it is about clusters of this checkout's Klamm and Kafka");
                }
                Suite::Beside => beside::run(self, &program("debug", "klamm-broker"), &installed.jars())?,
                Suite::Librdkafka => self.librdkafka(&installed.librdkafka()?)?,
                Suite::Transcript(file) => {
                    let text = fs::read_to_string(file)?;
                    let checks = transcript::parse(&text).with_context(|| file.display().to_string())?;
                    checks.iter().for_each(|check| self.check(check));
                }
            }
        }
        Ok(())
    }

    fn check(&mut self, check: &Check) {
        if check.only_on.as_ref().is_some_and(|target| target != self.target) {
            return;
        }
        if check.needs_process() && self.broker.is_none() {
            return self
                .summary
                .left_out(&check.name, "needs the broker's process, and this one is someone else's");
        }
        let began = Instant::now();
        let outcome = check.steps.iter().try_for_each(|step| self.step(step));
        match outcome {
            Ok(()) => self.summary.passed(&check.name, began),
            Err(why) => self.summary.failed(&check.name, &format!("{why:#}")),
        }
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Restart => self.broker.as_mut().context("no process")?.restart(Signal::TERM),
            Step::Kill => self.broker.as_mut().context("no process")?.restart(Signal::KILL),
            Step::Run { script, expected, forbidden } => {
                let output =
                    self.shell(CHECK_SECONDS, &format!("exec 2>&1; set -o pipefail; {script}")).output()?;
                let text = String::from_utf8_lossy(&output.stdout);
                ensure!(output.status.success(), "$ {script}\n{text}ended with {}", output.status);
                match transcript::mismatch(&text, expected, forbidden) {
                    Some(why) => bail!("$ {script}\n{text}{why}"),
                    None => Ok(()),
                }
            }
        }
    }

    /// librdkafka's tests want topics of several partitions that make themselves: they get a broker of their own.
    fn librdkafka(&mut self, built: &Path) -> Result<()> {
        let Some(kind) = self.broker.as_ref().map(Broker::kind) else { return librdkafka::run(self, built) };
        let broker = Broker::start(kind, &self.folder.join("broker-of-librdkafka"), 4)?;
        let main = std::mem::replace(&mut self.bootstrap, broker.bootstrap());
        let outcome = librdkafka::run(self, built);
        self.bootstrap = main;
        outcome
    }

    /// A program prints TAP; each of its lines is a check here.
    fn program(&mut self, program: &str) -> Result<()> {
        let mut command = self.shell(PROGRAM_SECONDS, &format!("exec {program} \"$B\" \"$TARGET\" 2>&1"));
        tap::follow(&mut command, program, &mut self.summary)
    }

    /// Bash with the tools at hand; `timeout` ends it with all its children.
    fn shell(&self, seconds: u32, script: &str) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("timeout");
        command.args(["-k", "1", &seconds.to_string(), "bash", "-c", script]).current_dir(&self.folder);
        command.env("PATH", format!("{}:{path}", self.folder.join("bin").display()));
        command.env("B", &self.bootstrap).env("TARGET", self.target).stdin(std::process::Stdio::null());
        if let Some(broker) = &self.broker {
            command.env("DATA", broker.data());
        }
        command
    }

    fn finish(self, began: Instant) -> Result<()> {
        let Summary { passed, failed, left_out } = &self.summary;
        println!("\nclients against {} in {:.0} s", self.target, began.elapsed().as_secs_f64());
        failed.iter().for_each(|name| println!("  failed: {name}"));
        println!("{passed} passed, {} failed, {} skipped", failed.len(), left_out.len());
        let folder = self.folder.clone();
        if !failed.is_empty() {
            bail!("{} checks failed; the broker's folder is {}", failed.len(), folder.display());
        }
        drop(self.broker);
        Ok(fs::remove_dir_all(folder)?)
    }
}

/// Builds the broker as a user of this checkout would, and says where it is.
fn build_klamm() -> Result<PathBuf> {
    shell::run(shell::cargo().args(["build", "--quiet", "--package", "klamm-server"]))?;
    Ok(program("debug", "klamm-broker"))
}

/// Where cargo puts a program of this checkout.
pub fn program(profile: &str, name: &str) -> PathBuf {
    shell::target().join(profile).join(name)
}
