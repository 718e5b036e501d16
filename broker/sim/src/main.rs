//! `klamm-sim`: plays many seeds of the scenarios, or replays one with its trace. `cargo xtask sim` runs it.

use klamm_sim::{
    Counts, Report,
    broker::{SCENARIOS, Scenario},
    run, run_once,
};
use std::{
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What plays now: a panic in the broker aborts, and must say how to see it again.
static PLAYING: Mutex<String> = Mutex::new(String::new());

/// What the command line asks for.
struct Arguments {
    seeds: u64,
    minutes: u64,
    first: u64,
    scenario: Option<String>,
    replay: Option<u64>,
    /// A seeded bug to play with (only with the feature `mutants`).
    mutant: Option<String>,
}

fn main() -> ExitCode {
    tell_what_plays_on_panic();
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(reason) => {
            eprintln!("klamm-sim: {reason}");
            return ExitCode::from(2);
        }
    };
    let chosen = |scenario: &&Scenario| arguments.scenario.as_ref().is_none_or(|name| name == scenario.name);
    let scenarios: Vec<_> = SCENARIOS.iter().filter(chosen).copied().collect();
    if scenarios.is_empty() {
        let names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        eprintln!("klamm-sim: --scenario takes one of {}", names.join(", "));
        return ExitCode::from(2);
    }
    if let Some(mutant) = &arguments.mutant {
        return hunt(mutant, &arguments, &scenarios);
    }
    match arguments.replay {
        Some(seed) => replay(seed, &scenarios),
        None => sweep(&arguments, &scenarios),
    }
}

fn tell_what_plays_on_panic() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print(panic);
        let playing = PLAYING.lock().unwrap_or_else(PoisonError::into_inner);
        let host = klamm_sim::current::host().map_or(String::new(), |host| format!(" on host {host}"));
        eprintln!("this was{host}; again: cargo xtask sim {playing}");
    }));
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments =
        Arguments { seeds: 100, minutes: 60, first: 0, scenario: None, replay: None, mutant: None };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} takes a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} takes a whole number, not {value}"));
        match word.as_str() {
            "--seeds" => arguments.seeds = number()?,
            "--minutes" => arguments.minutes = number()?,
            "--first" => arguments.first = number()?,
            "--replay" => arguments.replay = Some(number()?),
            "--mutant" => arguments.mutant = Some(value),
            "--scenario" => arguments.scenario = Some(value),
            _ => {
                return Err(format!(
                    "{word} is not known: --seeds --minutes --first --scenario --replay are"
                ));
            }
        }
    }
    Ok(arguments)
}

/// Plays one seed with its trace on standard output.
fn replay(seed: u64, scenarios: &[Scenario]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for scenario in scenarios {
        *PLAYING.lock().unwrap_or_else(PoisonError::into_inner) =
            format!("--scenario {} --replay {seed}", scenario.name);
        let report = run_once(seed, scenario.play, true);
        report.lines.iter().for_each(|line| println!("{line}"));
        println!("{}: seed {seed}, trace {:016x}, {:?}", scenario.name, report.hash, report.result);
        if report.result.is_err() {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// Plays seeds with a seeded bug until one finds it.
#[cfg(feature = "mutants")]
fn hunt(mutant: &str, arguments: &Arguments, scenarios: &[Scenario]) -> ExitCode {
    let mutant: &'static str = String::leak(mutant.to_owned());
    for seed in arguments.first..arguments.first + arguments.seeds {
        for scenario in scenarios {
            if let Err(violation) = klamm_sim::run_mutant(seed, scenario.play, mutant) {
                println!("{mutant}: {}, seed {seed}: {violation}", scenario.name);
                return ExitCode::SUCCESS;
            }
        }
    }
    println!("{mutant}: not found in {} seeds", arguments.seeds);
    ExitCode::FAILURE
}

#[cfg(not(feature = "mutants"))]
fn hunt(mutant: &str, _: &Arguments, _: &[Scenario]) -> ExitCode {
    eprintln!("klamm-sim: --mutant {mutant} needs a build with --features mutants");
    ExitCode::from(2)
}

/// Sums over all runs.
#[derive(Default)]
struct Sum {
    runs: u64,
    events: u64,
    simulated: Duration,
    counts: Counts,
    violations: Vec<String>,
}

impl Sum {
    fn add(&mut self, scenario: &str, report: &Report) {
        self.runs += 1;
        self.events += report.events;
        self.simulated += report.simulated;
        self.counts.add(&report.counts);
        if let Err(violation) = &report.result {
            let line = format!("{scenario}, seed {}: {violation}", report.seed);
            println!("VIOLATION {line}");
            self.violations.push(line);
        }
    }
}

/// Plays seed after seed of every scenario, each twice, until all are done or the time is up.
fn sweep(arguments: &Arguments, scenarios: &[Scenario]) -> ExitCode {
    let (begin, limit) = (Instant::now(), Duration::from_secs(arguments.minutes * 60));
    let mut sum = Sum::default();
    'all: for seed in arguments.first..arguments.first + arguments.seeds {
        for scenario in scenarios {
            if begin.elapsed() > limit {
                break 'all;
            }
            let (name, play) = (scenario.name, scenario.play);
            *PLAYING.lock().unwrap_or_else(PoisonError::into_inner) =
                format!("--scenario {name} --replay {seed}");
            sum.add(name, &run(seed, play));
        }
    }
    tell(&sum, begin.elapsed());
    if sum.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(sum: &Sum, took: Duration) {
    println!("faults");
    sum.counts.faults.iter().for_each(|(class, count)| println!("  {count:>9}  {class}"));
    println!("reached");
    sum.counts.reached.iter().for_each(|(what, count)| println!("  {count:>9}  {what}"));
    let faults: u64 = sum.counts.faults.values().sum();
    let hours = sum.simulated.as_secs_f64() / 3600.0;
    println!(
        "{} seeds twice, {} events, {faults} faults, {hours:.1} simulated hours, {:.1} CPU seconds per simulated hour, {} violations",
        sum.runs,
        sum.events,
        took.as_secs_f64() / 2.0 / hours.max(f64::EPSILON),
        sum.violations.len()
    );
}
