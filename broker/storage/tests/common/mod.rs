//! A directory of the real disk for one test, and what the tests need to fill it.
#![allow(dead_code, missing_docs, clippy::unwrap_used)] // each test file uses some of it

pub mod faults;
pub mod memory;

use klamm_records::{BatchBuilder, Compression, Producer, ValidatedBatch};
use klamm_storage::{AppendError, Appended, FlushDepth, Log, LogConfig, LogDir, MetaProperties, Origin};
use klamm_types::{
    BrokerId, DirectoryId, LeaderEpoch, Mono, Now, Offset, PartitionIndex, ProducerEpoch, ProducerId,
    Sequence, TopicId, TopicPartition, Uuid, Wall,
};
use klamm_world::Disk;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

pub const T0: i64 = 1_700_000_000_000;

/// A folder that goes when the test ends.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("klamm-storage-{}-{unique}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn real_disk() -> Arc<dyn Disk> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { klamm_world::real::world().disk })
}

pub fn now(ms: i64) -> Now {
    Now { mono: Mono(ms as u64 * 1_000_000), wall: Wall(T0 + ms) }
}

pub fn name(partition: i32) -> TopicPartition {
    TopicPartition { topic: "events".into(), partition: PartitionIndex(partition) }
}

pub fn topic() -> TopicId {
    TopicId(Uuid([5; 16]))
}

pub fn format(disk: &dyn Disk, path: &std::path::Path) {
    let meta = MetaProperties {
        cluster_id: "MkU3OEVBNTcwNTJENDM2Qg".into(),
        node_id: BrokerId(1),
        directory_id: DirectoryId(Uuid([1; 16])),
    };
    LogDir::format(disk, path, &meta).unwrap();
}

pub fn small() -> LogConfig {
    LogConfig { segment_bytes: 4096, index_interval_bytes: 256, ..LogConfig::default() }
}

/// A batch of `records` records of about `bytes` bytes, at millisecond `ms`.
pub fn batch(records: usize, bytes: usize, ms: i64) -> ValidatedBatch {
    ValidatedBatch::own(builder(records, bytes, ms).build())
}

pub fn builder(records: usize, bytes: usize, ms: i64) -> BatchBuilder {
    let mut builder = BatchBuilder::new(Offset(0), Compression::None);
    for index in 0..records {
        builder.push(Wall(T0 + ms + index as i64), Some(b"key"), Some(&vec![b'v'; bytes]), &[]);
    }
    builder
}

pub fn idempotent(id: i64, epoch: i16, sequence: i32, records: usize) -> ValidatedBatch {
    let producer = Producer {
        id: ProducerId(id),
        epoch: ProducerEpoch(epoch),
        base_sequence: Sequence(sequence),
        transactional: false,
    };
    ValidatedBatch::own(builder(records, 50, 0).producer(producer).build())
}

pub fn append(log: &mut Log, batch: ValidatedBatch) -> Result<Appended, AppendError> {
    let epoch = log.latest_epoch().map_or(0, |latest| latest.epoch.0);
    append_in(log, epoch, batch)
}

pub fn append_in(log: &mut Log, epoch: i32, batch: ValidatedBatch) -> Result<Appended, AppendError> {
    let result = log.append(now(0), LeaderEpoch(epoch), Origin::Client, &[batch]).pop().unwrap();
    log.set_high_watermark(log.end());
    result
}

pub fn flush(log: &mut Log) {
    if let Some(work) = log.begin_flush(FlushDepth::RecoveryPoint).unwrap() {
        let flushed = work.run();
        log.flushed(&flushed).unwrap();
    }
}

/// The base offsets of all batches that a follower reads from `offset` on.
pub fn batches_from(log: &mut Log, offset: i64) -> Vec<(i64, i32)> {
    use klamm_records::Batches;
    use klamm_storage::Limit;
    let mut found = Vec::new();
    let mut next = Offset(offset);
    while next < log.end() {
        let fetched = log.read(next, Limit::End, 1 << 20, true).unwrap();
        let slice = fetched.records.expect("there is something below the end");
        let mut bytes = vec![0; slice.length as usize];
        assert_eq!(slice.file.read_at(&mut bytes, slice.position).unwrap(), bytes.len());
        for batch in Batches::new(bytes.into()) {
            let batch = batch.expect("a batch");
            assert!(batch.crc_matches());
            found.push((batch.header().base_offset.0, batch.header().leader_epoch.0));
            next = batch.header().next_offset();
        }
    }
    found
}
