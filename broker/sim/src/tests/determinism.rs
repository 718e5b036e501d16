//! A seed replays to the last port call.

use super::check;
use crate::{Death, Simulation, Violation, run_once};
use klamm_world::World;
use std::{
    io::IoSlice,
    path::Path,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Echoes what comes, and appends it to a file.
async fn echo(world: World) {
    let mut listener = world.network.listen(([0, 0, 0, 0], 7).into()).unwrap();
    while let Ok(mut connection) = listener.accept().await {
        let inner = world.clone();
        let task = async move {
            let Ok(file) = inner.disk.create(Path::new("/data/echo")) else { return };
            let mut buffer = [0; 512];
            while let Ok(count @ 1..) = connection.stream.read(&mut buffer).await {
                let Ok(end) = file.length() else { return };
                let written = file.write_at(&[IoSlice::new(&buffer[..count])], end);
                let syncing = file.clone();
                let synced = inner.blocking(move || syncing.sync()).await;
                if written.is_err() || synced.is_err() {
                    return;
                }
                if connection.sink.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
        };
        world.spawn.spawn("echo", Box::pin(task));
    }
}

/// Talks to the echo until it has had enough answers.
async fn talk(world: World) {
    let mut answers = 0;
    while answers < 20 {
        let Ok(mut connection) = world.network.connect("server", 7).await else {
            world.sleep(Duration::from_millis(50)).await;
            continue;
        };
        for _ in 0..5 {
            let mut said = [0; 16];
            world.entropy.fill(&mut said);
            let mut heard = [0; 16];
            let talk = async {
                connection.sink.write_all(&said).await?;
                connection.stream.read_exact(&mut heard).await
            };
            let deadline = world.clock.now().mono.plus(Duration::from_secs(2));
            match world.deadline(deadline, talk).await {
                Ok(Ok(_)) if heard == said => answers += 1,
                _ => break,
            }
        }
    }
}

async fn faults(simulation: Simulation) -> Result<(), Violation> {
    let (server, client) = (simulation.host("server"), simulation.host("client"));
    server.start(echo);
    client.start(talk);
    for _ in 0..6 {
        let pause = simulation.random().by_magnitude(1_000_000..400_000_000);
        simulation.sleep(Duration::from_nanos(pause)).await;
        let fault = simulation.random().within(0..7);
        match fault {
            0 => server.kill(),
            1 => server.power_off(),
            2 => server.die_in_disk_operation(Death::Kill),
            3 => simulation.cut(&client, &server),
            4 => simulation.cut(&server, &client),
            5 => simulation.reset(&client, &server),
            _ => server.pause(),
        }
        simulation.sleep(Duration::from_nanos(pause)).await;
        simulation.heal();
        server.resume();
        if !server.is_running() {
            server.restart();
        }
    }
    while client.is_running() {
        if !server.is_running() {
            server.restart(); // the last doom may come late
        }
        simulation.sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

#[test]
fn every_seed_replays_and_ends() {
    let reports = check(40, faults);
    let mut counts = crate::Counts::default();
    reports.iter().for_each(|report| counts.add(&report.counts));
    for class in ["kill", "power off", "torn write", "one-way partition", "reset", "pause"] {
        assert!(
            counts.faults.get(class).is_some_and(|count| *count > 0),
            "{class} never happened: {counts:?}"
        );
    }
    let different: std::collections::BTreeSet<_> = reports.iter().map(|report| report.hash).collect();
    assert_eq!(different.len(), reports.len(), "seeds explore different runs");
}

#[test]
fn a_trace_does_not_change_the_run() {
    let (silent, told) = (run_once(3, faults, false), run_once(3, faults, true));
    assert_eq!(silent.hash, told.hash);
    assert_eq!(told.lines.len() as u64, told.events);
}

#[test]
#[should_panic(expected = "two runs of seed 1 differ")]
fn entropy_from_outside_is_found() {
    static RUNS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    crate::run(1, |simulation| async move {
        let run = RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        simulation.sleep(Duration::from_nanos(run)).await;
        simulation.note("later");
        Ok(())
    });
}

#[test]
#[should_panic(expected = "waits for what will never come")]
fn a_deadlock_is_found() {
    crate::run(1, |_| async {
        std::future::pending::<()>().await;
        Ok(())
    });
}

/// What a run held, once it is over.
static LEFT: Mutex<Weak<Simulation>> = Mutex::new(Weak::new());

/// Programs, tasks and a tap that hold the simulation.
async fn held_by_itself(simulation: Simulation) -> Result<(), Violation> {
    let held = Arc::new(simulation.clone());
    *LEFT.lock().expect("nothing panics under it") = Arc::downgrade(&held);
    let (by_tap, by_program) = (held.clone(), held.clone());
    simulation.set_tap(Arc::new(move |sent, _| by_tap.note(&format!("{sent:?}"))));
    simulation.host("server").start(move |world| {
        let by_task = by_program.clone();
        async move {
            by_task.note("it runs");
            echo(world).await;
        }
    });
    simulation.host("client").start(talk);
    simulation.sleep(Duration::from_secs(1)).await;
    Ok(())
}

#[test]
fn nothing_of_a_run_is_left() {
    run_once(1, held_by_itself, false);
    let left = LEFT.lock().expect("nothing panics under it").upgrade();
    assert!(left.is_none(), "the run is over, and something still holds it");
}
