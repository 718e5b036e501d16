//! What log threads ask of others: to ask the controller for another ISR, to flush, to unlink.

use klamm_replication::Proposal;
use klamm_storage::Removal;
use klamm_types::TopicIdPartition;
use klamm_world::World;
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Notify, futures::Notified, mpsc};

/// An ISR that a leader on this broker asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// For which partition.
    pub id: TopicIdPartition,
    /// The ISR.
    pub proposal: Proposal,
}

/// The way out of all log threads.
pub struct Outbox {
    world: World,
    proposals: mpsc::UnboundedSender<Asked>,
    asked: Mutex<Option<mpsc::UnboundedReceiver<Asked>>>,
    flush: Notify,
    synced: Notify,
}

impl Outbox {
    pub(super) fn new(world: World) -> Self {
        let (proposals, asked) = mpsc::unbounded_channel();
        Self { world, proposals, asked: Mutex::new(Some(asked)), flush: Notify::new(), synced: Notify::new() }
    }

    /// What leaders ask for, for the one who carries it to the controller: there is one only.
    #[must_use]
    pub fn take_asked(&self) -> Option<mpsc::UnboundedReceiver<Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Resolves when a log has something that must be on the disk before it counts.
    pub async fn flush_wanted(&self) {
        self.flush.notified().await;
    }

    /// Resolves when, from now on, something that a follower must have on its disk is there.
    pub fn synced(&self) -> Notified<'_> {
        self.synced.notified()
    }

    pub(super) fn is_synced(&self) {
        self.synced.notify_waiters();
    }

    pub(super) fn propose(&self, id: TopicIdPartition, proposal: Proposal) {
        let _ = self.proposals.send(Asked { id, proposal }); // nobody carries it when the broker ends
    }

    pub(super) fn must_flush(&self) {
        self.flush.notify_one();
    }

    pub(super) fn unlink(&self, removal: Removal) {
        if !removal.is_empty() {
            let unlinking = self.world.spawn.blocking(Box::new(move || removal.run()));
            self.world.spawn.spawn("unlink", unlinking);
        }
    }
}
