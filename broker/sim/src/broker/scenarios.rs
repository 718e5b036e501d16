//! One broker under load while things go wrong, by what may be lost.

use super::{
    faults::{Fault, LOSSLESS, LOSSY, REFUSING, inject},
    node,
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
    /// What plays.
    pub play: fn(Simulation) -> Outcome,
}

/// All scenarios.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "lossless", play: |simulation| Box::pin(lossless(simulation)) },
    Scenario { name: "lossy", play: |simulation| Box::pin(lossy(simulation)) },
    Scenario { name: "refusing", play: |simulation| Box::pin(refusing(simulation)) },
];

/// Kills, torn writes, pauses, a bad network, stalls, jumping clocks: nothing acknowledged is lost, nothing is there twice.
///
/// # Errors
/// The first violation.
pub async fn lossless(simulation: Simulation) -> Result<(), Violation> {
    play(simulation, LOSSLESS, 6, Promise::Everything).await
}

/// Power losses and failed syncs: what is left is a prefix, with everything that the recovery point promised.
///
/// # Errors
/// The first violation.
pub async fn lossy(simulation: Simulation) -> Result<(), Violation> {
    play(simulation, LOSSY, 6, Promise::Metadata).await
}

/// Full disks and failing writes: producers are refused, nothing acknowledged is lost, and it goes on when there is room.
///
/// # Errors
/// The first violation.
pub async fn refusing(simulation: Simulation) -> Result<(), Violation> {
    play(simulation, REFUSING, 4, Promise::Everything).await
}

/// One broker, id 1.
const BROKERS: i32 = 1;

async fn play(
    simulation: Simulation,
    faults: &[Fault],
    count: u32,
    promise: Promise,
) -> Result<(), Violation> {
    let invariants = Invariants::listen(&simulation, promise);
    let brokers: Vec<_> = (1..=BROKERS)
        .map(|id| {
            let broker = simulation.host(&node::name(id));
            broker.start(move |world| node::run(world, id));
            broker
        })
        .collect();
    let partitions = 1 + simulation.random().within(0..3) as i32;
    let shape = Shape { partitions, replicas: 1, commits: promise == Promise::Everything };
    let workload = Workload::start(&simulation, &brokers, shape).await;
    simulation.sleep(Duration::from_secs(1)).await;
    inject(&simulation, &brokers, &workload, faults, count).await?;
    workload.finish(&simulation).await?;
    let lost = workload.shared().history().lost();
    simulation.note(&format!("{} acknowledged, {lost} lost", workload.shared().history().acknowledged()));
    invariants.found()
}
