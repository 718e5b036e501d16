//! Time, randomness and tasks, for real.

use crate::{BoxFuture, Clock, Entropy, Spawn};
use klamm_types::{Mono, Now, Wall};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(super) struct RealClock(Instant);

impl Default for RealClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RealClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Now { mono: Mono(self.0.elapsed().as_nanos() as u64), wall: Wall(wall.as_millis() as i64) }
    }

    fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep_until((self.0 + Duration::from_nanos(deadline.0)).into()))
    }
}

pub(super) struct RealEntropy;

impl Entropy for RealEntropy {
    fn fill(&self, mut buffer: &mut [u8]) {
        while !buffer.is_empty() {
            match rustix::rand::getrandom(&mut *buffer, rustix::rand::GetRandomFlags::empty()) {
                Ok(count) => buffer = &mut buffer[count..],
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    unreachable!("getrandom fails only without the system call (Linux 3.17): {error}")
                }
            }
        }
    }
}

pub(super) struct RealSpawn(pub(super) tokio::runtime::Handle);

impl Spawn for RealSpawn {
    fn spawn(&self, _name: &'static str, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }

    fn thread(&self, name: String, task: BoxFuture<'static, ()>) {
        let handle = self.0.clone();
        let body = move || {
            // the shared runtime drives timers and sockets; this thread polls only its own task
            handle.block_on(task);
        };
        std::thread::Builder::new().name(name).spawn(body).expect("a thread can be made at start");
    }

    fn blocking(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'static, ()> {
        let running = self.0.spawn_blocking(work);
        Box::pin(async move {
            let _ = running.await;
        })
    }

    fn lends(&self) -> bool {
        true // to wake a thread costs more than to do its work
    }

    fn cores(&self) -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }
}
