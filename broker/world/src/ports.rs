//! Time, randomness and tasks.

use crate::{Disk, Network};
use klamm_types::{FileSlice, Mono, Now, Uuid};
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

/// Bytes read at a time to have them in the page cache.
const WARM_BYTES: usize = 128 * 1024;

/// A future behind a pointer, as object-safe traits need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Everything outside of the program, by port. Cheap to clone.
#[derive(Clone)]
pub struct World {
    /// Time and timers.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Sockets.
    pub network: Arc<dyn Network>,
    /// Files.
    pub disk: Arc<dyn Disk>,
    /// Tasks and threads.
    pub spawn: Arc<dyn Spawn>,
}

/// Time and timers.
pub trait Clock: Send + Sync {
    /// Both times.
    fn now(&self) -> Now;
    /// Resolves at `deadline` or just after it; at once when it is past.
    fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()>;
}

/// Randomness, good enough for ids and keys.
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// Tasks and threads. A task that panics ends the process (the profile's `panic = "abort"`): there are no zombies.
pub trait Spawn: Send + Sync {
    /// Runs a task on the shared runtime. `name` is for people who read a dump or a trace.
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>);
    /// Runs a task on a thread of its own, for work that writes files: `name` becomes the thread's name.
    fn thread(&self, name: String, task: BoxFuture<'static, ()>);
    /// Runs work that may block for long (fsync, cold reads) away from every task; resolves when it is done.
    fn blocking(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'static, ()>;
    /// Whether a task may now do a short piece of a thread's work in its place, when that thread has nothing to do. The
    /// simulation says no now and then, so that it finds what either way does wrong.
    fn lends(&self) -> bool;
    /// How many cores there are to use.
    fn cores(&self) -> usize;
}

/// The time given was over first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout;

impl World {
    /// Resolves after `duration`.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.clock.sleep_until(self.clock.now().mono.plus(duration))
    }

    /// `future`, or [`Timeout`] when `deadline` comes first.
    ///
    /// # Errors
    /// [`Timeout`].
    pub async fn deadline<T>(&self, deadline: Mono, future: impl Future<Output = T>) -> Result<T, Timeout> {
        let mut future = pin!(future);
        let mut timer = None;
        poll_fn(|context| {
            if let Poll::Ready(done) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(done));
            }
            let timer = timer.get_or_insert_with(|| self.clock.sleep_until(deadline));
            timer.as_mut().poll(context).map(|()| Err(Timeout))
        })
        .await
    }

    /// A random (version 4) id.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        Uuid::from_random(bytes)
    }

    /// A random number.
    #[must_use]
    pub fn random_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes);
        u64::from_ne_bytes(bytes)
    }

    /// Brings into the page cache what is not there of these stretches, away from every task, and lets the device begin with as
    /// much behind each: who reads an old part of a log goes on there. What cannot be read says so to who reads it.
    pub async fn warm(&self, slices: impl IntoIterator<Item = FileSlice>) {
        let is_cold = |slice: &FileSlice| !slice.file.is_cached(slice.position, u64::from(slice.length));
        let cold: Vec<_> = slices.into_iter().filter(is_cold).collect();
        if cold.is_empty() {
            return;
        }
        self.blocking(move || {
            let mut window = vec![0; WARM_BYTES];
            for FileSlice { file, position, length } in cold {
                let end = position + u64::from(length);
                file.read_ahead(position, u64::from(length) * 2);
                for at in (position..end).step_by(WARM_BYTES) {
                    let piece = WARM_BYTES.min((end - at) as usize);
                    if !file.read_at(&mut window[..piece], at).is_ok_and(|count| count == piece) {
                        break;
                    }
                }
            }
        })
        .await;
    }

    /// Work that may block, away from every task, and its result.
    pub async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (send, receive) = tokio::sync::oneshot::channel();
        self.spawn
            .blocking(Box::new(move || {
                let _ = send.send(work());
            }))
            .await;
        receive.await.expect("blocking work ends by sending its result, and a panic aborts the process")
    }
}
