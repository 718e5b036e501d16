//! What is left of a file after each way to die.

use super::{check, saw, seen};
use crate::{Death, Host, Simulation, Violation};
use klamm_world::{File, World};
use std::{
    io::{ErrorKind, IoSlice},
    path::Path,
    sync::Arc,
};

const FILE: &str = "/data/file";

fn write(file: &Arc<dyn File>, text: &str, offset: u64) -> std::io::Result<()> {
    file.write_at(&[IoSlice::new(text.as_bytes())], offset)
}

fn read(world: &World, path: &str) -> Option<String> {
    let file = world.disk.open(Path::new(path)).ok()?;
    let mut bytes = vec![0; file.length().ok()? as usize];
    file.read_at(&mut bytes, 0).ok()?;
    Some(String::from_utf8_lossy(&bytes).replace('\0', "0"))
}

/// A file whose name and first bytes "AAAA" are durable.
fn with_durable(host: &Host) -> (World, Arc<dyn File>) {
    let world = host.boot();
    let file = world.disk.create(Path::new(FILE)).unwrap();
    write(&file, "AAAA", 0).unwrap();
    file.sync().unwrap();
    world.disk.sync_directory(Path::new("/data")).unwrap();
    (world, file)
}

async fn kill_keeps_writes(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let (_, file) = with_durable(&host);
    write(&file, "BBBB", 4).unwrap();
    host.kill();
    assert!(write(&file, "C", 8).is_err(), "the dead write nothing");
    assert_eq!(read(&host.boot(), FILE).as_deref(), Some("AAAABBBB"));
    Ok(())
}

async fn power_loss_without_a_process(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let (_, file) = with_durable(&host);
    write(&file, "BBBB", 0).unwrap();
    host.kill();
    host.power_off();
    saw(&simulation, read(&host.boot(), FILE));
    Ok(())
}

#[test]
fn a_machine_without_a_process_loses_its_cache_too() {
    assert!(seen(20, power_loss_without_a_process).contains("Some(\"AAAA\")"));
}

#[test]
fn a_kill_keeps_what_was_written() {
    check(5, kill_keeps_writes);
}

async fn power_loss(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let (_, file) = with_durable(&host);
    write(&file, "BB", 4).unwrap();
    host.power_off();
    saw(&simulation, read(&host.boot(), FILE));
    Ok(())
}

#[test]
fn a_power_loss_keeps_what_was_synced_and_pieces_of_the_rest() {
    let seen = seen(200, power_loss);
    let all = ["AAAA", "AAAA0", "AAAA00", "AAAAB", "AAAABB"];
    assert_eq!(seen, all.iter().map(|text| format!("Some({text:?})")).collect());
}

async fn overwrite(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let world = host.boot();
    let file = world.disk.create(Path::new(FILE)).unwrap();
    write(&file, &"a".repeat(8192), 0).unwrap();
    file.sync().unwrap();
    world.disk.sync_directory(Path::new("/data")).unwrap();
    write(&file, &"b".repeat(4096), 2048).unwrap();
    host.power_off();
    let text = read(&host.boot(), FILE).unwrap();
    let outside = text[..2048].bytes().chain(text[6144..].bytes());
    if outside.into_iter().any(|byte| byte != b'a') {
        return Err(Violation("bytes around an unsynced write changed".into()));
    }
    let sectors: String = (0..16).map(|sector| &text[sector * 512..=sector * 512]).collect();
    saw(&simulation, sectors);
    Ok(())
}

#[test]
fn a_power_loss_tears_pages_between_sectors() {
    let seen = seen(100, overwrite);
    assert!(seen.len() > 20, "{seen:?}");
    for whole in ["aaaaaaaaaaaaaaaa", "aaaabbbbbbbbaaaa", "aaaabbbbaaaaaaaa"] {
        assert!(seen.contains(&format!("{whole:?}")), "{whole}");
    }
}

async fn names(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let (world, _) = with_durable(&host);
    let new = world.disk.create(Path::new("/data/new")).unwrap();
    write(&new, "N", 0).unwrap();
    new.sync().unwrap();
    world.disk.rename(Path::new("/data/new"), Path::new(FILE)).unwrap();
    host.power_off();
    let world = host.boot();
    saw(&simulation, (read(&world, FILE), read(&world, "/data/new")));
    Ok(())
}

#[test]
fn names_are_durable_only_after_their_directory_was_synced() {
    let seen = seen(50, names);
    let expected = [(Some("AAAA"), None), (Some("AAAA"), Some("N")), (Some("N"), None)];
    assert_eq!(seen, expected.iter().map(|pair| format!("{pair:?}")).collect());
}

async fn torn(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    host.start(|world| async move {
        let file = world.disk.create(Path::new(FILE)).unwrap();
        while write(&file, "xyz", file.length().unwrap_or(0)).is_ok() {
            world.sleep(std::time::Duration::from_millis(1)).await;
        }
        assert!(file.length().is_err(), "the dead see nothing");
        assert!(world.network.listen(([0, 0, 0, 0], 1).into()).is_err(), "nor reach anybody");
    });
    simulation.sleep(std::time::Duration::from_millis(20)).await;
    host.die_in_disk_operation(Death::Kill);
    host.ended().await;
    let text = read(&host.boot(), FILE).unwrap();
    assert!("xyz".repeat(text.len()).starts_with(&text), "{text}");
    saw(&simulation, text.len() % 3);
    Ok(())
}

#[test]
fn a_kill_tears_the_write_in_flight() {
    assert_eq!(seen(30, torn), ["0", "1", "2"].map(String::from).into());
}

async fn failed_sync(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let (world, file) = with_durable(&host);
    write(&file, "BBBB", 0).unwrap();
    host.disk_faults(|faults| faults.failing_syncs = 1);
    assert!(file.sync().is_err());
    file.sync().unwrap(); // looks well, and makes nothing durable that the failed one dropped
    let cached = read(&world, FILE);
    host.power_off();
    saw(&simulation, (cached, read(&host.boot(), FILE)));
    Ok(())
}

#[test]
fn a_failed_sync_drops_pages_and_the_next_one_hides_it() {
    let expected = [(Some("AAAA"), Some("AAAA")), (Some("BBBB"), Some("AAAA"))];
    assert_eq!(seen(40, failed_sync), expected.iter().map(|pair| format!("{pair:?}")).collect());
}

async fn full(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    host.disk_faults(|faults| faults.capacity = 8192);
    let (world, file) = with_durable(&host);
    assert_eq!(world.disk.free_bytes(Path::new("/data")).unwrap(), 4096);
    let error = write(&file, &"x".repeat(9000), 4).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(file.length().unwrap(), 8192, "a full disk takes what fits");
    assert_eq!(file.allocate(10_000).unwrap_err().kind(), ErrorKind::StorageFull);
    file.set_length(4).unwrap();
    assert_eq!(world.disk.free_bytes(Path::new("/data")).unwrap(), 4096);
    file.allocate(8000).unwrap();
    assert_eq!(world.disk.free_bytes(Path::new("/data")).unwrap(), 0);
    write(&file, &"x".repeat(8000), 0).unwrap();
    world.disk.remove_file(Path::new(FILE)).unwrap();
    assert_eq!(world.disk.free_bytes(Path::new("/data")).unwrap(), 8192);
    assert_eq!(file.length().unwrap(), 8000, "an open handle keeps the bytes");
    Ok(())
}

#[test]
fn a_disk_has_an_end() {
    check(3, full);
}

async fn cut_and_grown(simulation: Simulation) -> Result<(), Violation> {
    let host = simulation.host("host");
    let (world, file) = with_durable(&host);
    file.set_length(2).unwrap();
    file.set_length(4).unwrap();
    assert_eq!(read(&world, FILE).as_deref(), Some("AA00"), "what was cut does not come back");
    host.rot(Path::new(FILE), 0).unwrap();
    assert_ne!(read(&world, FILE).as_deref(), Some("AA00"), "a bit rotted");
    host.replace_disk();
    assert_eq!(read(&host.boot(), FILE), None);
    Ok(())
}

#[test]
fn what_was_cut_reads_as_zeros_and_a_new_disk_is_empty() {
    check(3, cut_and_grown);
}

async fn directories(simulation: Simulation) -> Result<(), Violation> {
    let world = simulation.host("host").boot();
    let disk = &world.disk;
    disk.create_directory(Path::new("/data/a/b")).unwrap();
    disk.create(Path::new("/data/a/f")).unwrap();
    let names: Vec<_> =
        disk.list(Path::new("/data/a")).unwrap().into_iter().map(|e| (e.name, e.directory)).collect();
    assert_eq!(names, [("b".to_owned(), true), ("f".to_owned(), false)]);
    disk.rename(Path::new("/data/a"), Path::new("/data/c")).unwrap();
    assert_eq!(disk.open(Path::new("/data/a/f")).err().unwrap().kind(), ErrorKind::NotFound);
    disk.open(Path::new("/data/c/f")).unwrap();
    disk.remove_directory(Path::new("/data/c")).unwrap();
    assert_eq!(disk.list(Path::new("/data")).unwrap(), []);
    assert_eq!(disk.remove_file(Path::new("/data/c")).unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

#[test]
fn directories_are_directories() {
    check(1, directories);
}
