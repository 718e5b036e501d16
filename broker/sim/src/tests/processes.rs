//! Hosts, their processes and their clocks.

use super::check;
use crate::{Simulation, Violation};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

async fn life(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let ticks = Arc::new(AtomicU64::new(0));
    let counter = ticks.clone();
    host.start(move |world| {
        let counter = counter.clone();
        async move {
            let (inner, count) = (world.clone(), counter.clone());
            let task = async move {
                loop {
                    inner.sleep(Duration::from_millis(10)).await;
                    count.fetch_add(1, Ordering::Relaxed);
                }
            };
            world.spawn.thread("ticker".into(), Box::pin(task));
            let three = world.blocking(|| 3).await;
            world.sleep(Duration::from_secs(three)).await;
        }
    });
    let moved = async || {
        let before = ticks.load(Ordering::Relaxed);
        simulation.sleep(Duration::from_millis(500)).await;
        ticks.load(Ordering::Relaxed) > before
    };
    assert!(moved().await);
    host.pause();
    assert!(!moved().await, "a paused process does nothing");
    host.resume();
    assert!(moved().await);
    host.kill();
    assert!(!moved().await && !host.is_running());
    host.restart();
    assert!(moved().await);
    host.ended().await;
    assert!(!moved().await, "a process that ends takes its threads along");
    Ok(())
}

#[test]
fn processes_start_pause_die_and_end() {
    check(10, life);
}

async fn clocks(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let world = host.boot();
    let begin = world.clock.now();
    host.drift_clock(100_000);
    simulation.sleep(Duration::from_secs(10)).await;
    let end = world.clock.now();
    assert_eq!(end.mono.since(begin.mono), Duration::from_secs(11), "ten per cent fast");
    host.jump_clock(-3_600_000);
    let back = world.clock.now();
    assert_eq!((end.wall.0 - back.wall.0, end.mono), (3_600_000, back.mono), "wall time alone jumps");
    let before = simulation.elapsed();
    world.sleep(Duration::from_secs(11)).await;
    let slept = simulation.elapsed() - before;
    assert!(slept >= Duration::from_secs(10) && slept < Duration::from_millis(10_010), "{slept:?}");
    Ok(())
}

#[test]
fn clocks_drift_and_jump() {
    check(3, clocks);
}

async fn stall(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let world = host.boot();
    host.stall_disk(Duration::from_secs(5));
    world.blocking(|| ()).await;
    assert!(simulation.elapsed() >= Duration::from_secs(5));
    Ok(())
}

#[test]
fn a_disk_stalls() {
    check(3, stall);
}
