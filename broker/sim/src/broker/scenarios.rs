//! Brokers under load while things go wrong, by what may be lost.

use super::{
    cluster::{Cluster, Durability, Layout},
    faults::{Fault, LOSSLESS, LOSSY, REFUSING, inject},
    nemesis::Nemesis,
    workload::{Shape, Workload},
};
use crate::{
    Simulation, Violation,
    invariants::{Invariants, Promise},
};
use klamm_world::BoxFuture;
use std::time::Duration;

/// What a scenario comes to.
type Outcome = BoxFuture<'static, Result<(), Violation>>;

/// A scenario, by name.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether it plays on clusters of several brokers.
    pub of_clusters: bool,
    /// What plays.
    pub play: fn(Simulation) -> Outcome,
}

/// All scenarios.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "lossless", of_clusters: false, play: |simulation| Box::pin(lossless(simulation)) },
    Scenario { name: "lossy", of_clusters: false, play: |simulation| Box::pin(lossy(simulation)) },
    Scenario { name: "refusing", of_clusters: false, play: |simulation| Box::pin(refusing(simulation)) },
    Scenario { name: "durable", of_clusters: false, play: |simulation| Box::pin(durable(simulation)) },
    Scenario {
        name: "replicated",
        of_clusters: true,
        play: |simulation| on_cluster(simulation, Durability::Replicated, |layout| layout),
    },
    Scenario {
        name: "fsync",
        of_clusters: true,
        play: |simulation| on_cluster(simulation, Durability::Fsync, |layout| layout),
    },
    Scenario {
        name: "racks",
        of_clusters: true,
        play: |simulation| {
            on_cluster(simulation, Durability::Replicated, |layout| Layout { racks: true, ..layout })
        },
    },
    Scenario {
        name: "cascades",
        of_clusters: true,
        play: |simulation| {
            on_cluster(simulation, Durability::Replicated, |layout| Layout {
                cascades: true,
                brokers: 5,
                ..layout
            })
        },
    },
    Scenario {
        name: "mixed",
        of_clusters: true,
        play: |simulation| {
            on_cluster(simulation, Durability::Replicated, |layout| Layout { mixed: true, ..layout })
        },
    },
];

/// Kills, torn writes, pauses, a bad network, stalls, jumping clocks: nothing acknowledged is lost, nothing is there twice.
///
/// # Errors
/// The first violation.
pub async fn lossless(simulation: Simulation) -> Result<(), Violation> {
    play(simulation, Durability::Replicated, LOSSLESS, 6, Promise::Everything).await
}

/// Power losses and failed syncs: what is left is a prefix, with everything that the recovery point promised.
///
/// # Errors
/// The first violation.
pub async fn lossy(simulation: Simulation) -> Result<(), Violation> {
    play(simulation, Durability::Replicated, LOSSY, 6, Promise::Metadata).await
}

/// Full disks and failing writes: producers are refused, nothing acknowledged is lost, and it goes on when there is room.
///
/// # Errors
/// The first violation.
pub async fn refusing(simulation: Simulation) -> Result<(), Violation> {
    play(simulation, Durability::Replicated, REFUSING, 4, Promise::Everything).await
}

/// Power losses and failed syncs with `klamm.durability=fsync`: nothing acknowledged is lost.
///
/// # Errors
/// The first violation.
pub async fn durable(simulation: Simulation) -> Result<(), Violation> {
    play(simulation, Durability::Fsync, LOSSY, 6, Promise::Everything).await
}

/// One to five brokers, with faults on several at once: nothing acknowledged is lost, and in the end all is in sync. In `racks`
/// consumers read from the replica in theirs: they see what consumers of leaders see. In `mixed` brokers begin as an older
/// release, go forth and back, and are all upgraded in the end: clients see nothing of that. In `cascades` leaders die one after
/// the other.
///
/// # Errors
/// The first violation.
pub async fn cluster(simulation: Simulation, layout: Layout) -> Result<(), Violation> {
    let invariants = Invariants::listen(&simulation, Promise::Everything);
    let cluster = Cluster::start(&simulation, layout);
    simulation.trace().reached(&format!("clusters of {}", layout.brokers));
    let partitions = 1 + simulation.random().within(0..3) as i32;
    let shape = Shape { partitions, replicas: layout.replicas(), racks: layout.racks, commits: true };
    let workload = Workload::start(&simulation, &cluster.hosts(), shape).await?;
    simulation.sleep(Duration::from_secs(1)).await;
    let nemesis = Nemesis::new(&simulation, &cluster, &workload);
    let beside_older = if layout.mixed { CLUSTER_FAULTS * 2 / 3 } else { 0 };
    if layout.mixed {
        nemesis.rage(beside_older).await?;
        nemesis.upgrade().await?;
    }
    nemesis.rage(CLUSTER_FAULTS - beside_older).await?;
    nemesis.recovered().await?;
    workload.finish(&simulation).await?;
    finished(&simulation, &workload);
    invariants.found()
}

fn on_cluster(simulation: Simulation, durability: Durability, change: fn(Layout) -> Layout) -> Outcome {
    let layout = change(Layout::drawn(&simulation, durability));
    Box::pin(cluster(simulation, layout))
}

/// A run's start and its end cost some seconds of simulated time, whatever happens between.
const CLUSTER_FAULTS: u32 = 30;

async fn play(
    simulation: Simulation,
    durability: Durability,
    faults: &[Fault],
    count: u32,
    promise: Promise,
) -> Result<(), Violation> {
    let invariants = Invariants::listen(&simulation, promise);
    let brokers = Cluster::start(&simulation, Layout::alone(durability)).hosts();
    let partitions = 1 + simulation.random().within(0..3) as i32;
    let shape = Shape { partitions, replicas: 1, racks: false, commits: promise == Promise::Everything };
    let workload = Workload::start(&simulation, &brokers, shape).await?;
    simulation.sleep(Duration::from_secs(1)).await;
    inject(&simulation, &brokers, &workload, faults, count, promise).await?;
    workload.finish(&simulation).await?;
    finished(&simulation, &workload);
    invariants.found()
}

fn finished(simulation: &Simulation, workload: &Workload) {
    let history = workload.shared().history();
    let (acknowledged, lost) = (history.acknowledged(), history.lost());
    drop(history);
    simulation.note(&format!("{acknowledged} acknowledged, {lost} lost"));
    simulation.trace().reached_times("record acknowledged", acknowledged as u64);
}
