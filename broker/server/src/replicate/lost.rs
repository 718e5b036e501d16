//! Leaders whose connection has just broken here, and who still take part as far as the metadata knows.
//!
//! A client whose leader dies asks another broker at once who leads now. The active controller needs a moment to fence the dead
//! process: some milliseconds, some hundred where that process was the active controller. A client that is told of the dead
//! leader again may not ask soon: librdkafka 2.15 takes that for an answer, stops its fast queries, and asks when its timer of
//! one second fires. So what names leaders waits for that moment.
//!
//! And a broker that is lost is named among the brokers for a while, although it is fenced: librdkafka takes leave of a broker
//! that is named no more, and forgets who leads the partitions that are just moving away from it, until that timer fires again.
//! (Measured before both: gaps of 0.8 to 1.9 s after 11 of 26 kills.)

use crate::broker::Broker;
use klamm_metadata::Image;
use klamm_types::{BrokerId, Mono};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Who is not fenced within this time is not dead: only the way to it is broken, and it may well lead.
const FENCED_WITHIN: Duration = Duration::from_secs(1);

/// By then clients know who leads what the dead one led, also those that asked before it was lost here.
const NAMED_FOR: Duration = Duration::from_secs(2);

/// Since when these brokers cannot be fetched from.
#[derive(Default)]
pub struct Lost {
    since: Mutex<BTreeMap<BrokerId, Mono>>,
}

impl Lost {
    fn since(&self) -> MutexGuard<'_, BTreeMap<BrokerId, Mono>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when the metadata may name a leader that is dead; none when it names none.
    fn deadline(&self, image: &Image) -> Option<Mono> {
        let takes_part = |id: &BrokerId| {
            image.broker(*id).is_some_and(|broker| !broker.fenced && !broker.in_controlled_shutdown)
        };
        let since = self.since();
        let lost = since.iter().filter(|(id, _)| takes_part(id));
        lost.map(|(_, since)| since.plus(FENCED_WITHIN)).max()
    }
}

impl Broker {
    /// The brokers that were lost lately.
    #[must_use]
    pub fn lost_lately(&self) -> Vec<BrokerId> {
        let now = self.world.clock.now().mono;
        let since = self.fetchers.lost.since();
        since.iter().filter(|(_, since)| now < since.plus(NAMED_FOR)).map(|(id, _)| *id).collect()
    }

    /// The connection to a leader broke, or there is none to be had.
    pub(super) fn lost(&self, leader: BrokerId) {
        let now = self.world.clock.now().mono;
        self.fetchers.lost.since().entry(leader).or_insert(now);
    }

    /// A leader answers.
    pub(super) fn found(&self, leader: BrokerId) {
        if self.fetchers.lost.since().remove(&leader).is_some() {
            self.look_again();
        }
    }

    /// Waits while the metadata may name leaders that are dead.
    pub async fn lost_are_fenced(&self) {
        let lost = &self.fetchers.lost;
        if let Some(deadline) = lost.deadline(&self.image()) {
            self.image_when(deadline, |image| lost.deadline(image).is_none()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::samples::{ME, image};

    #[test]
    fn who_is_lost_counts_while_it_takes_part() {
        let lost = Lost::default();
        assert_eq!(lost.deadline(&image()), None);
        lost.since().insert(BrokerId(ME.0 + 1), Mono(5));
        assert_eq!(lost.deadline(&image()), None, "nobody knows it");
        lost.since().insert(ME, Mono(7));
        assert_eq!(lost.deadline(&image()), Some(Mono(7).plus(FENCED_WITHIN)));
        assert_eq!(lost.deadline(&Image::default()), None);
    }
}
