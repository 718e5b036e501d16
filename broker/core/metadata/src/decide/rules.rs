//! What decisions about partitions look at: the image, and the settings of the controller that decides.

use crate::{
    ELR_VERSION, Image, Resource,
    config::{Layers, Values, topic_def},
};
use klamm_types::BrokerId;

/// The image, and the settings of the controller that decides.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What is true.
    pub image: &'a Image,
    /// The controller's node.
    pub me: BrokerId,
    /// What its file sets.
    pub file: &'a Values,
}

impl<'a> Rules<'a> {
    /// The same settings on another image.
    #[must_use]
    pub fn on<'b>(self, image: &'b Image) -> Rules<'b>
    where
        'a: 'b,
    {
        Rules { image, me: self.me, file: self.file }
    }

    /// The controller's settings.
    #[must_use]
    pub fn layers(&self) -> Layers<'a> {
        self.image.layers(self.me, self.file)
    }

    /// Whether replicas outside of the ISR may be eligible for leadership (KIP-966).
    #[must_use]
    pub fn has_elr(&self) -> bool {
        self.image.features.level(ELR_VERSION) > 0
    }

    /// How many replicas must be in sync for an acknowledgement.
    #[must_use]
    pub fn min_in_sync(&self, topic: &str) -> usize {
        self.of_topic(topic, "min.insync.replicas").and_then(|text| text.trim().parse().ok()).unwrap_or(1)
    }

    /// Whether a replica that is not in sync may lead, at the price of records.
    #[must_use]
    pub fn allows_unclean(&self, topic: &str) -> bool {
        self.of_topic(topic, "unclean.leader.election.enable").is_some_and(|text| text == "true")
    }

    /// Whether a broker may lead and be in sync: registered, not fenced, not on its way out.
    #[must_use]
    pub fn is_active(&self, id: BrokerId) -> bool {
        self.image.broker(id).is_some_and(|broker| broker.is_active())
    }

    fn of_topic(&self, topic: &str, setting: &str) -> Option<klamm_types::Str> {
        let own = self.image.config(&Resource::topic(topic.into()));
        self.layers().topic_value(topic_def(setting).ok()?, own)
    }
}
