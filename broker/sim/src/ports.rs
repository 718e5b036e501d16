//! Time, randomness and tasks of one incarnation of a host.

use crate::{host::Machine, life::Life};
use klamm_types::{Mono, Now, Wall};
use klamm_world::{BoxFuture, Clock, Entropy, Spawn};
use std::sync::Arc;

/// The wall time at which every simulation begins: 2026-01-01T00:00:00Z.
const BEGIN: Wall = Wall(1_767_225_600_000);

/// A host's clock: how it differs from the time of the simulation.
#[derive(Debug, Default)]
pub(crate) struct ClockState {
    /// The instant of the simulation at which its monotonic time was `mono`.
    base: u64,
    mono: u64,
    /// Parts in a million by which it runs fast.
    fast_ppm: i64,
    /// Milliseconds by which its wall time is ahead.
    ahead: i64,
}

impl ClockState {
    /// A new process: monotonic time begins anywhere.
    pub(crate) fn restart(&mut self, now: u64, mono: u64) {
        (self.base, self.mono) = (now, mono);
    }

    pub(crate) fn set_drift(&mut self, now: u64, fast_ppm: i64) {
        let mono = self.read(now).mono.0;
        (self.base, self.mono, self.fast_ppm) = (now, mono, fast_ppm);
    }

    pub(crate) fn jump(&mut self, milliseconds: i64) {
        self.ahead += milliseconds;
    }

    pub(crate) fn read(&self, now: u64) -> Now {
        let passed = i128::from(now - self.base) * i128::from(1_000_000 + self.fast_ppm) / 1_000_000;
        let drift = passed as i64 - (now - self.base) as i64;
        let wall = BEGIN.0 + (now as i64 + drift) / 1_000_000 + self.ahead;
        Now { mono: Mono(self.mono + passed as u64), wall: Wall(wall) }
    }

    /// The instant of the simulation at which its monotonic time reaches `deadline`.
    fn instant(&self, deadline: Mono) -> u64 {
        let left = u128::from(deadline.0.saturating_sub(self.mono)) * 1_000_000;
        let left = left.div_ceil((1_000_000 + self.fast_ppm) as u128);
        self.base.saturating_add(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

pub(crate) struct SimClock {
    pub(crate) machine: Arc<Machine>,
    pub(crate) life: Arc<Life>,
}

impl Clock for SimClock {
    fn now(&self) -> Now {
        self.machine.now(&self.life)
    }

    fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
        let (machine, life) = (self.machine.clone(), self.life.clone());
        Box::pin(async move {
            while machine.now(&life).mono < deadline {
                let late = machine.schedule().random.by_magnitude(1_000..200_000);
                let at = machine.clock().instant(deadline).saturating_add(late);
                machine.executor.sleep_until(at).await;
            }
        })
    }
}

pub(crate) struct SimEntropy {
    pub(crate) machine: Arc<Machine>,
}

impl Entropy for SimEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        self.machine.entropy().fill(buffer);
    }
}

pub(crate) struct SimSpawn {
    pub(crate) machine: Arc<Machine>,
    pub(crate) life: Arc<Life>,
}

impl SimSpawn {
    fn start(&self, name: &str, task: BoxFuture<'static, ()>) {
        if self.life.alive() {
            self.machine.executor.spawn(self.life.owner, name, task);
        }
    }
}

impl Spawn for SimSpawn {
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        self.start(name, task);
    }

    fn thread(&self, name: String, task: BoxFuture<'static, ()>) {
        self.start(&name, task);
    }

    /// What a blocking call does, it does at some instant between its begin and its end.
    fn blocking(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'static, ()> {
        let (done, wait) = tokio::sync::oneshot::channel();
        let (machine, life) = (self.machine.clone(), self.life.clone());
        let task = async move {
            machine.executor.sleep_until(machine.blocking_until()).await;
            if life.alive() {
                work();
            }
            machine.executor.sleep_until(machine.blocking_until()).await;
            let _ = done.send(());
        };
        self.start("blocking", Box::pin(task));
        Box::pin(async move {
            if wait.await.is_err() {
                std::future::pending().await // the process is dead: nothing of it goes on
            }
        })
    }

    fn lends(&self) -> bool {
        self.machine.schedule().random.once_in(2)
    }

    fn cores(&self) -> usize {
        self.machine.schedule().cores
    }
}
