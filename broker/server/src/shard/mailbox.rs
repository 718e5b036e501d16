//! The mailbox of a log thread: what comes in while one batch is worked on is the next batch.
//!
//! To wake a thread and to be woken by it costs more than most requests' work. So a shard that has nothing to do lends itself to
//! the task that would wake it, for work that is short (docs/adr/0008-shards-are-lent.md). What is long, what comes while a shard
//! is busy, and everything while its disk is slow, goes to its thread.

use super::{ProduceWork, Shard};
use klamm_types::Mono;
use klamm_world::World;
use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// Pieces of work taken from the mailbox at once.
const DRAIN_MAX: usize = 256;

/// Appends of up to so many bytes take about as long as waking a thread: what is larger is better done beside the reading of the
/// next request.
const QUICK_BYTES_MAX: usize = 64 * 1024;

/// Lent work that took longer waited for the disk: a write of [`QUICK_BYTES_MAX`] to the page cache takes some 30 µs.
const SLOW: Duration = Duration::from_millis(2);

/// For so long a shard that was slow keeps its work to its thread, so that a slow disk delays no other connections.
const SLOW_FOR: Duration = Duration::from_secs(1);

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
    shared: Arc<Shared>,
}

struct Shared {
    world: World,
    /// None once it has stopped.
    shard: Mutex<Option<Shard>>,
    /// Pieces of work that were sent and are not done: counted down before the shard is unlocked, so that who holds the shard and
    /// reads zero sees everything done that was sent before.
    queued: AtomicU64,
    /// Until when nothing is lent, in nanoseconds of the monotonic clock.
    slow_until: AtomicU64,
}

/// A shard that does the work of the task that holds this, and nobody else's.
struct Lent<'a> {
    shard: MutexGuard<'a, Option<Shard>>,
    shared: &'a Shared,
    since: Mono,
}

impl ShardHandle {
    /// Starts a shard on a thread of its own.
    pub(crate) fn start(world: &World, name: String, shard: Shard) -> Self {
        let (mailbox, incoming) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            world: world.clone(),
            shard: Mutex::new(Some(shard)),
            queued: AtomicU64::new(0),
            slow_until: AtomicU64::new(0),
        });
        world.spawn.thread(name, Box::pin(run(Arc::clone(&shared), incoming)));
        Self { mailbox, shared }
    }

    /// Puts work in line, without waiting. After the shard has stopped nothing happens: its process is ending.
    pub(crate) fn send(&self, work: Work) {
        self.shared.queued.fetch_add(1, Ordering::Relaxed);
        let _ = self.mailbox.send(work);
    }

    /// Appends at once, where the shard is idle and `bytes` are few, else puts the batches in line. Without waiting, as
    /// [`ShardHandle::send`].
    pub(crate) fn produce(&self, work: ProduceWork, bytes: usize) {
        match (bytes <= QUICK_BYTES_MAX).then(|| self.shared.lend()).flatten() {
            Some(mut shard) => {
                shard.stage(work);
                shard.write_staged();
            }
            None => self.send(Work::Produce(work)),
        }
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

    /// As [`ShardHandle::ask`], for work that never waits for a device: done at once where the shard is idle.
    pub async fn ask_quick<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Shard) -> T + Send + 'static,
    ) -> Option<T> {
        if let Some(mut shard) = self.shared.lend() {
            return Some(work(&mut shard));
        }
        self.ask(work).await
    }

    /// As [`ShardHandle::ask`], for work that appends so many bytes and waits for no device beside that, if any are given: done at
    /// once where the shard is idle and they are few.
    pub async fn ask_short<T: Send + 'static>(
        &self,
        bytes: Option<usize>,
        work: impl FnOnce(&mut Shard) -> T + Send + 'static,
    ) -> Option<T> {
        match bytes {
            Some(bytes) if bytes <= QUICK_BYTES_MAX => self.ask_quick(work).await,
            _ => self.ask(work).await,
        }
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
        self.shared.queued.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// The shard, when nothing is in line before who asks, nobody has it and its disk is not slow.
    fn lend(&self) -> Option<Lent<'_>> {
        if self.queued.load(Ordering::Relaxed) > 0 || !self.world.spawn.lends() {
            return None;
        }
        let shard = match self.shard.try_lock() {
            Ok(shard) => shard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let since = self.world.clock.now().mono;
        let lent = shard.is_some()
            && self.queued.load(Ordering::Relaxed) == 0
            && since.0 >= self.slow_until.load(Ordering::Relaxed);
        lent.then_some(Lent { shard, shared: self, since })
    }

    fn own(&self) -> MutexGuard<'_, Option<Shard>> {
        self.shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Lent<'_> {
    type Target = Shard;

    fn deref(&self) -> &Shard {
        self.shard.as_ref().expect("only a shard that is there is lent")
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Shard {
        self.shard.as_mut().expect("only a shard that is there is lent")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let now = self.shared.world.clock.now().mono;
        if now.since(self.since) > SLOW {
            self.shared.slow_until.store(now.plus(SLOW_FOR).0, Ordering::Relaxed);
        }
    }
}

async fn run(shared: Arc<Shared>, mut incoming: mpsc::UnboundedReceiver<Work>) {
    let mut batch = Vec::with_capacity(DRAIN_MAX);
    loop {
        let count = incoming.recv_many(&mut batch, DRAIN_MAX).await;
        let mut own = shared.own();
        let Some(shard) = own.as_mut().filter(|_| count > 0) else { return };
        for work in batch.drain(..) {
            match work {
                Work::Produce(work) => shard.stage(work),
                Work::Do(work) => {
                    shard.write_staged();
                    work(shard);
                }
            }
        }
        shard.write_staged();
        shared.queued.fetch_sub(count as u64, Ordering::Relaxed);
        if shard.is_stopped() {
            *own = None; // closes its logs; nothing is lent any more
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::{LogDirs, Outbox};
    use futures::poll;
    use klamm_types::{BrokerId, Now, Wall};
    use klamm_world::{BoxFuture, Clock, real};
    use std::pin::pin;

    const THREAD: &str = "klamm-log-test";

    /// A clock that stands until somebody moves it.
    #[derive(Default)]
    struct Standing(AtomicU64);

    impl Standing {
        fn pass(&self, time: Duration) {
            self.0.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
        }
    }

    impl Clock for Standing {
        fn now(&self) -> Now {
            Now { mono: Mono(self.0.load(Ordering::Relaxed)), wall: Wall(0) }
        }

        fn sleep_until(&self, _: Mono) -> BoxFuture<'static, ()> {
            Box::pin(std::future::pending())
        }
    }

    fn start() -> (ShardHandle, Arc<Standing>) {
        let clock = Arc::new(Standing::default());
        let world = World { clock: Arc::<Standing>::clone(&clock), ..real::world() };
        let dirs = Arc::new(LogDirs::new(Vec::new()));
        let shard = Shard::new(world.clone(), BrokerId(1), dirs, Arc::new(Outbox::new(world.clone())));
        (ShardHandle::start(&world, THREAD.to_owned(), shard), clock)
    }

    fn on_its_thread(_: &mut Shard) -> bool {
        std::thread::current().name() == Some(THREAD)
    }

    /// Its thread answers before it lets go of the shard.
    async fn lent_again(shard: &ShardHandle) {
        let lent = async { while shard.ask_quick(on_its_thread).await != Some(false) {} };
        tokio::time::timeout(Duration::from_secs(60), lent).await.expect("an idle shard is lent");
    }

    #[tokio::test]
    async fn an_idle_shard_is_lent_and_a_busy_one_is_not() {
        let (shard, _) = start();
        assert_eq!(shard.ask_quick(on_its_thread).await, Some(false));
        assert_eq!(shard.ask(on_its_thread).await, Some(true));
        let (release, released) = std::sync::mpsc::channel();
        shard.send(Work::Do(Box::new(move |_| released.recv().expect("it is released"))));
        let mut asked = pin!(shard.ask_quick(on_its_thread));
        assert!(poll!(&mut asked).is_pending(), "what came before is not done");
        release.send(()).expect("the thread waits");
        assert_eq!(asked.await, Some(true));
        lent_again(&shard).await;
        assert_eq!(shard.queued(), 0);
    }

    #[tokio::test]
    async fn a_shard_whose_disk_is_slow_keeps_its_work() {
        let (shard, clock) = start();
        let slow = Arc::clone(&clock);
        shard.ask_quick(move |_| slow.pass(SLOW * 2)).await;
        assert_eq!(shard.ask_quick(on_its_thread).await, Some(true));
        clock.pass(SLOW_FOR);
        lent_again(&shard).await;
    }

    #[tokio::test]
    async fn a_shard_that_has_stopped_is_not_lent() {
        let (shard, _) = start();
        shard.stop().await;
        assert_eq!(shard.ask_quick(on_its_thread).await, None);
    }
}
