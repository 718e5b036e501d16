//! What the background tasks ask of a shard: flushes, checkpoints, retention, sizes.

use super::{Shard, watch::News};
use klamm_replication::{Durability, Event};
use klamm_storage::{FlushDepth, FlushWork, Flushed};
use klamm_types::{Offset, TopicIdPartition, TopicPartition};
use std::{collections::BTreeMap, path::PathBuf};

/// Offsets of all logs of a shard for a directory's checkpoint files.
#[derive(Clone, Debug, Default)]
pub struct Checkpoints {
    /// Where recovery begins.
    pub recovery_points: BTreeMap<TopicPartition, Offset>,
    /// Where logs begin.
    pub starts: BTreeMap<TopicPartition, Offset>,
    /// High watermarks.
    pub high_watermarks: BTreeMap<TopicPartition, Offset>,
}

/// The size of a log.
#[derive(Clone, Debug)]
pub struct LogSize {
    /// Whose.
    pub name: TopicPartition,
    /// Where it is.
    pub directory: PathBuf,
    /// Its bytes.
    pub bytes: u64,
}

impl Shard {
    /// The offsets of all logs in the directory at `path`.
    #[must_use]
    pub fn checkpoints(&self, path: &std::path::Path) -> Checkpoints {
        let mut all = Checkpoints::default();
        for partition in self.partitions.values().filter(|one| one.log.device().path() == path) {
            let log = &partition.log;
            all.recovery_points.insert(log.name().clone(), log.recovery_point());
            all.starts.insert(log.name().clone(), log.start());
            all.high_watermarks.insert(log.name().clone(), log.high_watermark());
        }
        all
    }

    /// How much of each log in the directory at `path` is not flushed, in bytes.
    #[must_use]
    pub fn unflushed(&self, path: &std::path::Path) -> Vec<(TopicIdPartition, u64)> {
        let logs = self.partitions.iter().filter(|(_, one)| one.log.device().path() == path);
        logs.map(|(id, one)| (*id, one.log.unflushed_bytes())).filter(|(_, bytes)| *bytes > 0).collect()
    }

    /// Hands out what must be synced of these logs.
    pub fn begin_flush(
        &mut self,
        ids: &[TopicIdPartition],
        depth: FlushDepth,
    ) -> Vec<(TopicIdPartition, FlushWork)> {
        let mut work = Vec::new();
        for id in ids {
            let Some(partition) = self.partitions.get_mut(id) else { continue };
            match partition.log.begin_flush(depth) {
                Ok(Some(flush)) => work.push((*id, flush)),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(partition = %partition.log.name(), %error, "a log cannot be flushed")
                }
            }
        }
        work
    }

    /// The logs in the directory at `path` that have something which must be on the disk before it counts.
    #[must_use]
    pub fn to_sync(&self, path: &std::path::Path) -> Vec<TopicIdPartition> {
        let waits = |one: &super::Partition| {
            one.replica.durability() == Durability::Fsync && one.log.durable_end() < one.log.end()
        };
        let logs = self.partitions.iter().filter(|(_, one)| one.log.device().path() == path && waits(one));
        logs.map(|(id, _)| *id).collect()
    }

    /// All logs in the directory at `path`.
    #[must_use]
    pub fn hosted(&self, path: &std::path::Path) -> Vec<TopicIdPartition> {
        let logs = self.partitions.iter().filter(|(_, one)| one.log.device().path() == path);
        logs.map(|(id, _)| *id).collect()
    }

    /// Learns what became of flushes.
    pub fn flushed(&mut self, done: &[(TopicIdPartition, Flushed)]) {
        let now = self.world.clock.now();
        let mut may_fetch = false;
        for (id, flushed) in done {
            let Some(partition) = self.partitions.get_mut(id) else { continue };
            if let Err(error) = partition.log.flushed(flushed) {
                tracing::error!(partition = %partition.log.name(), %error, "a flush failed");
            }
            partition.tell(now, Event::Synced { end: partition.log.durable_end() });
            partition.carry_out(now);
            if partition.log.durable_end() < partition.log.end() {
                partition.must_flush(); // more came meanwhile, or another kind of round was on its way
            }
            may_fetch |= partition.position().is_some();
        }
        if may_fetch {
            self.outbox.is_synced();
        }
    }

    /// Drops what retention no longer keeps.
    pub fn retain(&mut self) {
        let now = self.world.clock.now();
        let retain = |one: &mut super::Partition| {
            let start = one.log.start();
            let removal = one.log.retain(now);
            if one.log.start() > start {
                one.watchers.hear(News::Bounds);
            }
            (removal, one.log.name().clone())
        };
        let removals: Vec<_> = self.partitions.values_mut().map(retain).collect();
        for (removal, partition) in removals {
            match removal {
                Ok(removal) => self.unlink(removal),
                Err(error) => tracing::warn!(%partition, %error, "retention failed"),
            }
        }
    }

    /// The most records that a follower here lacks of what its leader has committed.
    #[must_use]
    pub fn lag_max(&self) -> u64 {
        self.partitions.values().filter_map(|one| one.replica.lag()).max().unwrap_or(0)
    }

    /// The sizes of all logs.
    #[must_use]
    pub fn sizes(&self) -> Vec<LogSize> {
        let size = |one: &super::Partition| LogSize {
            name: one.log.name().clone(),
            directory: one.log.device().path().to_owned(),
            bytes: one.log.size_bytes(),
        };
        self.partitions.values().map(size).collect()
    }
}
