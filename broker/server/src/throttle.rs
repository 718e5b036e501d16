//! The throttles of this broker (KIP-73): how fast replicas that are moved are fetched from it, and by it. What they are to a
//! replica, its machine says.

use crate::broker::Broker;
use klamm_metadata::{
    Image,
    config::{Layers, Settings, Values, broker_def},
};
use klamm_replication::Throttle;
use klamm_types::Mono;
use std::sync::{Mutex, MutexGuard, PoisonError};

const LEADER_RATE: &str = "leader.replication.throttled.rate";
const FOLLOWER_RATE: &str = "follower.replication.throttled.rate";

/// One that all connections and fetchers share.
pub struct Shared(Mutex<Throttle>);

impl Shared {
    /// Whether nothing more may go now.
    pub fn is_exceeded(&self, now: Mono) -> bool {
        self.throttle().is_exceeded(now)
    }

    /// So many bytes have gone.
    pub fn record(&self, now: Mono, bytes: u64) {
        self.throttle().record(now, bytes);
    }

    /// When something may go again.
    pub fn free_at(&self) -> Mono {
        self.throttle().free_at()
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both.
pub struct Throttles {
    /// Of what is led here.
    pub leader: Shared,
    /// Of what is followed here.
    pub follower: Shared,
}

impl Throttles {
    /// With the rates of the broker's file.
    #[must_use]
    pub fn new(now: Mono, settings: &Settings) -> Self {
        let none = Values::new();
        let layers = Layers { broker: &none, all_brokers: &none, file: settings.values() };
        let shared = |name| Shared(Mutex::new(Throttle::new(now, rate(layers, name))));
        Self { leader: shared(LEADER_RATE), follower: shared(FOLLOWER_RATE) }
    }
}

fn rate(layers: Layers<'_>, name: &str) -> u64 {
    let value = broker_def(name).ok().and_then(|definition| layers.broker_value(definition));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(Throttle::UNLIMITED)
}

impl Broker {
    /// Sets the rates that are in force.
    pub(crate) fn set_throttles(&self, image: &Image) {
        let (now, layers) = (self.world.clock.now().mono, image.layers(self.id, self.settings.values()));
        self.throttles.leader.throttle().set_rate(now, rate(layers, LEADER_RATE));
        self.throttles.follower.throttle().set_rate(now, rate(layers, FOLLOWER_RATE));
    }
}
