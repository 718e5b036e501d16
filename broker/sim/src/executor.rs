//! Tasks and timers of all hosts, on one thread, in virtual time: of the tasks that are ready a random one runs next; when
//! none is, time jumps to the next timer. Why not tokio's paused runtime: docs/adr/0003-own-executor-in-the-simulation.md.

use crate::{HostId, Incarnation, Random, Trace};
use klamm_world::BoxFuture;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, Weak},
    task::{Context, Poll, Wake, Waker},
};

/// So many polls without time moving on are a loop that never ends.
const POLLS_MAX: u64 = 1_000_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TaskId(u64);

struct Task {
    owner: Incarnation,
    /// Taken out while it is polled.
    future: Option<BoxFuture<'static, ()>>,
    queued: bool,
}

/// The tasks of all hosts and the time.
pub(crate) struct Executor {
    this: Weak<Executor>,
    trace: Arc<Trace>,
    state: Mutex<State>,
}

struct State {
    now: u64,
    tasks: BTreeMap<TaskId, Task>,
    next_task: u64,
    ready: Vec<TaskId>,
    timers: BinaryHeap<Reverse<Timer>>,
    next_timer: u64,
    paused: BTreeSet<HostId>,
    random: Random,
    /// Once in so many polls the task waits a little first, as a busy core makes it.
    hesitate_once_in: u64,
    polls_at_once: u64,
}

struct Timer {
    at: u64,
    /// Timers of one instant fire in the order they were set.
    number: u64,
    slot: Arc<Mutex<Option<Waker>>>,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Timer {}
impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// What a step of the executor did.
pub(crate) enum Step {
    /// It polled a task.
    Polled,
    /// It moved time to the next timer.
    Waited,
    /// Nothing is ready and no timer is set: nothing will ever happen again.
    Idle,
}

impl Executor {
    pub(crate) fn new(mut random: Random, trace: Arc<Trace>) -> Arc<Self> {
        let hesitate_once_in = [0, 256, 32, 8][random.within(0..4) as usize];
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            trace,
            state: Mutex::new(State {
                now: 0,
                tasks: BTreeMap::new(),
                next_task: 0,
                ready: Vec::new(),
                timers: BinaryHeap::new(),
                next_timer: 0,
                paused: BTreeSet::new(),
                random,
                hesitate_once_in,
                polls_at_once: 0,
            }),
        })
    }

    /// Nanoseconds since the simulation began.
    pub(crate) fn now(&self) -> u64 {
        self.state().now
    }

    pub(crate) fn spawn(&self, owner: Incarnation, name: &str, future: BoxFuture<'static, ()>) {
        let mut state = self.state();
        let id = TaskId(state.next_task);
        state.next_task += 1;
        state.tasks.insert(id, Task { owner, future: Some(future), queued: true });
        state.ready.push(id);
        let now = state.now;
        drop(state);
        self.trace.event(now, owner.host, "spawn", &[id.0], name);
    }

    /// Polls a random task that is ready, or else moves time.
    pub(crate) fn step(&self) -> Step {
        let mut state = self.state();
        let Some(id) = state.next_ready() else { return self.advance(state) };
        let once_in = state.hesitate_once_in;
        if state.random.once_in(once_in) {
            let delay = state.random.by_magnitude(500..200_000);
            let at = state.now + delay;
            state.set_timer(at, Arc::new(Mutex::new(Some(self.waker(id)))));
            return Step::Polled;
        }
        state.polls_at_once += 1;
        assert!(state.polls_at_once < POLLS_MAX, "a loop that never ends: {POLLS_MAX} polls in one instant");
        let Some(task) = state.tasks.get_mut(&id) else { return Step::Polled };
        let Some(mut future) = task.future.take() else { return Step::Polled };
        let owner = task.owner;
        drop(state);
        let poll = crate::current::with_host(owner.host, || {
            future.as_mut().poll(&mut Context::from_waker(&self.waker(id)))
        });
        let mut state = self.state();
        if poll.is_ready() {
            state.tasks.remove(&id);
        } else if let Some(task) = state.tasks.get_mut(&id) {
            task.future = Some(future);
            return Step::Polled;
        }
        drop(state); // the future's destructors may wake tasks
        Step::Polled
    }

    fn advance(&self, mut state: MutexGuard<'_, State>) -> Step {
        while let Some(Reverse(timer)) = state.timers.pop() {
            let waker = timer.slot.lock().expect("held for an assignment only").take();
            let Some(waker) = waker else { continue }; // given up meanwhile: time need not stop there
            state.now = state.now.max(timer.at);
            state.polls_at_once = 0;
            drop(state);
            waker.wake();
            return Step::Waited;
        }
        Step::Idle
    }

    /// Drops the tasks of a process that is no more.
    pub(crate) fn drop_tasks(&self, owner: Incarnation) {
        let mut state = self.state();
        let ids: Vec<_> =
            state.tasks.iter().filter(|(_, task)| task.owner == owner).map(|(id, _)| *id).collect();
        let dropped: Vec<_> = ids.iter().filter_map(|id| state.tasks.remove(id)).collect();
        drop(state);
        drop(dropped); // outside of the lock: their destructors wake others
    }

    /// Drops every task: the end of a run.
    pub(crate) fn clear(&self) {
        let tasks = std::mem::take(&mut self.state().tasks);
        drop(tasks);
        self.state().timers.clear();
    }

    /// Polls no task of `host` while it is paused (SIGSTOP, a frozen virtual machine).
    pub(crate) fn pause(&self, host: HostId, paused: bool) {
        let mut state = self.state();
        if paused {
            state.paused.insert(host);
        } else {
            state.paused.remove(&host);
            let mut waiting: Vec<_> = state
                .tasks
                .iter()
                .filter(|(_, task)| task.owner.host == host && task.queued)
                .map(|(id, _)| *id)
                .collect();
            waiting.retain(|id| !state.ready.contains(id));
            state.ready.extend(waiting);
        }
    }

    /// Wakes `waker` at `at`.
    pub(crate) fn wake_at(&self, at: u64, waker: Waker) {
        self.state().set_timer(at, Arc::new(Mutex::new(Some(waker))));
    }

    /// Resolves at `at`.
    pub(crate) fn sleep_until(&self, at: u64) -> Sleep {
        let executor = self.this.upgrade().expect("called through it");
        Sleep { executor, at, slot: None }
    }

    fn waker(&self, id: TaskId) -> Waker {
        Waker::from(Arc::new(TaskWaker { id, executor: self.this.clone() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no task is polled, waked or dropped under this lock")
    }
}

impl State {
    fn next_ready(&mut self) -> Option<TaskId> {
        loop {
            let id = self.random.take(&mut self.ready)?;
            let Some(task) = self.tasks.get_mut(&id) else { continue };
            if self.paused.contains(&task.owner.host) {
                continue; // stays queued: `pause` puts it back
            }
            task.queued = false;
            return Some(id);
        }
    }

    fn set_timer(&mut self, at: u64, slot: Arc<Mutex<Option<Waker>>>) {
        let number = self.next_timer;
        self.next_timer += 1;
        self.timers.push(Reverse(Timer { at, number, slot }));
    }
}

struct TaskWaker {
    id: TaskId,
    executor: Weak<Executor>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let Some(executor) = self.executor.upgrade() else { return };
        let mut state = executor.state();
        let Some(task) = state.tasks.get_mut(&self.id) else { return };
        if !std::mem::replace(&mut task.queued, true) {
            state.ready.push(self.id);
        }
    }
}

/// A timer of virtual time.
pub(crate) struct Sleep {
    executor: Arc<Executor>,
    at: u64,
    slot: Option<Arc<Mutex<Option<Waker>>>>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.executor.state();
        if state.now >= self.at {
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        if let Some(slot) = &self.slot {
            *slot.lock().expect("held for an assignment only") = waker;
            return Poll::Pending;
        }
        let slot = Arc::new(Mutex::new(waker));
        state.set_timer(self.at, slot.clone());
        drop(state);
        self.slot = Some(slot);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(slot) = &self.slot {
            *slot.lock().expect("held for an assignment only") = None;
        }
    }
}
