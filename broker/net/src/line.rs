//! The requests of one connection that are started and not answered, between its reading and its writing half.
//!
//! Both halves are one task, and tell each other through [`Line::run`] and not through a waker: a waker would schedule the task once
//! more for every request, and wake another thread of the runtime to look for work that is not there.

use crate::Reply;
use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

/// Replies to wait for, in turn.
pub(crate) struct Line {
    unanswered_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    unanswered: usize,
    /// The reading half waits for room.
    is_blocked: bool,
    /// There will be no more.
    is_whole: bool,
}

impl Line {
    pub(crate) fn new(unanswered_max: usize) -> Self {
        Self { unanswered_max: unanswered_max.max(1), state: Mutex::default() }
    }

    /// Resolves when one more request may be started. For the reading half.
    pub(crate) async fn room(&self) {
        poll_fn(|_| {
            let mut state = self.state();
            state.is_blocked = state.unanswered >= self.unanswered_max;
            if state.is_blocked { Poll::Pending } else { Poll::Ready(()) }
        })
        .await
    }

    /// A request was started. For the reading half.
    pub(crate) fn push(&self, reply: Reply) {
        let mut state = self.state();
        state.unanswered += 1;
        state.replies.push_back(reply);
    }

    /// The next reply; none when all requests were answered and there will be no more. For the writing half.
    pub(crate) async fn next(&self) -> Option<Reply> {
        poll_fn(|_| {
            let mut state = self.state();
            match state.replies.pop_front() {
                None if !state.is_whole => Poll::Pending,
                next => Poll::Ready(next),
            }
        })
        .await
    }

    /// What [`Line::next`] gave was answered. For the writing half.
    pub(crate) fn answered(&self) {
        self.state().unanswered -= 1;
    }

    /// Whether nobody waits for an answer.
    pub(crate) fn is_empty(&self) -> bool {
        self.state().unanswered == 0
    }

    /// Runs the halves until the writing one ends: what was started is answered, also when no more comes.
    pub(crate) async fn run(&self, reading: impl Future<Output = ()>, writing: impl Future<Output = ()>) {
        let (mut reading, mut writing) = (pin!(reading), pin!(writing));
        let mut is_whole = false;
        poll_fn(|context| {
            loop {
                is_whole = is_whole || reading.as_mut().poll(context).is_ready();
                self.state().is_whole = is_whole;
                if writing.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
                let state = self.state();
                let has_room = state.is_blocked && state.unanswered < self.unanswered_max;
                if is_whole || !has_room {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Answer;
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Wake, Waker},
    };

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Starts `requests` at once, of which `unanswered_max` may be under way; none is answered before it is started.
    fn check(requests: usize, unanswered_max: usize, more_comes: bool) {
        let line = Line::new(unanswered_max);
        let (started, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let reading = async {
            for _ in 0..requests {
                line.room().await;
                started.fetch_add(1, Ordering::Relaxed);
                line.push(Box::pin(async { Answer::Nothing }));
                let under_way = started.load(Ordering::Relaxed) - answered.load(Ordering::Relaxed);
                assert!(under_way <= unanswered_max);
            }
            if more_comes {
                std::future::pending::<()>().await;
            }
        };
        let writing = async {
            while let Some(reply) = line.next().await {
                reply.await;
                answered.fetch_add(1, Ordering::Relaxed);
                line.answered();
            }
        };
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut running = pin!(line.run(reading, writing));
        let done = running.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        assert_eq!(done, !more_comes);
        assert_eq!(answered.load(Ordering::Relaxed), requests);
        assert!(line.is_empty());
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0, "one poll does it all");
    }

    #[test]
    fn answers_all_in_one_poll() {
        check(0, 1, true);
        check(1, 1, true);
        check(10, 1, true);
        check(10, 3, true);
        check(10, 3, false);
        check(0, 3, false);
    }
}
