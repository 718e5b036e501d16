//! What goes wrong, drawn from the seed.

use super::workload::Workload;
use crate::{Death, Host, Simulation, Violation, invariants::Promise};
use std::{path::Path, time::Duration};

/// Where the broker keeps its data.
pub const LOG_DIRECTORY: &str = "/data";

/// A class of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL between two operations.
    Kill,
    /// SIGKILL within a write, which is torn.
    TornWrite,
    /// The machine loses power.
    PowerLoss,
    /// The machine loses power within an operation of the disk.
    TornPowerLoss,
    /// The process is frozen for a while.
    Pause,
    /// Nothing arrives in one direction for a while.
    Partition,
    /// All connections are reset.
    Reset,
    /// New connections are refused for a while.
    Refusal,
    /// Wall time jumps, back or forth.
    ClockJump,
    /// The device stalls.
    Stall,
    /// A sync fails and drops pages.
    FailedSync,
    /// A write fails.
    WriteError,
    /// There is little or no room for a while.
    FullDisk,
}

/// Faults that take nothing from a disk: every acknowledged record must outlive them.
pub const LOSSLESS: &[Fault] = &[
    Fault::Kill,
    Fault::TornWrite,
    Fault::TornWrite,
    Fault::Pause,
    Fault::Partition,
    Fault::Reset,
    Fault::Refusal,
    Fault::ClockJump,
    Fault::Stall,
];

/// Faults after which a disk may have less than was acknowledged (durability `replicated`, one replica).
pub const LOSSY: &[Fault] =
    &[Fault::PowerLoss, Fault::TornPowerLoss, Fault::FailedSync, Fault::Kill, Fault::TornWrite, Fault::Stall];

/// Faults of a disk that refuses writes.
pub const REFUSING: &[Fault] = &[Fault::FullDisk, Fault::FullDisk, Fault::WriteError, Fault::Kill];

/// Injects `count` of `faults` one after the other, restarts the broker after each death, and heals. What is durable where
/// `promise` is everything takes no record, whatever the fault.
///
/// # Errors
/// What the clients found meanwhile.
pub async fn inject(
    simulation: &Simulation,
    brokers: &[Host],
    workload: &Workload,
    faults: &[Fault],
    count: u32,
    promise: Promise,
) -> Result<(), Violation> {
    for _ in 0..count {
        pause(simulation, 1..2_000).await;
        let index = simulation.random().within(0..faults.len() as u64) as usize;
        let victim = &brokers[simulation.random().within(0..brokers.len() as u64) as usize];
        simulation.note(&format!("next fault: {:?} on {}", faults[index], victim.name()));
        simulation.trace().injected(&format!("{:?}", faults[index]));
        let peers: Vec<_> = brokers.iter().filter(|broker| broker.id() != victim.id()).collect();
        let may_lose = promise == Promise::Metadata;
        let loses = fault(simulation, victim, &peers, workload, faults[index], may_lose).await && may_lose;
        for broker in brokers {
            revive(simulation, broker, workload, loses && broker.id() == victim.id()).await;
        }
        workload.found()?;
    }
    Ok(())
}

pub(super) async fn pause(simulation: &Simulation, milliseconds: std::ops::Range<u64>) {
    let nanoseconds =
        simulation.random().by_magnitude(milliseconds.start * 1_000_000..milliseconds.end * 1_000_000);
    simulation.sleep(Duration::from_nanos(nanoseconds)).await;
}

/// Injects one; true when the disk may have lost something by it.
async fn fault(
    simulation: &Simulation,
    broker: &Host,
    peers: &[&Host],
    workload: &Workload,
    fault: Fault,
    may_lose: bool,
) -> bool {
    match fault {
        Fault::Kill => broker.kill(),
        Fault::PowerLoss => broker.power_off(),
        Fault::TornWrite => die(simulation, broker, Death::Kill).await,
        Fault::TornPowerLoss => die(simulation, broker, Death::PowerOff).await,
        Fault::Pause => {
            broker.pause();
            pause(simulation, 10..20_000).await;
            broker.resume();
        }
        Fault::Partition => {
            let ends = peers.len() as u64 + 1; // with the clients, or with a peer
            let index = simulation.random().within(0..ends) as usize;
            let (one, other) = (*peers.get(index).unwrap_or(&workload.clients()), broker);
            let inwards = simulation.random().once_in(2);
            if inwards {
                simulation.cut(one, other)
            } else {
                simulation.cut(other, one)
            }
            pause(simulation, 10..30_000).await;
            simulation.heal();
        }
        Fault::Reset => {
            simulation.reset(workload.clients(), broker);
            peers.iter().for_each(|peer| simulation.reset(peer, broker));
        }
        Fault::Refusal => {
            simulation.refuse(broker, super::client::PORT, true);
            simulation.reset(workload.clients(), broker);
            pause(simulation, 10..5_000).await;
            simulation.refuse(broker, super::client::PORT, false);
        }
        Fault::ClockJump => jump_clock(simulation, broker),
        Fault::Stall => stall(simulation, broker).await,
        Fault::FailedSync => {
            workload.shared().disk_lies(may_lose);
            broker.disk_faults(|faults| faults.failing_syncs = 1);
            pause(simulation, 100..20_000).await;
            broker.disk_faults(|faults| faults.failing_syncs = 0);
            // The machine goes with it: had only the process been restarted, it would read from the cache what is not on the
            // device, sync it in vain (the pages count as clean) and believe it durable. Nothing in a process can tell.
            broker.power_off();
        }
        Fault::WriteError => {
            broker.disk_faults(|faults| faults.write_error_once_in = 20);
            pause(simulation, 10..2_000).await;
            broker.disk_faults(|faults| faults.write_error_once_in = 0);
            broker.kill();
        }
        Fault::FullDisk => full_disk(simulation, broker).await,
    }
    matches!(fault, Fault::PowerLoss | Fault::TornPowerLoss | Fault::FailedSync)
}

pub(super) fn jump_clock(simulation: &Simulation, broker: &Host) {
    let forth = simulation.random().by_magnitude(1..100_000_000) as i64;
    let back = simulation.random().once_in(2);
    broker.jump_clock(if back { -forth } else { forth });
}

pub(super) async fn stall(simulation: &Simulation, broker: &Host) {
    let stall = simulation.random().by_magnitude(10..10_000);
    broker.stall_disk(Duration::from_millis(stall));
    pause(simulation, 10..10_000).await;
}

pub(super) async fn die(simulation: &Simulation, broker: &Host, death: Death) {
    broker.die_in_disk_operation(death);
    let limit = simulation.elapsed() + Duration::from_secs(10);
    while broker.is_running() && simulation.elapsed() < limit {
        simulation.sleep(Duration::from_millis(5)).await;
    }
    match death {
        Death::Kill => broker.kill(),
        Death::PowerOff => broker.power_off(),
    }
}

pub(super) async fn full_disk(simulation: &Simulation, broker: &Host) {
    let little = simulation.random().by_magnitude(1..200_000);
    let room = broker.disk_room();
    broker.disk_faults(|faults| faults.capacity -= room.saturating_sub(little));
    pause(simulation, 500..10_000).await;
    broker.disk_faults(|faults| faults.capacity = crate::DiskFaults::default().capacity);
}

/// Starts the broker again if it is dead. After a loss the oracle hears what the disk promised.
async fn revive(simulation: &Simulation, broker: &Host, workload: &Workload, loses: bool) {
    if broker.is_running() {
        return;
    }
    if loses {
        let floors = recovery_points(broker);
        let floor =
            |partition| floors.iter().find(|(index, _)| *index == partition).map_or(0, |(_, end)| *end);
        workload.shared().history().loss(floor);
        simulation.trace().reached("loss");
        if floors.iter().any(|(_, end)| *end > 0) {
            simulation.trace().reached("loss after a flush");
        }
    }
    pause(simulation, 1..3_000).await;
    broker.restart();
    workload.shared().disk_lies(false);
}

/// What the checkpoint on the broker's disk promises of our topic: (partition, everything before this offset is durable).
fn recovery_points(broker: &Host) -> Vec<(i32, i64)> {
    let path = Path::new(LOG_DIRECTORY).join("recovery-point-offset-checkpoint");
    let text = broker.read_file(&path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let entry = |line: &str| {
        let mut words = line.split(' ');
        let ours = words.next() == Some(super::workload::TOPIC);
        let (partition, end) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        ours.then_some((partition, end))
    };
    text.lines().filter_map(entry).collect()
}
