//! Measures the log without a broker: `measure FOLDER append RECORD_BYTES BATCH_BYTES GIB`, `measure FOLDER recover`,
//! `measure FOLDER partitions COUNT`, `measure FOLDER sample` (a small log of each kind, for Kafka's dump tool).

use klamm_records::{BatchBuilder, Compression, ControlKind, Producer, ValidatedBatch};
use klamm_storage::{
    Checkpoint, FlushDepth, Limit, Log, LogConfig, LogDir, MetaProperties, Origin, flush_round,
};
use klamm_types::{
    BrokerId, Bytes, DirectoryId, LeaderEpoch, Now, Offset, PartitionIndex, ProducerEpoch, ProducerId,
    Sequence, TopicId, TopicPartition, Uuid, Wall,
};
use klamm_world::World;
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Batches appended together, as a drain of a shard's mailbox would.
const DRAIN: usize = 4;
/// When a flush round starts, as the broker does.
const UNFLUSHED_TARGET: u64 = 256 << 20;

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let world = klamm_world::real::world();
    match words[..] {
        [folder, "append", record, batch, gib] => {
            append(&world, Path::new(folder), record.parse()?, batch.parse()?, gib.parse()?).await
        }
        [folder, "recover"] => recover(&world, Path::new(folder)),
        [folder, "partitions", count] => partitions(&world, Path::new(folder), count.parse()?).await,
        [folder, "sample"] => sample(&world, Path::new(folder)),
        _ => Err("see the head of this file".into()),
    }
}

fn name(partition: i32) -> TopicPartition {
    TopicPartition { topic: "measured".into(), partition: PartitionIndex(partition) }
}

fn open(world: &World, folder: &Path) -> Result<LogDir, Box<dyn std::error::Error>> {
    if LogDir::identity(world.disk.as_ref(), folder).is_ok_and(|found| found.is_none()) {
        let cluster_id = "MkU3OEVBNTcwNTJENDM2Qg".into();
        let directory_id = DirectoryId(world.uuid());
        LogDir::format(
            world.disk.as_ref(),
            folder,
            &MetaProperties { cluster_id, node_id: BrokerId(1), directory_id },
        )?;
    }
    Ok(LogDir::open(world.disk.clone(), folder)?)
}

fn batch(record_bytes: usize, batch_bytes: usize, now: Now) -> Bytes {
    let mut builder = BatchBuilder::new(Offset(0), Compression::None);
    let value = vec![b'x'; record_bytes];
    while builder.size_bytes() + record_bytes < batch_bytes {
        builder.push(now.wall, None, Some(&value), &[]);
    }
    builder.build().bytes().clone()
}

async fn append(world: &World, folder: &Path, record_bytes: usize, batch_bytes: usize, gib: u64) -> Outcome {
    let dir = open(world, folder)?;
    let mut log = dir.create_log(&name(0), TopicId(Uuid([1; 16])), Arc::default(), world.clock.now())?;
    let bytes = batch(record_bytes, batch_bytes, world.clock.now());
    let (mut spent, mut validating, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut flushing = tokio::task::JoinSet::new();
    while log.size_bytes() < gib << 30 {
        let start = world.clock.now().mono;
        let batches: Result<Vec<_>, _> =
            (0..DRAIN).map(|_| ValidatedBatch::from_client(&bytes, true)).collect();
        let validated = world.clock.now().mono;
        for result in log.append(world.clock.now(), LeaderEpoch(0), Origin::Client, &batches?) {
            result?;
        }
        let end = log.end();
        log.set_high_watermark(end);
        let took = world.clock.now().mono.since(validated);
        validating += validated.since(start);
        spent += took;
        slowest = slowest.max(took);
        if flushing.is_empty() && log.unflushed_bytes() > UNFLUSHED_TARGET / 2 {
            let work: Vec<_> = log.begin_flush(FlushDepth::RecoveryPoint)?.into_iter().collect();
            let world = world.clone();
            flushing.spawn(async move { flush_round(&world, work).await });
        }
        if let Some(done) = flushing.try_join_next() {
            finish_round(&mut log, &done?)?;
        }
    }
    let gb = log.size_bytes() as f64 / 1e9;
    println!(
        "{record_bytes} B records in batches of {} bytes: {gb:.1} GB; append {:.2} GB/s, validate {:.2} GB/s, slowest append {slowest:?}, unflushed at the end {} MiB",
        bytes.len(),
        gb / spent.as_secs_f64(),
        gb / validating.as_secs_f64(),
        log.unflushed_bytes() >> 20,
    );
    std::process::exit(0) // as a kill: nothing more is written
}

fn finish_round(log: &mut Log, done: &[klamm_storage::Flushed]) -> Outcome {
    for flushed in done {
        if log.flushed(flushed)? {
            let points = BTreeMap::from([(log.name().clone(), log.recovery_point())]);
            log.device().write_checkpoint(Checkpoint::RecoveryPoints, &points)?;
        }
    }
    Ok(())
}

fn recover(world: &World, folder: &Path) -> Outcome {
    let start = world.clock.now();
    let dir = open(world, folder)?;
    let mut bytes = 0;
    let mut logs = Vec::new();
    for name in dir.partitions() {
        let log = dir.open_log(name, Arc::default(), start)?;
        bytes += log.size_bytes();
        logs.push(log);
    }
    let took = world.clock.now().mono.since(start.mono);
    let unflushed = dir.device().unflushed_bytes() >> 20;
    println!(
        "opened {} logs, {:.1} GB, of them {unflushed} MiB recovered, in {took:?}",
        logs.len(),
        bytes as f64 / 1e9
    );
    Ok(())
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

async fn partitions(world: &World, folder: &Path, count: i32) -> Outcome {
    let dir = open(world, folder)?;
    let before = resident_kib();
    let start = world.clock.now();
    let config = Arc::new(LogConfig::default());
    let mut logs = Vec::new();
    for partition in 0..count {
        let mut log = dir.create_log(&name(partition), TopicId(Uuid([1; 16])), config.clone(), start)?;
        log.assign_epoch(LeaderEpoch(0));
        logs.push(log);
    }
    let made = world.clock.now().mono.since(start.mono);
    let idle = resident_kib() - before;
    let bytes = batch(100, 1000, start);
    for log in &mut logs {
        log.append(start, LeaderEpoch(0), Origin::Client, &[ValidatedBatch::from_client(&bytes, true)?])
            .remove(0)?;
    }
    let appended = world.clock.now().mono.since(start.mono);
    println!(
        "{count} partitions made in {made:?} ({idle} KiB), appended to in {appended:?} ({} KiB)",
        resident_kib() - before
    );
    let start = world.clock.now().mono;
    let mut work = Vec::new();
    for log in &mut logs {
        work.extend(log.begin_flush(FlushDepth::RecoveryPoint)?);
    }
    let done = flush_round(world, work).await;
    for (log, flushed) in logs.iter_mut().zip(&done) {
        log.flushed(flushed)?;
    }
    let points: BTreeMap<_, _> = logs.iter().map(|log| (log.name().clone(), log.recovery_point())).collect();
    dir.device().write_checkpoint(Checkpoint::RecoveryPoints, &points)?;
    dir.device().mark_clean_shutdown(None)?;
    println!("flushed in one round, marked clean, in {:?}", world.clock.now().mono.since(start));
    Ok(())
}

fn sample(world: &World, folder: &Path) -> Outcome {
    let dir = open(world, folder)?;
    let now = world.clock.now();
    let config =
        Arc::new(LogConfig { segment_bytes: 64 << 10, index_interval_bytes: 1024, ..LogConfig::default() });
    let mut log = dir.create_log(&name(0), TopicId(Uuid([1; 16])), config, now)?;
    for index in 0..300 {
        let compression = Compression::ALL[index % 5];
        let producer = Producer {
            id: ProducerId(1000 + index as i64 % 3),
            epoch: ProducerEpoch(2),
            base_sequence: Sequence(index as i32 / 3 * 10),
            transactional: false,
        };
        let mut builder = BatchBuilder::new(Offset(0), compression).producer(producer);
        for record in 0..10 {
            let value = format!("value {record} of batch {index} {}", "x".repeat(50));
            let time = Wall(now.wall.0 - 10_000 + index as i64 * 10 + record);
            builder.push(
                time,
                Some(format!("key{record}").as_bytes()),
                Some(value.as_bytes()),
                &[("h", Some(b"1"))],
            );
        }
        let batch = ValidatedBatch::from_client(builder.build().bytes(), true)?;
        log.append(now, LeaderEpoch(index as i32 / 100), Origin::Client, &[batch]).remove(0)?;
    }
    let marker = BatchBuilder::control_batch(
        Offset(0),
        now.wall,
        ControlKind::LeaderChange,
        &[0, 0, 0, 0, 0, 1, 1, 1, 0],
    );
    log.append(now, LeaderEpoch(3), Origin::Broker, &[ValidatedBatch::own(marker.build())]).remove(0)?;
    log.roll(now)?;
    if let Some(work) = log.begin_flush(FlushDepth::RecoveryPoint)? {
        log.flushed(&work.run())?;
    }
    println!("{log:?}, first read {:?}", log.read(Offset(5), Limit::End, 10, true)?.first);
    Ok(())
}
