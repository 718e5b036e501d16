//! What is there after a restart: clean, after a kill, and with a damaged tail.
#![allow(missing_docs)]

mod common;

use common::{faults::*, *};
use klamm_storage::{Checkpoint, Limit, Log, LogConfig, LogDir, OpenError};
use klamm_types::{LeaderEpoch, Offset, ProducerId};
use klamm_world::Disk;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, sync::atomic::Ordering};

/// A broker with one log, that can be killed and started again.
struct Broker {
    folder: Folder,
    config: Arc<LogConfig>,
    faults: Arc<Faults>,
}

impl Broker {
    fn new(config: LogConfig) -> (Self, LogDir, Log) {
        let folder = Folder::new();
        format(real_disk().as_ref(), &folder.0);
        let broker = Self { folder, config: Arc::new(config), faults: Arc::default() };
        let dir = LogDir::open(broker.disk(), &broker.folder.0).expect("formatted");
        let log = dir.create_log(&name(0), topic(), broker.config.clone(), now(0)).expect("created");
        (broker, dir, log)
    }

    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(FaultyDisk { inner: real_disk(), faults: self.faults.clone() })
    }

    fn start(&self) -> (LogDir, Log) {
        let dir = LogDir::open(self.disk(), &self.folder.0).expect("formatted");
        let mut log = dir.open_log(&name(0), self.config.clone(), now(0)).expect("opens");
        log.set_high_watermark(log.end());
        (dir, log)
    }

    /// Flushes, and writes the checkpoint of the recovery points.
    fn flush(&self, log: &mut Log) {
        flush(log);
        let points = BTreeMap::from([(name(0), log.recovery_point())]);
        log.device().write_checkpoint(Checkpoint::RecoveryPoints, &points).expect("writes");
    }

    fn stop(&self, dir: LogDir, mut log: Log) {
        self.flush(&mut log);
        log.device().mark_clean_shutdown(None).expect("writes");
        drop((dir, log));
    }

    fn restart(&self, dir: LogDir, log: Log, clean: bool) -> (LogDir, Log) {
        if clean {
            self.stop(dir, log);
        } else {
            drop((dir, log));
        }
        let (dir, log) = self.start();
        assert_eq!(dir.was_clean(), clean);
        (dir, log)
    }

    fn newest(&self, suffix: &str) -> PathBuf {
        let entries = fs::read_dir(self.folder.0.join("events-0")).expect("there");
        let paths = entries.map(|entry| entry.expect("readable").path());
        paths.filter(|path| path.to_string_lossy().ends_with(suffix)).max().expect("one at least")
    }
}

fn fill(log: &mut Log, batches: i64) {
    let first = log.latest_epoch().map_or(0, |latest| latest.epoch.0);
    for index in 0..batches {
        append_in(log, first + (index / 50) as i32, batch(2, 20, 10 * index)).expect("appends");
    }
}

#[test]
fn everything_is_there_after_a_stop_and_after_a_kill() {
    for (clean, flushed) in [(true, false), (false, true), (false, false)] {
        let (broker, dir, mut log) = Broker::new(small());
        fill(&mut log, 200);
        if flushed {
            broker.flush(&mut log);
            fill(&mut log, 100);
        }
        let before = batches_from(&mut log, 0);
        let (segments, epochs) = (log.segment_count(), log.latest_epoch());
        let (dir, mut log) = broker.restart(dir, log, clean);
        assert_eq!(batches_from(&mut log, 0), before);
        assert_eq!(
            (log.segment_count(), log.latest_epoch(), log.topic_id()),
            (segments, epochs, Some(topic()))
        );
        let at = log.end();
        assert_eq!(append(&mut log, batch(1, 1, 0)).map(|appended| appended.base_offset), Ok(at));
        let before = batches_from(&mut log, 0);
        let (_dir, mut log) = broker.restart(dir, log, !clean);
        assert_eq!(batches_from(&mut log, 0), before);
    }
}

#[test]
fn a_log_that_was_not_flushed_is_recovered_whatever_the_mark_says() {
    let (broker, dir, mut log) = Broker::new(small());
    fill(&mut log, 100);
    broker.flush(&mut log);
    fill(&mut log, 100);
    let (before, epoch) = (batches_from(&mut log, 0), log.latest_epoch());
    log.device().mark_clean_shutdown(None).expect("writes");
    drop((dir, log));
    let (dir, mut log) = broker.start();
    assert!(dir.was_clean());
    assert_eq!((batches_from(&mut log, 0), log.latest_epoch()), (before, epoch));
    assert_eq!(log.recovery_point(), Offset(200));
}

#[test]
fn lookups_are_right_after_recovery() {
    let (broker, dir, mut log) = Broker::new(small());
    fill(&mut log, 150);
    broker.flush(&mut log);
    fill(&mut log, 150);
    let (_dir, mut log) = broker.restart(dir, log, false);
    for offset in 0..600 {
        let first = log.read(Offset(offset), Limit::End, 1, true).expect("in range").first.expect("some");
        assert_eq!(first.base_offset.0, offset - offset % 2);
    }
    let found = log.offset_of_max_timestamp().expect("reads").expect("found");
    assert_eq!(found.offset, Offset(299), "the first of two with the greatest timestamp");
}

#[test]
fn only_what_is_beyond_the_recovery_point_is_read() {
    let (broker, dir, mut log) = Broker::new(LogConfig::default());
    for index in 0..1000 {
        append(&mut log, batch(10, 500, index)).expect("appends");
    }
    broker.flush(&mut log);
    append(&mut log, batch(10, 500, 0)).expect("appends");
    drop((dir, log));
    broker.faults.operations.store(0, Ordering::Relaxed);
    let (_dir, log) = broker.start();
    let operations = broker.faults.operations.load(Ordering::Relaxed);
    assert!(operations < 40, "{operations} operations for a log of 5 MB, flushed but for one batch");
    assert_eq!(log.end(), Offset(10_010));
}

#[test]
fn a_damaged_tail_is_cut_wherever_it_is_damaged() {
    let (broker, dir, mut log) = Broker::new(LogConfig::default());
    fill(&mut log, 20);
    broker.flush(&mut log);
    let keep = log.size_bytes() as usize;
    fill(&mut log, 3);
    drop((dir, log));
    let path = broker.newest(".log");
    let good = fs::read(&path).expect("reads");
    let size = (good.len() - keep) / 3;
    let check = |bytes: Vec<u8>, want: usize, what: &str| {
        fs::write(&path, bytes).expect("writes");
        let (dir, mut log) = broker.start();
        assert_eq!(log.end(), Offset(40 + 2 * want as i64), "{what}");
        assert_eq!(fs::metadata(&path).expect("there").len(), log.size_bytes(), "{what}");
        assert!(append(&mut log, batch(1, 1, 0)).is_ok());
        assert_eq!(batches_from(&mut log, 0).len(), 20 + want + 1);
        drop((dir, log));
    };
    for at in keep..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        let (batch, at) = ((at - keep) / size, (at - keep) % size);
        if (12..16).contains(&at) || at == 3 {
            continue; // the leader epoch and the offset are not in the CRC; a much greater offset looks like a gap
        }
        let offset_grew = at < 8;
        if !offset_grew {
            check(bytes, batch, &format!("flipped {at} of batch {batch}"));
        }
    }
    for cut in keep..good.len() {
        check(good[..cut].to_vec(), (cut - keep) / size, &format!("cut at {cut}"));
    }
    check([&good[..], &[0; 5000]].concat(), 3, "zeros at the end");
    check([&good[..keep + size], &[0; 5000]].concat(), 1, "zeros instead");
}

#[test]
fn segments_after_a_damaged_one_go() {
    let (broker, dir, mut log) = Broker::new(small());
    fill(&mut log, 200);
    let segments = log.segment_count();
    drop((dir, log));
    let first = broker.folder.0.join("events-0/00000000000000000000.log");
    let mut bytes = fs::read(&first).expect("reads");
    let at = bytes.len() - 1;
    bytes[at] ^= 1;
    fs::write(&first, bytes).expect("writes");
    let (_dir, mut log) = broker.start();
    assert!(segments > 3 && log.segment_count() == 1);
    let left = batches_from(&mut log, 0).len();
    assert_eq!(log.end(), Offset(2 * left as i64));
    assert!(log.latest_epoch().is_some_and(|latest| latest.start < log.end()));
}

#[test]
fn duplicates_are_recognised_after_a_restart() {
    for clean in [true, false] {
        let (broker, dir, mut log) = Broker::new(LogConfig::default());
        for sequence in 0..3 {
            append(&mut log, idempotent(7, 0, sequence, 1)).expect("appends");
        }
        broker.flush(&mut log);
        for sequence in 3..5 {
            append(&mut log, idempotent(7, 0, sequence, 1)).expect("appends");
        }
        let (_dir, mut log) = broker.restart(dir, log, clean);
        for sequence in 0..5 {
            let appended = append(&mut log, idempotent(7, 0, sequence, 1)).expect("a duplicate");
            assert_eq!(
                (appended.base_offset, appended.duplicate),
                (Offset(sequence.into()), true),
                "clean: {clean}"
            );
        }
        assert!(append(&mut log, idempotent(7, 0, 7, 1)).is_err());
        assert!(append(&mut log, idempotent(7, 0, 5, 1)).is_ok());
    }
}

#[test]
fn truncation_takes_producers_and_epochs_along() {
    let (broker, dir, mut log) = Broker::new(LogConfig::default());
    for sequence in 0..6 {
        append_in(&mut log, sequence, idempotent(7, 0, sequence, 1)).expect("appends");
        if sequence == 1 || sequence == 4 {
            broker.flush(&mut log);
        }
    }
    log.truncate_to(Offset(3), now(0)).expect("truncates").run();
    assert_eq!((log.end(), log.high_watermark(), log.recovery_point()), (Offset(3), Offset(3), Offset(3)));
    assert_eq!(log.latest_epoch().map(|latest| latest.epoch), Some(LeaderEpoch(2)));
    assert!(append_in(&mut log, 9, idempotent(7, 0, 3, 1)).is_ok_and(|appended| !appended.duplicate));
    let (_dir, mut log) = broker.restart(dir, log, false);
    assert_eq!(batches_from(&mut log, 0), [(0, 0), (1, 1), (2, 2), (3, 9)]);
    assert_eq!(
        log.end_of_epoch(LeaderEpoch(4)).map(|end| (end.epoch, end.end)),
        Some((LeaderEpoch(2), Offset(3)))
    );
    assert_eq!(log.producer(ProducerId(7)).map(|entry| entry.batches.len()), Some(4));
}

#[test]
fn what_is_missing_or_damaged_beside_the_log_is_made_anew() {
    for suffix in [".index", ".timeindex", ".snapshot", "leader-epoch-checkpoint"] {
        for damage in [None, Some(&b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..]), Some(b"")] {
            let (broker, dir, mut log) = Broker::new(small());
            fill(&mut log, 150);
            append_in(&mut log, 7, idempotent(7, 0, 0, 1)).expect("appends");
            let (before, epochs) = (batches_from(&mut log, 0), log.latest_epoch());
            broker.stop(dir, log);
            let path = broker.newest(suffix);
            match damage {
                None => fs::remove_file(&path).expect("there"),
                Some(bytes) => fs::write(&path, bytes).expect("writes"),
            }
            let (_dir, mut log) = broker.start();
            assert_eq!(batches_from(&mut log, 0), before, "{suffix} {damage:?}");
            assert_eq!(log.latest_epoch(), epochs, "{suffix} {damage:?}");
            let again = append(&mut log, idempotent(7, 0, 0, 1)).expect("a duplicate");
            assert!(again.duplicate, "{suffix} {damage:?}");
            for offset in 0..300 {
                let first =
                    log.read(Offset(offset), Limit::End, 1, true).expect("in range").first.expect("some");
                assert_eq!(first.base_offset.0, offset - offset % 2, "{suffix} {damage:?}");
            }
        }
    }
}

#[test]
fn checkpoints_are_read_back() {
    let (broker, dir, mut log) = Broker::new(small());
    fill(&mut log, 100);
    log.set_high_watermark(Offset(120));
    log.delete_records(Offset(50)).expect("below the high watermark");
    let device = dir.device().clone();
    let write =
        |checkpoint, offset| device.write_checkpoint(checkpoint, &BTreeMap::from([(name(0), offset)]));
    write(Checkpoint::LogStarts, log.start()).expect("writes");
    write(Checkpoint::HighWatermarks, log.high_watermark()).expect("writes");
    drop((dir, log));
    let dir = LogDir::open(broker.disk(), &broker.folder.0).expect("formatted");
    assert_eq!(dir.partitions(), [name(0)]);
    let log = dir.open_log(&name(0), broker.config.clone(), now(0)).expect("opens");
    assert_eq!((log.start(), log.high_watermark(), log.end()), (Offset(50), Offset(120), Offset(200)));
}

#[test]
fn a_directory_is_one_process_s() {
    let folder = Folder::new();
    assert!(matches!(LogDir::open(real_disk(), &folder.0), Err(OpenError::NotFormatted(_))));
    format(real_disk().as_ref(), &folder.0);
    let first = LogDir::open(real_disk(), &folder.0).expect("formatted");
    assert!(matches!(LogDir::open(real_disk(), &folder.0), Err(OpenError::InUse(_))));
    drop(first);
    assert!(LogDir::open(real_disk(), &folder.0).is_ok());
}

#[test]
fn leftovers_go() {
    let (broker, dir, mut log) = Broker::new(LogConfig { retention_bytes: 0, ..small() });
    fill(&mut log, 100);
    let removal = log.retain(now(0)).expect("retains");
    assert!(!removal.is_empty());
    drop(removal); // the broker was killed before
    drop((dir, log));
    let (dir, log) = broker.start();
    let names =
        fs::read_dir(log.directory()).expect("there").map(|entry| entry.expect("readable").file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().ends_with(".deleted")).count(), 0);
    assert_eq!(log.start(), Offset(200));
    drop(dir.delete_log(log, klamm_types::Uuid([9; 16])).expect("renames"));
    drop(dir);
    let dir = LogDir::open(broker.disk(), &broker.folder.0).expect("formatted");
    assert!(dir.partitions().is_empty());
    assert!(!dir.leftovers().is_empty());
}

#[test]
fn a_recovery_point_from_elsewhere_bounds_what_is_read() {
    let (broker, dir, mut log) = Broker::new(small());
    for _ in 0..5 {
        append(&mut log, batch(1, 100, 1)).expect("appends");
    }
    flush(&mut log);
    let (flushed, end) = (log.recovery_point(), log.end().plus(1));
    append(&mut log, batch(1, 100, 2)).expect("appends");
    drop((dir, log));
    // below the point nothing is looked at, so nobody sees this
    let file = broker.newest(".log");
    let mut bytes = fs::read(&file).expect("there");
    bytes[80] ^= 1;
    fs::write(&file, bytes).expect("writes");

    let dir = LogDir::open(broker.disk(), &broker.folder.0).expect("formatted");
    let log = dir.open_log_from(&name(0), broker.config.clone(), now(0), Some(flushed)).expect("opens");
    assert_eq!((log.recovery_point(), log.end()), (flushed, end));
    drop(log);
    let log = dir.open_log(&name(0), broker.config.clone(), now(0)).expect("opens");
    assert_eq!(log.end(), Offset(0), "without it the whole log is read, and cut at the damage");
}

#[test]
fn a_closed_directory_can_be_opened_again_and_takes_nothing_more() {
    let (folder, config) = (Folder::new(), Arc::new(small()));
    format(real_disk().as_ref(), &folder.0);
    let dir = LogDir::open(real_disk(), &folder.0).expect("formatted");
    let mut log = dir.create_log(&name(0), topic(), config.clone(), now(0)).expect("created");
    append(&mut log, batch(1, 100, 1)).expect("appends");
    assert!(matches!(LogDir::open(real_disk(), &folder.0), Err(OpenError::InUse(_))));
    dir.device().close();
    assert!(append(&mut log, batch(1, 100, 2)).is_err());
    let again = LogDir::open(real_disk(), &folder.0).expect("it is free");
    assert_eq!(again.open_log(&name(0), config, now(0)).expect("opens").end(), Offset(1));
}
