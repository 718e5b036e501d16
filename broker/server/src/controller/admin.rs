//! What this node's decisions have in common.

use super::Judge;
use klamm_metadata::{
    Image,
    config::{Settings, Values},
    decide::Rules,
};
use klamm_types::{BrokerId, Uuid};
use klamm_world::World;
use std::sync::Arc;
use tokio::sync::Notify;

/// What decisions need besides the image.
pub(super) struct Context {
    pub me: BrokerId,
    /// What the broker's file sets.
    pub file: Values,
    pub judge: Arc<Judge>,
    /// Settings have changed since somebody looked.
    pub settings_changed: Notify,
}

impl Context {
    pub fn new(world: World, settings: &Settings) -> Self {
        Self {
            me: settings.node_id(),
            file: settings.values().clone(),
            judge: Arc::new(Judge::new(world, settings)),
            settings_changed: Notify::new(),
        }
    }

    /// What decisions about partitions look at.
    pub fn rules<'a>(&'a self, image: &'a Image) -> Rules<'a> {
        Rules { image, me: self.me, file: &self.file }
    }
}

/// A random id. As in Kafka, none that begins with a dash: on a command line it would be an option.
#[must_use]
pub fn random_id(world: &World) -> Uuid {
    loop {
        let id = world.uuid();
        if !id.to_string().starts_with('-') {
            return id;
        }
    }
}
