//! A follower's log: batches come with the leader's offsets and epochs, sometimes with gaps that compaction left.
#![allow(missing_docs)]

mod common;

use common::*;
use klamm_records::InvalidBatch;
use klamm_storage::{AppendError, Limit, Log, LogDir};
use klamm_types::{Bytes, LeaderEpoch, Offset};
use std::sync::Arc;

fn open(folder: &Folder) -> (LogDir, Log) {
    format(real_disk().as_ref(), &folder.0);
    let dir = LogDir::open(real_disk(), &folder.0).expect("formatted");
    let log = dir.create_log(&name(0), topic(), Arc::new(small()), now(0)).expect("created");
    (dir, log)
}

/// What a leader sends: batches of two records at these offsets, in these epochs.
fn sent(batches: &[(i64, i32)]) -> Vec<u8> {
    let bytes = batches.iter().flat_map(|(base, epoch)| {
        let batch = builder(2, 30, *base).build();
        let mut header = *batch.header();
        (header.base_offset, header.leader_epoch) = (Offset(*base), LeaderEpoch(*epoch));
        [&header.to_bytes()[..], &batch.body()].concat()
    });
    bytes.collect()
}

fn append(log: &mut Log, bytes: Vec<u8>) -> Result<Offset, AppendError> {
    log.append_fetched(now(0), &Bytes::from(bytes))
}

#[test]
fn offsets_and_epochs_are_the_leaders() {
    let folder = Folder::new();
    let (_dir, mut log) = open(&folder);
    let batches: Vec<(i64, i32)> = (0..100).map(|index| (10 * index, (index / 30) as i32)).collect();
    for some in batches.chunks(7) {
        assert_eq!(append(&mut log, sent(some)).ok(), some.last().map(|(base, _)| Offset(base + 2)));
    }
    assert!(log.segment_count() > 2);
    assert_eq!(batches_from(&mut log, 0), batches);
    assert_eq!(log.end_of_epoch(LeaderEpoch(1)).map(|end| end.end), Some(Offset(600)));
    for offset in 0..=991 {
        let first = log.read(Offset(offset), Limit::End, 1, true).expect("in range").first.expect("some");
        assert_eq!(first.base_offset.0, (offset + 8) / 10 * 10, "the batch with {offset}, or the next");
    }
    log.truncate_to(Offset(605), now(0)).expect("truncates").run();
    assert_eq!(log.end(), Offset(605));
    assert_eq!(append(&mut log, sent(&[(605, 5)])), Ok(Offset(607)));
    assert_eq!(batches_from(&mut log, 590), [(590, 1), (600, 2), (605, 5)]);
}

#[test]
fn an_epoch_without_records_is_cut_too() {
    let folder = Folder::new();
    let (_dir, mut log) = open(&folder);
    assert_eq!(append(&mut log, sent(&[(0, 3)])), Ok(Offset(2)));
    log.assign_epoch(LeaderEpoch(4)); // it led and wrote nothing
    log.truncate_to(Offset(2), now(0)).expect("truncates").run();
    assert_eq!(log.latest_epoch().map(|latest| latest.epoch), Some(LeaderEpoch(3)));
    assert_eq!(log.end(), Offset(2));
}

#[test]
fn what_does_not_continue_the_log_is_refused() {
    let folder = Folder::new();
    let (_dir, mut log) = open(&folder);
    let mut cut = sent(&[(0, 3), (2, 3), (4, 3)]);
    cut.truncate(cut.len() - 1);
    assert_eq!(append(&mut log, cut), Ok(Offset(4)), "a batch that is cut comes again");
    let not_next = |base, end| Err(AppendError::NotNext { base: Offset(base), end: Offset(end) });
    assert_eq!(append(&mut log, sent(&[(3, 3)])), not_next(3, 4));
    assert_eq!(append(&mut log, sent(&[(4, 3), (5, 3)])), not_next(5, 6), "the first of them is in the log");
    assert_eq!(log.end(), Offset(6));
    let stale = AppendError::StaleEpoch { epoch: LeaderEpoch(2), latest: LeaderEpoch(3) };
    assert_eq!(append(&mut log, sent(&[(6, 2)])), Err(stale));
    let mut flipped = sent(&[(6, 3)]);
    flipped[70] ^= 1;
    assert_eq!(append(&mut log, flipped), Err(AppendError::Invalid(InvalidBatch::Crc)));
    assert_eq!(batches_from(&mut log, 0), [(0, 3), (2, 3), (4, 3)]);
}
