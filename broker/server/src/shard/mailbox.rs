//! The mailbox of a log thread: what comes in while one batch is worked on is the next batch.

use super::{ProduceWork, Shard};
use klamm_world::World;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{mpsc, oneshot};

/// Pieces of work taken from the mailbox at once.
const DRAIN_MAX: usize = 256;

/// Work on the logs of a shard, done in order.
pub(crate) enum Work {
    /// Batches to append.
    Produce(ProduceWork),
    /// Anything else; sees every append that came before it.
    Do(Box<dyn FnOnce(&mut Shard) + Send>),
}

/// The way to a shard. Cheap to clone. What bounds the mailbox is the memory budget of the requests in it.
#[derive(Clone)]
pub struct ShardHandle {
    mailbox: mpsc::UnboundedSender<Work>,
    queued: Arc<AtomicU64>,
}

impl ShardHandle {
    /// Starts a shard on a thread of its own.
    pub(crate) fn start(world: &World, name: String, shard: Shard) -> Self {
        let (mailbox, incoming) = mpsc::unbounded_channel();
        let queued = Arc::new(AtomicU64::new(0));
        world.spawn.thread(name, Box::pin(run(shard, incoming, Arc::clone(&queued))));
        Self { mailbox, queued }
    }

    /// Puts work in line, without waiting. After the shard has stopped nothing happens: its process is ending.
    pub(crate) fn send(&self, work: Work) {
        self.queued.fetch_add(1, Ordering::Relaxed);
        let _ = self.mailbox.send(work);
    }

    /// Puts `work` in line and waits for its result; none when the shard has stopped.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Shard) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, result) = oneshot::channel();
        self.send(Work::Do(Box::new(move |shard| {
            let _ = reply.send(work(shard)); // who asked may be gone
        })));
        result.await.ok()
    }

    /// Ends the thread once what waits is done; resolves when its logs are closed.
    pub async fn stop(&self) {
        let (ended, wait) = oneshot::channel();
        self.send(Work::Do(Box::new(|shard| shard.stop(ended))));
        let _ = wait.await; // it is dropped, not sent
    }

    /// Pieces of work that wait.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.queued.load(Ordering::Relaxed)
    }
}

async fn run(mut shard: Shard, mut incoming: mpsc::UnboundedReceiver<Work>, queued: Arc<AtomicU64>) {
    let mut batch = Vec::with_capacity(DRAIN_MAX);
    while !shard.is_stopped() {
        let count = incoming.recv_many(&mut batch, DRAIN_MAX).await;
        if count == 0 {
            return;
        }
        for work in batch.drain(..) {
            match work {
                Work::Produce(work) => shard.stage(work),
                Work::Do(work) => {
                    shard.write_staged();
                    work(&mut shard);
                }
            }
        }
        shard.write_staged();
        queued.fetch_sub(count as u64, Ordering::Relaxed);
    }
}
