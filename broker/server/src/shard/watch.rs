//! Long polls: who waits for records, and which partitions wake it.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// One waiting fetch. Partitions hold it weakly: when the fetch is answered and drops it, they forget it.
#[derive(Debug)]
pub struct Watch {
    missing_bytes: AtomicU64,
    ready: Notify,
}

impl Watch {
    /// A wait for `bytes` more, at least one.
    #[must_use]
    pub fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self { missing_bytes: AtomicU64::new(bytes.max(1)), ready: Notify::new() })
    }

    /// Resolves when enough has come.
    pub async fn wait(&self) {
        self.ready.notified().await;
    }

    /// `bytes` have come. `u64::MAX` wakes it in any case: something other than records is to be told.
    pub fn came(&self, bytes: u64) {
        let before = self.missing_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |missing| {
            Some(missing.saturating_sub(bytes))
        });
        if before.is_ok_and(|missing| missing > 0 && missing <= bytes) {
            self.ready.notify_one();
        }
    }
}

/// Who watches one partition.
#[derive(Debug, Default)]
pub struct Watchers(Vec<Weak<Watch>>);

impl Watchers {
    /// Adds a watch; forgets those that are gone when the list has grown.
    pub fn add(&mut self, watch: &Arc<Watch>) {
        if self.0.len() == self.0.capacity() {
            self.0.retain(|watch| watch.strong_count() > 0);
        }
        self.0.push(Arc::downgrade(watch));
    }

    /// Tells all that `bytes` have come.
    pub fn came(&mut self, bytes: u64) {
        self.0.retain(|watch| match watch.upgrade() {
            Some(watch) => {
                watch.came(bytes);
                true
            }
            None => false,
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

    #[test]
    fn wakes_when_enough_has_come() {
        let mut watchers = Watchers::default();
        let watch = Watch::new(100);
        watchers.add(&watch);
        watchers.came(99);
        assert!(watch.wait().now_or_never().is_none());
        watchers.came(1);
        assert!(watch.wait().now_or_never().is_some());
    }

    #[test]
    fn forgets_who_is_gone() {
        let mut watchers = Watchers::default();
        for _ in 0..100 {
            watchers.add(&Watch::new(1));
        }
        assert!(watchers.0.len() < 10);
        watchers.came(1);
        assert!(watchers.0.is_empty());
    }
}
