//! The harness itself: what its disk loses, what its network does, and that a seed replays.

mod determinism;
mod disk;
mod network;
mod processes;

use crate::{Report, Simulation, Violation, run};
use std::{collections::BTreeSet, fmt::Debug};

/// Plays `scenario` for many seeds; none may find anything wrong.
fn check<F>(seeds: u64, scenario: fn(Simulation) -> F) -> Vec<Report>
where
    F: Future<Output = Result<(), Violation>> + Send + 'static,
{
    let reports: Vec<_> = (0..seeds).map(|seed| run(seed, scenario)).collect();
    for report in &reports {
        assert_eq!(report.result, Ok(()), "seed {}", report.seed);
    }
    reports
}

/// Collects over many seeds what a scenario saw: its notes that begin with "saw ".
fn seen<F>(seeds: u64, scenario: fn(Simulation) -> F) -> BTreeSet<String>
where
    F: Future<Output = Result<(), Violation>> + Send + 'static,
{
    let lines = (0..seeds).flat_map(|seed| crate::run_once(seed, scenario, true).lines);
    lines.filter_map(|line| line.split_once("saw ").map(|(_, what)| what.to_owned())).collect()
}

/// Notes what was seen, for [`seen`].
fn saw(simulation: &Simulation, what: impl Debug) {
    simulation.note(&format!("saw {what:?}"));
}
