//! Disks that are full, or lie.
#![allow(missing_docs)]

mod common;

use common::{faults::*, *};
use klamm_records::ValidatedBatch;
use klamm_storage::{AppendError, FlushDepth, Log, LogDir, Origin, StorageError};
use klamm_types::{LeaderEpoch, Offset};
use std::sync::{Arc, atomic::Ordering};

fn open(folder: &Folder) -> (LogDir, Log, Arc<Faults>) {
    format(real_disk().as_ref(), &folder.0);
    let faults = Arc::new(Faults::default());
    let disk = Arc::new(FaultyDisk { inner: real_disk(), faults: faults.clone() });
    let dir = LogDir::open(disk, &folder.0).expect("formatted");
    let log = dir.create_log(&name(0), topic(), Arc::new(small()), now(0)).expect("created");
    (dir, log, faults)
}

fn no_space(result: &Result<klamm_storage::Appended, AppendError>) -> bool {
    matches!(result, Err(AppendError::Storage(StorageError::NoSpace { .. })))
}

fn length(folder: &Folder) -> u64 {
    std::fs::metadata(folder.0.join("events-0/00000000000000000000.log")).expect("there").len()
}

#[test]
fn a_full_disk_refuses_and_goes_on() {
    for cut_fails in [false, true] {
        let folder = Folder::new();
        let (dir, mut log, faults) = open(&folder);
        append(&mut log, idempotent(7, 0, 0, 1)).expect("appends");
        let size = log.size_bytes();
        faults.limit(100);
        faults.fail_cut.store(cut_fails, Ordering::Relaxed);
        let batches: Vec<ValidatedBatch> =
            vec![idempotent(7, 0, 0, 1), idempotent(7, 0, 1, 1), batch(1, 10, 0)];
        let results = log.append(now(0), LeaderEpoch(0), Origin::Client, &batches);
        assert!(results[0].as_ref().is_ok_and(|appended| appended.duplicate), "it was there before");
        assert!(no_space(&results[1]) && no_space(&results[2]), "{results:?}");
        assert_eq!((log.end(), log.size_bytes()), (Offset(1), size));
        assert_eq!(length(&folder) == size, !cut_fails, "what was written of it is cut");
        assert!(no_space(&append(&mut log, batch(1, 10, 0))));
        assert!(dir.device().is_low());
        faults.unlimited();
        faults.fail_cut.store(false, Ordering::Relaxed);
        assert!(!dir.device().check_space(1000, 0).expect("works").low);
        // not a duplicate and not out of order: the failed append left no trace
        let again = append(&mut log, idempotent(7, 0, 1, 1)).expect("appends");
        assert_eq!((again.base_offset, again.duplicate), (Offset(1), false));
        assert_eq!(length(&folder), log.size_bytes());
        assert_eq!(batches_from(&mut log, 0).len(), 2);
    }
}

#[test]
fn the_reserve_is_for_the_broker() {
    let folder = Folder::new();
    let (dir, mut log, faults) = open(&folder);
    let state = dir.device().check_space(1000, 4096).expect("works");
    assert!(!state.low && state.ballast);
    faults.limit(900);
    assert!(dir.device().check_space(1000, 4096).expect("works").low);
    assert!(no_space(&append(&mut log, batch(1, 10, 0))));
    let own = log.append(now(0), LeaderEpoch(0), Origin::Broker, &[batch(1, 10, 0)]);
    assert!(own[0].is_ok());
    assert!(dir.device().drop_ballast());
    assert!(!dir.device().drop_ballast());
}

#[test]
fn a_full_disk_at_a_roll_or_a_creation() {
    let folder = Folder::new();
    let (dir, mut log, faults) = open(&folder);
    for _ in 0..20 {
        append(&mut log, batch(1, 100, 0)).expect("appends");
    }
    faults.limit(0);
    let made = dir.create_log(&name(1), topic(), Arc::new(small()), now(0));
    assert!(matches!(made, Err(StorageError::NoSpace { .. })));
    assert!(!folder.0.join("events-1").exists());
    faults.unlimited();
    dir.device().check_space(0, 0).expect("works");
    let before = log.segment_count();
    faults.limit(10);
    assert!(matches!(log.roll(now(0)), Err(StorageError::NoSpace { .. })));
    faults.unlimited();
    dir.device().check_space(0, 0).expect("works");
    log.roll(now(0)).expect("rolls");
    assert_eq!(log.segment_count(), before + 1);
    append(&mut log, batch(1, 100, 0)).expect("appends");
    assert_eq!(batches_from(&mut log, 0).len(), 21);
}

#[test]
fn a_failed_sync_takes_the_directory_offline_and_is_not_tried_again() {
    let folder = Folder::new();
    let (dir, mut log, faults) = open(&folder);
    append(&mut log, batch(1, 10, 0)).expect("appends");
    let work = log.begin_flush(FlushDepth::Log).expect("works").expect("something");
    faults.fail_sync.store(true, Ordering::Relaxed);
    let flushed = work.run();
    faults.fail_sync.store(false, Ordering::Relaxed);
    let syncs = faults.syncs.load(Ordering::Relaxed);
    assert!(log.flushed(&flushed).is_err());
    assert_eq!((log.durable_end(), log.recovery_point()), (Offset(0), Offset(0)));
    assert!(dir.device().failure().is_some());
    let error = append(&mut log, batch(1, 10, 0)).expect_err("offline");
    assert!(matches!(error, AppendError::Storage(StorageError::Offline { .. })));
    assert!(log.begin_flush(FlushDepth::Log).is_err());
    assert!(dir.device().mark_clean_shutdown(None).is_err());
    assert_eq!(faults.syncs.load(Ordering::Relaxed), syncs);
}

#[test]
fn durable_and_recovery_points_move_apart() {
    let folder = Folder::new();
    let (dir, mut log, _) = open(&folder);
    append(&mut log, batch(2, 10, 0)).expect("appends");
    let round = log.begin_flush(FlushDepth::Log).expect("works").expect("something");
    append(&mut log, batch(2, 10, 0)).expect("appends");
    assert!(log.begin_flush(FlushDepth::Log).expect("works").is_none(), "one round at a time");
    log.flushed(&round.run()).expect("synced");
    assert_eq!((log.durable_end(), log.recovery_point(), log.end()), (Offset(2), Offset(0), Offset(4)));
    let bytes = log.size_bytes();
    assert_eq!(dir.device().unflushed_bytes(), bytes);
    let round = log.begin_flush(FlushDepth::RecoveryPoint).expect("works").expect("something");
    append(&mut log, batch(2, 10, 0)).expect("appends");
    assert!(log.flushed(&round.run()).expect("synced"));
    assert_eq!((log.durable_end(), log.recovery_point(), log.end()), (Offset(4), Offset(4), Offset(6)));
    assert_eq!(log.unflushed_bytes(), log.size_bytes() - bytes);
    // a truncation meanwhile: the round says nothing of the log as it is now
    let round = log.begin_flush(FlushDepth::RecoveryPoint).expect("works").expect("something");
    log.truncate_to(Offset(2), now(0)).expect("truncates").run();
    append(&mut log, batch(2, 10, 0)).expect("appends");
    assert!(!log.flushed(&round.run()).expect("synced"));
    assert_eq!((log.durable_end(), log.recovery_point(), log.end()), (Offset(2), Offset(2), Offset(4)));
    flush(&mut log);
    assert_eq!((log.recovery_point(), dir.device().unflushed_bytes()), (Offset(4), 0));
    assert!(log.begin_flush(FlushDepth::RecoveryPoint).expect("works").is_none());
    drop(log);
    assert_eq!(dir.device().unflushed_bytes(), 0);
}

/// One round over `count` logs, each with a log file and a new `partition.metadata`.
fn round(count: i32, fails: bool) -> (Vec<Log>, Vec<klamm_storage::Flushed>, Arc<Faults>, LogDir, Folder) {
    let folder = Folder::new();
    let (dir, log, faults) = open(&folder);
    let mut logs = vec![log];
    for partition in 1..count {
        logs.push(dir.create_log(&name(partition), topic(), Arc::new(small()), now(0)).expect("created"));
    }
    for log in &mut logs {
        append(log, batch(1, 10, 0)).expect("appends");
    }
    let begin = |log: &mut Log| log.begin_flush(FlushDepth::Log).expect("works").expect("something");
    let work = logs.iter_mut().map(begin).collect();
    faults.fail_sync.store(fails, Ordering::Relaxed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let done =
        runtime.block_on(async { klamm_storage::flush_round(&klamm_world::real::world(), work).await });
    (logs, done, faults, dir, folder)
}

#[test]
fn rounds_sync_files_side_by_side_or_the_file_system() {
    for (count, files, file_systems) in [(20, 40, 0), (150, 0, 1)] {
        let (mut logs, done, faults, _dir, _folder) = round(count, false);
        for (log, flushed) in logs.iter_mut().zip(&done) {
            log.flushed(flushed).expect("synced");
            assert_eq!(log.durable_end(), Offset(1));
        }
        assert_eq!(faults.syncs.load(Ordering::Relaxed), files);
        assert_eq!(faults.file_system_syncs.load(Ordering::Relaxed), file_systems);
    }
}

#[test]
fn a_round_that_fails_makes_nothing_durable() {
    for count in [3, 150] {
        let (mut logs, done, faults, dir, _folder) = round(count, true);
        assert!(dir.device().failure().is_some());
        for (log, flushed) in logs.iter_mut().zip(&done) {
            assert!(log.flushed(flushed).is_err());
            assert_eq!(log.durable_end(), Offset(0));
        }
        let tried = faults.syncs.load(Ordering::Relaxed) + faults.file_system_syncs.load(Ordering::Relaxed);
        assert!(tried <= 8, "syncs that were on their way fail too, and then none is tried: {tried}");
    }
}
