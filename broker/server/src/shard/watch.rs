//! Long polls: who waits for records, and which partitions have something for it.
//!
//! A fetch session, or a fetch without one, has one [`Watch`], and an [`Interest`] for each of its partitions, which these hold
//! weakly: they forget it when its owner drops it. What comes to a partition marks its interests, so that a fetch looks at marked
//! partitions only, however many it has named.

use crate::fetch::Named;
use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
};

/// What a fetch waits with.
#[derive(Debug, Default)]
pub struct Watch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    marked: Vec<Named>,
    /// Something came that is worth waking for.
    came: bool,
    waker: Option<Waker>,
}

impl Watch {
    /// Resolves when something has come since [`Watch::take`]. One task waits at a time.
    pub async fn wait(&self) {
        poll_fn(|context| {
            let mut state = self.state();
            if std::mem::take(&mut state.came) {
                return Poll::Ready(());
            }
            state.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// The partitions that were marked. Whoever takes them calls [`Interest::unmark`] and then looks at them.
    #[must_use]
    pub fn take(&self) -> Vec<Named> {
        let mut state = self.state();
        state.came = false;
        std::mem::take(&mut state.marked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who reads a partition: what is news to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Wants what is committed.
    Consumer,
    /// Wants what is appended, and hears of what is committed when there is something else to say.
    Follower,
    /// One that consumers read from (KIP-392): what is committed is news to it too, lest they wait for it.
    FollowerOfReaders,
}

/// One partition of a watch.
#[derive(Debug)]
pub struct Interest {
    watch: Arc<Watch>,
    named: Named,
    reader: Reader,
    /// Whether the watch has it among the marked: it is there once at most.
    marked: AtomicBool,
}

impl Interest {
    /// The interest of `watch` in the partition that its owner calls `named`.
    #[must_use]
    pub fn new(watch: &Arc<Watch>, named: Named, reader: Reader) -> Arc<Self> {
        Arc::new(Self { watch: Arc::clone(watch), named, reader, marked: AtomicBool::new(false) })
    }

    /// From now on it can be marked again.
    pub fn unmark(&self) {
        self.marked.store(false, Ordering::SeqCst);
    }

    fn mark(&self, wakes: bool) {
        let marked = self.marked.swap(true, Ordering::SeqCst);
        if marked && !wakes {
            return;
        }
        let mut state = self.watch.state();
        if !marked {
            state.marked.push(self.named.clone());
        }
        state.came |= wakes;
        let waker = if wakes { state.waker.take() } else { None };
        drop(state); // who is woken takes the lock
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// What came to a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Records were appended.
    Appended,
    /// Records were committed.
    Committed,
    /// The log's start moved.
    Bounds,
    /// Its leadership ended, or another epoch began.
    Ended,
}

/// Who is interested in one partition.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Vec<Weak<Interest>>);

impl Watchers {
    /// Adds an interest, once; forgets those that are gone.
    pub(crate) fn add(&mut self, interest: &Arc<Interest>) {
        self.0.retain(|one| one.strong_count() > 0 && !std::ptr::eq(one.as_ptr(), Arc::as_ptr(interest)));
        self.0.push(Arc::downgrade(interest));
    }

    /// Marks all for whom this is news, and wakes those who wait for it.
    pub(crate) fn hear(&mut self, news: News) {
        self.0.retain(|interest| {
            let Some(interest) = interest.upgrade() else { return false };
            match (news, interest.reader) {
                (News::Appended, Reader::Consumer) => {}
                (News::Appended, Reader::Follower | Reader::FollowerOfReaders)
                | (News::Committed, Reader::Consumer | Reader::FollowerOfReaders)
                | (News::Ended, _) => interest.mark(true),
                (News::Committed, Reader::Follower) | (News::Bounds, _) => interest.mark(false),
            }
            true
        });
        if self.0.is_empty() {
            self.0 = Vec::new(); // idle partitions keep nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use klamm_types::{PartitionIndex, Str, TopicId};

    fn named(partition: i32) -> Named {
        Named { id: TopicId::default(), name: Str::from("t"), partition: PartitionIndex(partition) }
    }

    /// Whether `reader` is woken by `news`, and whether it has the partition among the marked then.
    fn check(reader: Reader, news: News, expected: (bool, bool)) {
        let (mut watchers, watch) = (Watchers::default(), Arc::default());
        let interest = Interest::new(&watch, named(3), reader);
        watchers.add(&interest);
        watchers.hear(news);
        watchers.hear(news);
        let woken = watch.wait().now_or_never().is_some();
        let marked = watch.take();
        assert_eq!((woken, !marked.is_empty()), expected, "{reader:?} {news:?}");
        assert!(marked.len() <= 1, "once, however often it was told");
    }

    #[test]
    fn each_reader_hears_what_is_news_to_it() {
        check(Reader::Consumer, News::Appended, (false, false));
        check(Reader::Consumer, News::Committed, (true, true));
        check(Reader::Consumer, News::Bounds, (false, true));
        check(Reader::Consumer, News::Ended, (true, true));
        check(Reader::Follower, News::Appended, (true, true));
        check(Reader::Follower, News::Committed, (false, true));
        check(Reader::Follower, News::Bounds, (false, true));
        check(Reader::Follower, News::Ended, (true, true));
        check(Reader::FollowerOfReaders, News::Appended, (true, true));
        check(Reader::FollowerOfReaders, News::Committed, (true, true));
        check(Reader::FollowerOfReaders, News::Bounds, (false, true));
    }

    #[test]
    fn what_was_taken_can_be_marked_again() {
        let (mut watchers, watch) = (Watchers::default(), Arc::default());
        let interest = Interest::new(&watch, named(3), Reader::Consumer);
        watchers.add(&interest);
        watchers.hear(News::Committed);
        assert_eq!(watch.take(), [named(3)]);
        assert!(watch.wait().now_or_never().is_none(), "it was taken");
        interest.unmark();
        watchers.hear(News::Committed);
        assert_eq!(watch.take(), [named(3)]);
    }

    #[test]
    fn forgets_who_is_gone_and_knows_each_once() {
        let mut watchers = Watchers::default();
        let watch = Arc::default();
        let stays = Interest::new(&watch, named(0), Reader::Consumer);
        for _ in 0..100 {
            watchers.add(&stays);
            watchers.add(&Interest::new(&watch, named(1), Reader::Consumer));
        }
        assert!(watchers.0.len() <= 2);
        drop(stays);
        watchers.hear(News::Committed);
        assert!(watchers.0.is_empty());
    }
}
