//! Records on their way from leaders to this broker. One task per leader and kind of durability fetches all partitions that this
//! broker follows there, over one connection, in one session.
//!
//! Owns which partition is fetched from whom, as the metadata says. Decides nothing about logs: each partition's machine does.

pub mod alter;
mod fetcher;
mod lost;
mod session;
#[cfg(test)]
mod tests;

use crate::{
    broker::Broker,
    shard::{Hosting, Role},
};
use fetcher::Fetcher;
use klamm_net::Closing;
use klamm_replication::Durability;
use klamm_types::{BrokerId, LeaderEpoch, Mono, TopicIdPartition};
use lost::Lost;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, mpsc};

/// Whom a fetcher fetches from. Topics with `klamm.durability=fsync` have one of their own: it waits for the disk between two
/// requests, and others must not wait with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LaneKey {
    leader: BrokerId,
    fsync: bool,
}

/// What one fetcher has to do.
struct Lane {
    key: LaneKey,
    following: Mutex<Following>,
    changed: Notify,
}

#[derive(Default)]
struct Following {
    all: BTreeSet<TopicIdPartition>,
    /// Those that came, went, or have another epoch since the fetcher looked last.
    touched: BTreeSet<TopicIdPartition>,
}

impl Lane {
    fn touch(&self, id: TopicIdPartition, is_followed: bool) {
        let mut following = self.following();
        if is_followed {
            following.all.insert(id)
        } else {
            following.all.remove(&id)
        };
        following.touched.insert(id);
        self.changed.notify_one();
    }

    /// Resolves when something was touched since the last time.
    async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What was touched: what is followed, and what is not any more.
    fn take_touched(&self) -> (Vec<TopicIdPartition>, Vec<TopicIdPartition>) {
        let mut following = self.following();
        let touched = std::mem::take(&mut following.touched);
        touched.into_iter().partition(|id| following.all.contains(id))
    }

    fn following(&self) -> MutexGuard<'_, Following> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fetchers of this broker.
pub struct Fetchers {
    assigned: Mutex<Assigned>,
    lost: Lost,
    begin: mpsc::UnboundedSender<Arc<Lane>>,
    beginning: Mutex<Option<mpsc::UnboundedReceiver<Arc<Lane>>>>,
}

#[derive(Default)]
struct Assigned {
    lanes: BTreeMap<LaneKey, Arc<Lane>>,
    of: BTreeMap<TopicIdPartition, Followed>,
}

impl Default for Fetchers {
    fn default() -> Self {
        let (begin, beginning) = mpsc::unbounded_channel();
        Self {
            assigned: Mutex::default(),
            lost: Lost::default(),
            begin,
            beginning: Mutex::new(Some(beginning)),
        }
    }
}

/// What becomes of a partition in a step of the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    lane: LaneKey,
    epoch: LeaderEpoch,
    throttled: bool,
}

impl Followed {
    /// Whom a hosted partition follows; none when this broker leads it, or nobody does.
    #[must_use]
    pub fn of(hosting: &Hosting) -> Option<Self> {
        match hosting.role {
            Role::Follower { epoch, leader: Some(leader) } => {
                let lane = LaneKey { leader, fsync: hosting.settings.durability == Durability::Fsync };
                Some(Self { lane, epoch, throttled: hosting.settings.throttled_follower })
            }
            _ => None,
        }
    }
}

impl Fetchers {
    /// Follows the metadata. To be called when the log threads have done so, and the broker's image is the new one.
    pub fn follow(&self, changes: impl Iterator<Item = (TopicIdPartition, Option<Followed>)>) {
        let mut assigned = self.assigned.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, now) in changes {
            let before = match now {
                Some(now) => assigned.of.insert(id, now),
                None => assigned.of.remove(&id),
            };
            if before == now {
                continue;
            }
            if let Some(before) = before
                && now.is_none_or(|now| now.lane != before.lane)
                && let Some(lane) = assigned.lanes.get(&before.lane)
            {
                lane.touch(id, false);
            }
            if let Some(now) = now {
                self.lane(&mut assigned, now.lane).touch(id, true);
            }
        }
    }

    fn lane<'a>(&self, assigned: &'a mut Assigned, key: LaneKey) -> &'a Lane {
        assigned.lanes.entry(key).or_insert_with(|| {
            let lane = Arc::new(Lane { key, following: Mutex::default(), changed: Notify::new() });
            let _ = self.begin.send(Arc::clone(&lane)); // nobody fetches when the broker ends
            lane
        })
    }

    /// Fetches from now on, until `closing`.
    pub fn start(broker: &Arc<Broker>, closing: &Closing) {
        let beginning = broker.fetchers.beginning.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut beginning) = beginning else { return };
        let (owner, closing) = (Arc::clone(broker), closing.clone());
        let task = async move {
            loop {
                let lane = tokio::select! {
                    biased;
                    () = closing.wait() => return,
                    lane = beginning.recv() => lane,
                };
                let Some(lane) = lane else { return };
                let (fetcher, closing) = (Fetcher::new(Arc::clone(&owner), lane), closing.clone());
                let task = async move {
                    tokio::select! {
                        biased;
                        () = closing.wait() => {}
                        () = fetcher.run() => {}
                    }
                };
                owner.world.spawn.spawn("fetcher", Box::pin(task));
            }
        };
        broker.world.spawn.spawn("fetchers", Box::pin(task));
    }
}

impl Broker {
    /// Hands over what is led here and replicated elsewhere: nothing more is appended until another leads, or `deadline`. Resolves
    /// when every in-sync replica has everything, or at the deadline; says whether they have.
    pub async fn drain(&self, deadline: Mono) -> bool {
        let begun = self.shards.all().map(|shard| shard.ask(move |shard| shard.drain(deadline)));
        let begun: Vec<_> = futures::future::join_all(begun).await.into_iter().flatten().flatten().collect();
        // one that is dropped is led by another already
        let all = futures::future::join_all(begun);
        self.world.deadline(deadline, all).await.is_ok()
    }
}
