//! Where the active controller is, as far as this node knows.

use klamm_quorum::Endpoint;
use klamm_types::{BrokerId, LeaderEpoch};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Who leads the metadata quorum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leadership {
    /// The quorum's epoch.
    pub epoch: LeaderEpoch,
    /// Its leader; none while that is not known.
    pub leader: Option<BrokerId>,
    /// Where the leader's controller listeners are.
    pub endpoints: Vec<Endpoint>,
    /// Whether this node is the active controller and takes decisions: it leads, and all that was committed before its epoch
    /// is applied here.
    pub active: bool,
}

/// The newest [`Leadership`], and who waits for another.
#[derive(Default)]
pub(super) struct LeadershipView {
    now: Mutex<Leadership>,
    changed: Notify,
}

impl LeadershipView {
    fn lock(&self) -> MutexGuard<'_, Leadership> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self) -> Leadership {
        self.lock().clone()
    }

    pub fn set(&self, leadership: Leadership) {
        let mut now = self.lock();
        if *now != leadership {
            *now = leadership;
            self.changed.notify_waiters();
        }
    }

    pub async fn changed_from(&self, seen: &Leadership) -> Leadership {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable(); // before the look: a change in between must not be missed
            let now = self.get();
            if now != *seen {
                return now;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_hears_of_the_next() {
        let view = LeadershipView::default();
        let seen = view.get();
        let first = Leadership { epoch: LeaderEpoch(1), ..Leadership::default() };
        let (heard, ()) = tokio::join!(view.changed_from(&seen), async { view.set(first.clone()) });
        assert_eq!(heard, first);
        let second = Leadership { leader: Some(BrokerId(3)), ..first.clone() };
        view.set(second.clone());
        assert_eq!(view.changed_from(&first).await, second, "what was missed is told at once");
    }
}
