//! Appends and reads on the real disk.
#![allow(missing_docs)]

mod common;

use common::*;
use klamm_records::{Batches, TimestampType};
use klamm_storage::{AppendError, CleanupPolicy, Limit, Log, LogConfig, LogDir, Origin, ReadError};
use klamm_types::{LeaderEpoch, Offset, Uuid, Wall};
use std::sync::Arc;

fn open(folder: &Folder, config: LogConfig) -> (LogDir, Log) {
    let disk = real_disk();
    format(disk.as_ref(), &folder.0);
    let dir = LogDir::open(disk, &folder.0).expect("formatted");
    let log = dir.create_log(&name(0), topic(), Arc::new(config), now(0)).expect("created");
    (dir, log)
}

#[test]
fn reads_the_batch_that_contains_the_offset() {
    let folder = Folder::new();
    let (_dir, mut log) = open(&folder, small());
    for index in 0..200 {
        let appended = append(&mut log, batch(5, 20, 10 * index)).expect("appends");
        assert_eq!(appended.base_offset, Offset(5 * index));
    }
    assert!(log.segment_count() > 5, "{log:?}");
    for offset in 0..1000 {
        let fetched = log.read(Offset(offset), Limit::HighWatermark, 1, true).expect("in range");
        let first = fetched.first.expect("below the high watermark");
        assert_eq!(first.base_offset.0, offset - offset % 5);
        assert_eq!(fetched.records.expect("some").length, first.size_bytes, "the first batch is whole");
    }
    let nothing = log.read(Offset(0), Limit::HighWatermark, 1, false).expect("in range");
    assert!(nothing.records.is_none(), "the first batch does not fit");
    let all: Vec<_> = (0..200).map(|index| (5 * index, 0)).collect();
    assert_eq!(batches_from(&mut log, 0), all);
}

#[test]
fn limits_and_ranges() {
    let folder = Folder::new();
    let (_dir, mut log) = open(&folder, small());
    for _ in 0..100 {
        append(&mut log, batch(2, 20, 0)).expect("appends");
    }
    // the mark is found by an index, by the tail, and by the end
    for watermark in [0, 2, 80, 198, 200] {
        log.set_high_watermark(Offset(watermark));
        for offset in 0..=200 {
            let mut next = Offset(offset);
            while let Some(slice) =
                log.read(next, Limit::HighWatermark, u32::MAX, true).expect("in range").records
            {
                let mut bytes = vec![0; slice.length as usize];
                slice.file.read_at(&mut bytes, slice.position).expect("reads");
                let last = Batches::new(bytes.into()).last().expect("one at least").expect("whole");
                next = last.header().next_offset();
            }
            assert_eq!(next.0, offset.max(watermark), "{offset} {watermark}");
        }
    }
    let out_of_range = |offset| ReadError::OutOfRange { offset, start: Offset(0), end: Offset(200) };
    for offset in [Offset(-1), Offset(201)] {
        let error = log.read(offset, Limit::End, 1, true).expect_err("out of range");
        assert_eq!(error, out_of_range(offset));
    }
}

#[test]
fn one_drain_rolls_and_recognises_duplicates() {
    let folder = Folder::new();
    let (_dir, mut log) = open(&folder, small());
    let mut batches: Vec<_> = (0..60).map(|index| idempotent(7, 0, 3 * index, 3)).collect();
    batches.push(idempotent(7, 0, 3 * 58, 3)); // sent again
    batches.push(idempotent(7, 0, 999, 3)); // out of order
    batches.push(batch(1, 10, 0));
    let results = log.append(now(0), LeaderEpoch(4), Origin::Client, &batches);
    for (index, result) in results[..60].iter().enumerate() {
        assert_eq!(result.as_ref().map(|appended| appended.base_offset), Ok(Offset(3 * index as i64)));
    }
    let again = results[60].as_ref().expect("a duplicate");
    assert_eq!((again.base_offset, again.last_offset, again.duplicate), (Offset(174), Offset(176), true));
    assert!(matches!(results[61], Err(AppendError::Producer(_))));
    assert_eq!(results[62].as_ref().map(|appended| appended.base_offset), Ok(Offset(180)));
    assert!(log.segment_count() > 2);
    assert_eq!(batches_from(&mut log, 0).len(), 61);
    assert_eq!(log.end_of_epoch(LeaderEpoch(4)).map(|end| end.end), Some(Offset(181)));
    let stale = AppendError::StaleEpoch { epoch: LeaderEpoch(3), latest: LeaderEpoch(4) };
    assert_eq!(append_in(&mut log, 3, batch(1, 1, 0)), Err(stale));
}

#[test]
fn refusals() {
    let folder = Folder::new();
    let compact = CleanupPolicy { delete: false, compact: true };
    let config = LogConfig { max_message_bytes: 3000, message_timestamp_before_max_ms: 1000, ..small() };
    let (dir, mut log) = open(&folder, config.clone());
    assert!(matches!(append(&mut log, batch(1, 3000, 0)), Err(AppendError::TooLarge { max: 3000, .. })));
    let error = append(&mut log, batch(1, 10, -1001)).expect_err("too old");
    assert!(matches!(error, AppendError::Timestamp { side: "before", .. }));
    let error = append(&mut log, batch(1, 10, 3_600_001)).expect_err("too far ahead");
    assert!(matches!(error, AppendError::Timestamp { side: "after", .. }));
    log.set_config(Arc::new(LogConfig { max_message_bytes: 1 << 20, ..config }));
    assert!(matches!(append(&mut log, batch(1, 5000, 0)), Err(AppendError::LargerThanSegment { .. })));
    let config = Arc::new(LogConfig { cleanup_policy: compact, ..small() });
    let mut compacted = dir.create_log(&name(1), topic(), config, now(0)).expect("created");
    assert!(append(&mut compacted, batch(1, 10, 0)).is_ok());
    let mut keyless = klamm_records::BatchBuilder::new(Offset(0), klamm_records::Compression::Gzip);
    keyless.push(Wall(T0), None, Some(b"v"), &[]);
    let keyless = klamm_records::ValidatedBatch::own(keyless.build());
    assert!(matches!(append(&mut compacted, keyless), Err(AppendError::Invalid(_))));
    assert_eq!((log.end(), compacted.end()), (Offset(0), Offset(1)));
}

#[test]
fn log_append_time_gives_all_records_the_leaders_time() {
    let folder = Folder::new();
    let config = LogConfig { message_timestamp_type: TimestampType::LogAppendTime, ..small() };
    let (_dir, mut log) = open(&folder, config);
    let appended = log.append(now(500), LeaderEpoch(0), Origin::Client, &[batch(2, 10, -9999)]).remove(0);
    assert_eq!(appended.expect("appends").append_time, Some(Wall(T0 + 500)));
    assert_eq!(batches_from(&mut log, 0), [(0, 0)]); // checks the CRC too
    let found = log.offset_for_timestamp(Wall(T0 + 400)).expect("reads").expect("found");
    assert_eq!((found.offset, found.timestamp), (Offset(0), Wall(T0 + 500)));
}

#[test]
fn offsets_by_timestamp() {
    let folder = Folder::new();
    let (_dir, mut log) = open(&folder, small());
    for index in 0..300 {
        // three records a millisecond apart; every tenth batch is late
        let ms = if index % 10 == 9 { 10 * index - 500 } else { 10 * index };
        append(&mut log, batch(3, 20, ms)).expect("appends");
    }
    let check = |log: &mut Log, ms: i64| {
        let want = (0..900).find(|offset| record_time(*offset) >= ms);
        let found = log.offset_for_timestamp(Wall(T0 + ms)).expect("reads");
        assert_eq!(found.map(|found| found.offset.0), want, "{ms}");
    };
    for ms in (-600..3100).step_by(7) {
        check(&mut log, ms);
    }
    let max = log.offset_of_max_timestamp().expect("reads").expect("found");
    assert_eq!((max.offset.0, max.timestamp.0 - T0), (896, 2982));
}

fn record_time(offset: i64) -> i64 {
    let (index, record) = (offset / 3, offset % 3);
    record + if index % 10 == 9 { 10 * index - 500 } else { 10 * index }
}

#[test]
fn readers_keep_a_deleted_segment() {
    let folder = Folder::new();
    let (_dir, mut log) = open(&folder, LogConfig { retention_bytes: 0, ..small() });
    for _ in 0..100 {
        append(&mut log, batch(2, 20, 0)).expect("appends");
    }
    let slice = log.read(Offset(0), Limit::End, 500, true).expect("in range").records.expect("some");
    let removal = log.retain(now(0)).expect("retains");
    assert!(!removal.is_empty());
    removal.run();
    assert_eq!((log.start(), log.segment_count(), log.size_bytes()), (Offset(200), 1, 0));
    let mut bytes = vec![0; slice.length as usize];
    assert_eq!(slice.file.read_at(&mut bytes, slice.position).expect("reads"), bytes.len());
    assert!(matches!(log.read(Offset(0), Limit::End, 500, true), Err(ReadError::OutOfRange { .. })));
    assert_eq!(append(&mut log, batch(1, 1, 0)).map(|appended| appended.base_offset), Ok(Offset(200)));
}

#[test]
fn deleted_records_and_partitions() {
    let folder = Folder::new();
    let (dir, mut log) = open(&folder, small());
    for _ in 0..100 {
        append(&mut log, batch(2, 20, 0)).expect("appends");
    }
    assert_eq!(log.delete_records(Offset(101)), Ok(Offset(101)));
    assert!(log.delete_records(Offset(201)).is_err());
    assert!(log.read(Offset(100), Limit::End, 500, true).is_err());
    let first = log.read(Offset(101), Limit::End, 500, true).expect("in range").first.expect("some");
    assert_eq!(first.base_offset, Offset(100));
    let before = log.segment_count();
    log.retain(now(0)).expect("retains").run();
    assert!(log.segment_count() < before);
    assert_eq!(log.start(), Offset(101));
    dir.delete_log(log, Uuid([3; 16])).expect("renames").run();
    assert!(!folder.0.join("events-0").exists());
}
