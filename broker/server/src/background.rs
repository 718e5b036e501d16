//! What runs by itself: flush rounds, checkpoints, retention, a look at the room on disk. Tasks of their own; a log thread only hands
//! out work and hears what became of it.

use crate::{assign, broker::Broker, shard::Checkpoints};
use klamm_net::Closing;
use klamm_storage::{Checkpoint, Device, FlushDepth, FlushWork, StorageError, flush_round, pick_for_round};
use klamm_types::{Offset, TopicIdPartition, TopicPartition};
use std::{collections::BTreeMap, future::Future, path::PathBuf, sync::Arc, time::Duration};

/// Beyond the recovery point a device keeps about so much, so that recovery after a crash is short (architecture, decision 5). A
/// target only: producers never wait for it.
const UNFLUSHED_BYTES_TARGET: u64 = 256 << 20;

/// `klamm.unflushed.bytes`, which is [`UNFLUSHED_BYTES_TARGET`] unless somebody knows better: the simulation does.
fn unflushed_target(broker: &Broker) -> u64 {
    broker.settings.number("klamm.unflushed.bytes").unwrap_or(UNFLUSHED_BYTES_TARGET)
}

/// How often the target is looked at.
const FLUSH_CHECK: Duration = Duration::from_millis(100);

/// How often the room on disk is looked at.
const SPACE_CHECK: Duration = Duration::from_secs(1);

/// Producers are refused when the file system has less room than this: metadata and offsets must still go through.
const RESERVE_BYTES: u64 = 32 << 20;

/// A file that is given up when even that is not enough.
const BALLAST_BYTES: u64 = 16 << 20;

/// How often a broker with several directories looks whether the metadata knows what is in which.
const ASSIGN_CHECK: Duration = Duration::from_millis(500);

/// Starts the background work; it ends when `closing` does.
pub fn start(broker: &Arc<Broker>, closing: &Closing) {
    let millis = |name: &str, otherwise: u64| {
        Duration::from_millis(broker.settings.number::<u64>(name).unwrap_or(otherwise).max(1))
    };
    let retention = millis("log.retention.check.interval.ms", 300_000);
    let high_watermarks = millis("replica.high.watermark.checkpoint.interval.ms", 5_000);
    let starts = millis("log.flush.start.offset.checkpoint.interval.ms", 60_000);
    every(broker, closing, "retention", retention, retain);
    let lag = millis("replica.lag.time.max.ms", 30_000);
    every(broker, closing, "lag", lag / 2, look_for_lag);
    start_fsync(broker, closing);
    every(broker, closing, "flush", FLUSH_CHECK, flush_beyond_target);
    every(broker, closing, "space", SPACE_CHECK, look_at_space);
    every(broker, closing, "high watermarks", high_watermarks, |broker| {
        checkpoint(broker, Checkpoint::HighWatermarks)
    });
    if broker.shards.dirs().all().len() > 1 {
        every(broker, closing, "directories", ASSIGN_CHECK, assign::tell);
    }
    every(broker, closing, "log starts", starts, |broker| checkpoint(broker, Checkpoint::LogStarts));
}

fn every<W, F>(broker: &Arc<Broker>, closing: &Closing, name: &'static str, interval: Duration, mut work: W)
where
    W: FnMut(Arc<Broker>) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let (broker, closing) = (Arc::clone(broker), closing.clone());
    let spawn = Arc::clone(&broker.world.spawn);
    let task = async move {
        loop {
            let deadline = broker.world.clock.now().mono.plus(interval);
            if broker.world.deadline(deadline, closing.wait()).await.is_ok() {
                return;
            }
            work(Arc::clone(&broker)).await;
        }
    };
    spawn.spawn(name, Box::pin(task));
}

/// Asks every log thread and gathers what they say.
async fn gather<T: Send + 'static>(
    broker: &Broker,
    work: impl Fn(&mut crate::shard::Shard) -> T + Clone + Send + 'static,
) -> Vec<T> {
    let mut all = Vec::new();
    for shard in broker.shards.all() {
        let work = work.clone();
        all.extend(shard.ask(move |shard| work(shard)).await);
    }
    all
}

async fn look_for_lag(broker: Arc<Broker>) {
    gather(&broker, crate::shard::Shard::tick).await;
}

/// Flush rounds for topics with `klamm.durability=fsync`: as soon as one is done, the next takes what came meanwhile.
fn start_fsync(broker: &Arc<Broker>, closing: &Closing) {
    let (broker, closing) = (Arc::clone(broker), closing.clone());
    let spawn = Arc::clone(&broker.world.spawn);
    let task = async move {
        loop {
            tokio::select! {
                biased;
                () = closing.wait() => return,
                () = broker.shards.outbox().flush_wanted() => {}
            }
            for device in devices(&broker) {
                sync_what_waits(&broker, &device).await;
            }
        }
    };
    spawn.spawn("fsync", Box::pin(task));
}

async fn sync_what_waits(broker: &Broker, device: &Arc<Device>) {
    let mut work = Vec::new();
    for (index, shard) in broker.shards.all().enumerate() {
        let path = device.path().to_owned();
        let begun = shard.ask(move |shard| {
            let logs = shard.to_sync(&path);
            shard.begin_flush(&logs, FlushDepth::Log)
        });
        work.extend(begun.await.unwrap_or_default().into_iter().map(|(id, flush)| (index, id, flush)));
    }
    run_round(broker, work).await;
}

async fn retain(broker: Arc<Broker>) {
    gather(&broker, crate::shard::Shard::retain).await;
}

async fn flush_beyond_target(broker: Arc<Broker>) {
    for device in devices(&broker) {
        if device.unflushed_bytes() <= unflushed_target(&broker) || device.failure().is_some() {
            continue;
        }
        let path = device.path().to_owned();
        let mut logs = Vec::new();
        for (index, shard) in broker.shards.all().enumerate() {
            let path = path.clone();
            let unflushed = shard.ask(move |shard| shard.unflushed(&path)).await.unwrap_or_default();
            logs.extend(unflushed.into_iter().map(|(id, bytes)| (index, id, bytes)));
        }
        let bytes: Vec<u64> = logs.iter().map(|(_, _, bytes)| *bytes).collect();
        let picked: Vec<_> =
            pick_for_round(&bytes, unflushed_target(&broker)).into_iter().map(|at| logs[at]).collect();
        flush(&broker, picked.into_iter().map(|(shard, id, _)| (shard, id)).collect()).await;
        checkpoint_device(&broker, &device, Checkpoint::RecoveryPoints).await;
    }
}

/// One round: everything in these logs becomes durable, and recovery begins after it.
async fn flush(broker: &Broker, logs: Vec<(usize, TopicIdPartition)>) {
    let mut by_shard: BTreeMap<usize, Vec<TopicIdPartition>> = BTreeMap::new();
    for (shard, id) in logs {
        by_shard.entry(shard).or_default().push(id);
    }
    let mut work = Vec::new();
    for (index, ids) in by_shard {
        let begun = broker
            .shards
            .get(index)
            .ask(move |shard| shard.begin_flush(&ids, FlushDepth::RecoveryPoint))
            .await;
        work.extend(begun.unwrap_or_default().into_iter().map(|(id, flush)| (index, id, flush)));
    }
    run_round(broker, work).await;
}

/// Syncs what log threads handed out, and tells them.
async fn run_round(broker: &Broker, work: Vec<(usize, TopicIdPartition, FlushWork)>) {
    let (whose, work): (Vec<_>, Vec<_>) =
        work.into_iter().map(|(shard, id, flush)| ((shard, id), flush)).unzip();
    let done = flush_round(&broker.world, work).await;
    let mut results: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for ((index, id), flushed) in whose.into_iter().zip(done) {
        results.entry(index).or_default().push((id, flushed));
    }
    for (index, flushed) in results {
        broker.shards.get(index).ask(move |shard| shard.flushed(&flushed)).await;
    }
}

async fn look_at_space(broker: Arc<Broker>) {
    for device in devices(&broker) {
        let looked_at = Arc::clone(&device);
        let state = broker.world.blocking(move || looked_at.check_space(RESERVE_BYTES, BALLAST_BYTES)).await;
        if state.is_ok_and(|state| state.free_bytes < RESERVE_BYTES / 2) {
            let _ = device.drop_ballast(); // it says so itself
        }
    }
}

async fn checkpoint(broker: Arc<Broker>, which: Checkpoint) {
    for device in devices(&broker) {
        checkpoint_device(&broker, &device, which).await;
    }
}

async fn checkpoint_device(broker: &Broker, device: &Arc<Device>, which: Checkpoint) {
    if let Err(error) = write_checkpoint(broker, device, which).await {
        tracing::warn!(directory = %device.path().display(), %error, "a checkpoint cannot be written");
    }
}

async fn write_checkpoint(
    broker: &Broker,
    device: &Arc<Device>,
    which: Checkpoint,
) -> Result<(), StorageError> {
    let path: PathBuf = device.path().to_owned();
    let mut offsets: BTreeMap<TopicPartition, Offset> = BTreeMap::new();
    for one in gather(broker, move |shard| shard.checkpoints(&path)).await {
        let Checkpoints { recovery_points, starts, high_watermarks } = one;
        offsets.extend(match which {
            Checkpoint::RecoveryPoints => recovery_points,
            Checkpoint::LogStarts => starts,
            Checkpoint::HighWatermarks => high_watermarks,
        });
    }
    let device = Arc::clone(device);
    broker.world.blocking(move || device.write_checkpoint(which, &offsets)).await
}

/// The last work of a broker that stops: everything durable, all checkpoints written, the mark of a clean shutdown set,
/// the directories given back.
pub async fn shut_down(broker: &Broker) {
    for device in devices(broker) {
        let path = device.path().to_owned();
        let mut logs = Vec::new();
        for (index, shard) in broker.shards.all().enumerate() {
            let path = path.clone();
            let hosted = shard.ask(move |shard| shard.hosted(&path)).await.unwrap_or_default();
            logs.extend(hosted.into_iter().map(|id| (index, id)));
        }
        flush(broker, logs).await;
        if let Err(error) = mark_clean(broker, &device).await {
            tracing::error!(directory = %device.path().display(), %error, "the shutdown is not clean");
        }
    }
    for shard in broker.shards.all() {
        shard.stop().await;
    }
    devices(broker).iter().for_each(|device| device.close());
}

async fn mark_clean(broker: &Broker, device: &Arc<Device>) -> Result<(), StorageError> {
    for which in [Checkpoint::RecoveryPoints, Checkpoint::LogStarts, Checkpoint::HighWatermarks] {
        write_checkpoint(broker, device, which).await?;
    }
    let (device, epoch) = (Arc::clone(device), broker.epoch());
    broker.world.blocking(move || device.mark_clean_shutdown(epoch)).await
}

fn devices(broker: &Broker) -> Vec<Arc<Device>> {
    broker.shards.dirs().devices().cloned().collect()
}
