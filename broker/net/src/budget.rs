//! The memory that requests may occupy. It is reserved before a body is read, so that a thousand clients who all send at once
//! wait in their sockets' buffers and not in our memory.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One permit is this many bytes: a request smaller than it costs as much.
const UNIT_BYTES: usize = 1024;

/// A number of bytes that requests share; who comes first is served first.
#[derive(Clone, Debug)]
pub struct Budget {
    permits: Arc<Semaphore>,
    units: u32,
}

/// Bytes taken from a [`Budget`], given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    _permit: OwnedSemaphorePermit,
}

impl Budget {
    /// A budget of `bytes`, at least one unit.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT_BYTES).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize)) as u32;
        Self { permits: Arc::new(Semaphore::new(units as usize)), units }
    }

    /// Waits until `bytes` are free and takes them. More than the whole budget takes the whole: the request is then alone.
    pub async fn reserve(&self, bytes: usize) -> Reservation {
        let units = bytes.div_ceil(UNIT_BYTES).clamp(1, self.units as usize) as u32;
        let permit = Arc::clone(&self.permits).acquire_many_owned(units).await;
        Reservation { _permit: permit.expect("the semaphore is never closed") }
    }

    /// Bytes not taken now.
    #[must_use]
    pub fn free_bytes(&self) -> usize {
        self.permits.available_permits() * UNIT_BYTES
    }

    /// All bytes.
    #[must_use]
    pub fn total_bytes(&self) -> usize {
        self.units as usize * UNIT_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn who_asks_for_more_than_is_free_waits() {
        let budget = Budget::new(10 * UNIT_BYTES);
        let first = budget.reserve(6 * UNIT_BYTES).now_or_never().expect("there is room");
        assert_eq!(budget.free_bytes(), 4 * UNIT_BYTES);
        assert!(budget.reserve(5 * UNIT_BYTES).now_or_never().is_none());
        drop(first);
        assert!(budget.reserve(5 * UNIT_BYTES).now_or_never().is_some());
    }

    #[test]
    fn a_request_larger_than_all_gets_all() {
        let budget = Budget::new(2 * UNIT_BYTES);
        let all = budget.reserve(usize::MAX).now_or_never();
        assert!(all.is_some());
        assert_eq!(budget.free_bytes(), 0);
    }
}
