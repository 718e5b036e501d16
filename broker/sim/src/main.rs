//! `klamm-sim`: plays many seeds of the scenarios, or replays one with its trace. `cargo xtask sim` runs it.

use klamm_sim::{
    Counts, Report,
    broker::{SCENARIOS, Scenario},
    run, run_once,
};
use std::{
    process::ExitCode,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

mod minimum;

/// What plays now: a panic in the broker aborts, and must say how to see it again.
static PLAYING: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What the command line asks for.
struct Arguments {
    seeds: u64,
    minutes: u64,
    first: u64,
    /// How many seeds play at once.
    workers: u64,
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
        let playing = playing().join(" or ");
        let host = klamm_sim::current::host().map_or(String::new(), |host| format!(" on host {host}"));
        eprintln!("this was{host}; again: cargo xtask sim {playing}");
    }));
}

fn playing() -> MutexGuard<'static, Vec<String>> {
    PLAYING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        seeds: 100,
        minutes: 60,
        first: 0,
        workers: 1,
        scenario: None,
        replay: None,
        mutant: None,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} takes a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} takes a whole number, not {value}"));
        match word.as_str() {
            "--seeds" => arguments.seeds = number()?,
            "--minutes" => arguments.minutes = number()?,
            "--workers" => arguments.workers = number()?.max(1),
            "--first" => arguments.first = number()?,
            "--replay" => arguments.replay = Some(number()?),
            "--mutant" => arguments.mutant = Some(value),
            "--scenario" => arguments.scenario = Some(value),
            _ => {
                return Err(format!(
                    "{word} is not known: --seeds --minutes --first --workers --scenario --replay are"
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
        *playing() = vec![format!("--scenario {} --replay {seed}", scenario.name)];
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
    /// Runs of whole clusters.
    clusters: u64,
    events: u64,
    simulated: Duration,
    counts: Counts,
    violations: Vec<String>,
}

impl Sum {
    fn add(&mut self, scenario: &Scenario, report: &Report) {
        self.runs += 1;
        self.clusters += u64::from(scenario.of_clusters);
        self.events += report.events;
        self.simulated += report.simulated;
        self.counts.add(&report.counts);
        if let Err(violation) = &report.result {
            let line = format!("{}, seed {}: {violation}", scenario.name, report.seed);
            println!("VIOLATION {line}");
            self.violations.push(line);
        }
    }
}

/// Plays seed after seed of every scenario, each twice, until all are done or the time is up.
fn sweep(arguments: &Arguments, scenarios: &[Scenario]) -> ExitCode {
    let (begin, limit) = (Instant::now(), Duration::from_secs(arguments.minutes * 60));
    let (sum, next) = (Mutex::new(Sum::default()), AtomicU64::new(0));
    let count = scenarios.len() as u64;
    let work = || {
        while begin.elapsed() <= limit {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (seed, scenario) = (arguments.first + index / count, scenarios[(index % count) as usize]);
            if seed >= arguments.first + arguments.seeds {
                return;
            }
            let name = format!("--scenario {} --replay {seed}", scenario.name);
            playing().push(name.clone());
            let report = run(seed, scenario.play);
            playing().retain(|one| *one != name);
            sum.lock().unwrap_or_else(PoisonError::into_inner).add(&scenario, &report);
        }
    };
    std::thread::scope(|scope| (0..arguments.workers).for_each(|_| drop(scope.spawn(work))));
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    // one scenario alone does not play everything
    let runs = if arguments.scenario.is_some() { 0 } else { sum.clusters };
    let holes = minimum::holes(&sum.counts, runs);
    tell(&sum, &holes, cpu_seconds());
    if sum.violations.is_empty() && holes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What this process has used.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn tell(sum: &Sum, holes: &[String], cpu_seconds: f64) {
    let counts = &sum.counts;
    println!("injected");
    counts.injected.iter().for_each(|(what, count)| println!("  {count:>9}  {what}"));
    println!("faults of hosts, links and disks by that");
    counts.faults.iter().for_each(|(class, count)| println!("  {count:>9}  {class}"));
    println!("reached");
    counts.reached.iter().for_each(|(what, count)| println!("  {count:>9}  {what}"));
    holes.iter().for_each(|hole| println!("HOLE {hole}"));
    let injected: u64 = counts.injected.values().sum();
    let faults: u64 = counts.faults.values().sum();
    let records = counts.reached.get("record acknowledged").copied().unwrap_or_default();
    let hours = sum.simulated.as_secs_f64() / 3600.0;
    println!(
        "{} seeds twice, {} events, {injected} faults injected ({faults} of hosts, links and disks), {records} records, {hours:.1} simulated hours, {:.1} CPU seconds per simulated hour, {} violations",
        sum.runs,
        sum.events,
        cpu_seconds / 2.0 / hours.max(f64::EPSILON),
        sum.violations.len()
    );
}
