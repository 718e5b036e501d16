//! Log threads. Each owns its partitions and nobody else touches them: no locks, no tasks, timers or channels per partition.
//!
//! Appends of one drain of the mailbox go to disk with one write per partition. What waits for a device (fsync, unlinking) is
//! handed out and never waited for here.

mod follower;
mod host;
mod mailbox;
mod outbox;
mod partition;
mod pending;
mod read;
#[cfg(test)]
mod tests;
mod upkeep;
mod watch;

pub use follower::{FetchPosition, Sent};
pub use host::{Hosting, LogDirs, Role};
pub use mailbox::ShardHandle;
pub(crate) use mailbox::Work;
pub use outbox::{Asked, Outbox};
pub use partition::{Found, Partition};
pub use pending::{Outcome, PendingProduce, ProduceError, Produced};
pub use read::{Asker, FollowerId, Read, ReadItem};
pub use upkeep::{Checkpoints, LogSize};
pub use watch::{Interest, Reader, Watch};
#[cfg(test)]
pub(crate) use watch::{News, Watchers};

use klamm_net::Reservation;
use klamm_protocol::ErrorCode;
use klamm_records::ValidatedBatch;
use klamm_replication::{Event, Fate};
use klamm_storage::Origin;
use klamm_types::{BrokerId, LeaderEpoch, Mono, Offset, TopicIdPartition};
use klamm_world::World;
use partition::Staged;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::oneshot;

/// Batches of one request for the partitions of one shard.
pub struct ProduceWork {
    /// The batches.
    pub items: Vec<ProduceItem>,
    /// Who made them.
    pub origin: Origin,
    /// Whether all in-sync replicas must have them (acks=all).
    pub wait_for_all: bool,
    /// Whether this broker is cut off from the active controller.
    pub cut_off: bool,
    /// Who waits.
    pub pending: PendingProduce,
    /// The memory of the request, given back when all its batches are in the page cache. The broker's own have none.
    pub reservation: Option<Arc<Reservation>>,
}

/// A batch for one partition.
pub struct ProduceItem {
    /// Its place among the request's outcomes.
    pub slot: usize,
    /// The partition.
    pub partition: TopicIdPartition,
    /// The batch.
    pub batch: ValidatedBatch,
}

/// A log thread's state.
pub struct Shard {
    world: World,
    me: BrokerId,
    dirs: Arc<LogDirs>,
    partitions: BTreeMap<TopicIdPartition, Partition>,
    staged: Vec<TopicIdPartition>,
    outbox: Arc<Outbox>,
    /// Once it is to stop: dropped last, when no log is open any more.
    stopped: Option<oneshot::Sender<()>>,
}

impl Shard {
    fn new(world: World, me: BrokerId, dirs: Arc<LogDirs>, outbox: Arc<Outbox>) -> Self {
        Self { world, me, dirs, partitions: BTreeMap::new(), staged: Vec::new(), outbox, stopped: None }
    }

    /// A partition that is led here, for one who knows `epoch` as its leader epoch; NONE for one who does not say.
    ///
    /// # Errors
    /// `NOT_LEADER_OR_FOLLOWER`, `FENCED_LEADER_EPOCH`, `UNKNOWN_LEADER_EPOCH`.
    pub fn leader(&mut self, id: TopicIdPartition, epoch: LeaderEpoch) -> Result<&mut Partition, ErrorCode> {
        let partition = self.partitions.get_mut(&id).ok_or(ErrorCode::NotLeaderOrFollower)?;
        partition.check_leads()?;
        partition.check_epoch(epoch)?;
        Ok(partition)
    }

    /// A partition that is led or followed here, for one who knows `epoch` as its leader epoch; NONE for one who does not say.
    ///
    /// # Errors
    /// `NOT_LEADER_OR_FOLLOWER`, `FENCED_LEADER_EPOCH`, `UNKNOWN_LEADER_EPOCH`.
    pub fn replica(&mut self, id: TopicIdPartition, epoch: LeaderEpoch) -> Result<&mut Partition, ErrorCode> {
        let partition = self.partitions.get_mut(&id).ok_or(ErrorCode::NotLeaderOrFollower)?;
        partition.check_epoch(epoch)?;
        Ok(partition)
    }

    /// Reads in turn, at most `left` bytes in all; the first that has records may give a whole batch beyond that while there is
    /// `nothing_yet`. Their interests hear of whatever comes to these partitions from now on.
    pub fn read_all(
        &mut self,
        items: Vec<(usize, ReadItem)>,
        mut left: u32,
        mut nothing_yet: bool,
    ) -> Vec<(usize, Result<Read, ErrorCode>)> {
        let mut done = Vec::with_capacity(items.len());
        let now = self.world.clock.now();
        for (slot, item) in items {
            let (id, epoch) = (item.partition, item.wanted.current_leader_epoch);
            let partition = match item.asker {
                Asker::OfAny { .. } => self.replica(id, epoch),
                Asker::Follower(_) | Asker::OfLeader => self.leader(id, epoch),
            };
            let result = partition.and_then(|partition| {
                if let Some(interest) = &item.interest {
                    partition.watch(interest);
                }
                partition.read(now, &item, left, nothing_yet)
            });
            if let Ok(read) = &result {
                left = left.saturating_sub(read.bytes());
                nothing_yet &= read.bytes() == 0;
            }
            done.push((slot, result));
        }
        done
    }

    /// Where the followers among these partitions are to fetch.
    #[must_use]
    pub fn positions(&self, ids: &[TopicIdPartition]) -> Vec<(TopicIdPartition, Option<FetchPosition>)> {
        ids.iter().map(|id| (*id, self.partitions.get(id).and_then(Partition::position))).collect()
    }

    /// A leader sent this. Where to go on fetching.
    pub fn sent(
        &mut self,
        all: Vec<(TopicIdPartition, Sent)>,
    ) -> Vec<(TopicIdPartition, Option<FetchPosition>)> {
        let now = self.world.clock.now();
        let take = |(id, sent)| {
            let partition = self.partitions.get_mut(&id);
            let position = partition.and_then(|partition| {
                partition.sent(now, sent);
                partition.position()
            });
            (id, position)
        };
        all.into_iter().map(take).collect()
    }

    /// A leader has nothing at the end of the log here; its log's start and end. Where to go on fetching.
    pub fn out_of_range(
        &mut self,
        id: TopicIdPartition,
        epoch: LeaderEpoch,
        bounds: (Offset, Offset),
    ) -> Option<FetchPosition> {
        let now = self.world.clock.now();
        let partition = self.partitions.get_mut(&id)?;
        partition.out_of_range(now, epoch, bounds.0, bounds.1);
        partition.position()
    }

    /// What became of what a leader here asked for.
    pub fn decided(&mut self, asked: &Asked, fate: Fate) {
        let now = self.world.clock.now();
        if let Some(partition) = self.partitions.get_mut(&asked.id) {
            partition.decided(now, &asked.proposal, fate);
        }
    }

    /// Time has passed: followers that lag leave the ISR.
    pub fn tick(&mut self) {
        let now = self.world.clock.now();
        for partition in self.partitions.values_mut().filter(|one| one.replica.has_followers()) {
            partition.tell(now, Event::Tick);
            partition.carry_out(now);
        }
    }

    /// A log's end, its high watermark, and the epochs of its records.
    #[cfg(test)]
    pub(crate) fn log_of(&mut self, id: TopicIdPartition) -> Option<(i64, i64, Vec<i32>)> {
        let log = self.partitions.get(&id)?.log();
        let epochs = (0..log.end().0).filter_map(|at| log.epoch_of(Offset(at)));
        Some((log.end().0, log.high_watermark().0, epochs.map(|epoch| epoch.0).collect()))
    }

    /// Hands over all that is led here and replicated elsewhere: appends nothing more until another leads, or `until`. Each
    /// resolves when every in-sync replica has everything.
    pub fn drain(&mut self, until: Mono) -> Vec<oneshot::Receiver<()>> {
        let now = self.world.clock.now();
        let led = self.partitions.values_mut().filter(|one| one.replica.has_followers());
        led.map(|partition| {
            let (drained, is_drained) = oneshot::channel();
            partition.drain(now, until, drained);
            is_drained
        })
        .collect()
    }

    /// Puts batches in line for the next write.
    fn stage(&mut self, work: ProduceWork) {
        for ProduceItem { slot, partition: id, batch } in work.items {
            let Some(partition) = self.partitions.get_mut(&id) else {
                work.pending.complete(slot, Err(ErrorCode::NotLeaderOrFollower.into()));
                continue;
            };
            let first = partition.stage(Staged {
                batch,
                origin: work.origin,
                slot,
                wait_for_all: work.wait_for_all,
                cut_off: work.cut_off,
                pending: work.pending.clone(),
                _reservation: work.reservation.clone(),
            });
            if first {
                self.staged.push(id);
            }
        }
    }

    /// Writes what was staged: one write per partition.
    fn write_staged(&mut self) {
        if self.staged.is_empty() {
            return;
        }
        let now = self.world.clock.now();
        for id in self.staged.drain(..) {
            if let Some(partition) = self.partitions.get_mut(&id) {
                partition.write(now);
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Ends the thread when its mailbox is worked off so far; `ended` is dropped when its logs are closed.
    fn stop(&mut self, ended: oneshot::Sender<()>) {
        self.stopped = Some(ended);
    }
}

/// All log threads.
pub struct Shards {
    handles: Vec<ShardHandle>,
    outbox: Arc<Outbox>,
    dirs: Arc<LogDirs>,
}

impl Shards {
    /// Starts `count` threads over the log directories.
    #[must_use]
    pub fn start(world: &World, me: BrokerId, dirs: LogDirs, count: usize) -> Self {
        let dirs = Arc::new(dirs);
        let outbox = Arc::new(Outbox::new(world.clone()));
        let start = |index| {
            let shard = Shard::new(world.clone(), me, Arc::clone(&dirs), Arc::clone(&outbox));
            ShardHandle::start(world, format!("klamm-log-{index}"), shard)
        };
        Self { handles: (0..count.max(1)).map(start).collect(), outbox: Arc::clone(&outbox), dirs }
    }

    /// The thread of a partition.
    #[must_use]
    pub fn index_of(&self, id: TopicIdPartition) -> usize {
        // the topic's id is random: partitions of one topic go round all threads, and topics begin anywhere
        let start = u64::from_le_bytes(id.topic.0.0[..8].try_into().expect("8 of 16 bytes"));
        (start.wrapping_add(id.partition.0 as u64) % self.handles.len() as u64) as usize
    }

    /// A thread.
    #[must_use]
    pub fn get(&self, index: usize) -> &ShardHandle {
        &self.handles[index]
    }

    /// All threads.
    pub fn all(&self) -> impl Iterator<Item = &ShardHandle> {
        self.handles.iter()
    }

    /// What they ask of others.
    #[must_use]
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// The log directories.
    #[must_use]
    pub fn dirs(&self) -> &Arc<LogDirs> {
        &self.dirs
    }
}
