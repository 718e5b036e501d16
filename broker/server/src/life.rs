//! How far this process is, for those who ask while there is no broker yet: kubelets and the operator.

use crate::broker::Broker;
use klamm_types::BrokerId;
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU8, Ordering},
};

/// How far a broker is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its log directory is empty; it waits to be formatted.
    Empty,
    /// It opens its logs, recovers them after a crash, and registers.
    Starting,
    /// It takes part.
    Serving,
    /// It ends.
    Stopping,
}

impl Stage {
    /// In words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Stage::Empty => "the log directory is empty; waiting to be formatted",
            Stage::Starting => "starting, logs are being opened",
            Stage::Serving => "serving",
            Stage::Stopping => "stopping",
        }
    }
}

/// The life of one broker process.
pub struct Life {
    /// The broker's id.
    pub id: BrokerId,
    stage: AtomicU8,
    broker: OnceLock<Arc<Broker>>,
}

impl Life {
    /// A process that has just begun.
    #[must_use]
    pub fn new(id: BrokerId) -> Arc<Self> {
        Arc::new(Self { id, stage: AtomicU8::new(Stage::Starting as u8), broker: OnceLock::new() })
    }

    /// How far it is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let stage = self.stage.load(Ordering::Relaxed);
        let known = [Stage::Empty, Stage::Starting, Stage::Serving];
        known.into_iter().find(|one| *one as u8 == stage).unwrap_or(Stage::Stopping)
    }

    /// Goes on to `stage`.
    pub fn set_stage(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// The broker, once its logs are being opened.
    #[must_use]
    pub fn broker(&self) -> Option<&Arc<Broker>> {
        self.broker.get()
    }

    /// The broker is there. Only the first counts.
    pub fn set_broker(&self, broker: Arc<Broker>) {
        let _ = self.broker.set(broker);
    }
}
