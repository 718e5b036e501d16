//! Names of topics: messages name a topic by its name or by its id, and a rule needs one name for it.

use crate::wire::{Answered, Said};
use klamm_types::Uuid;
use std::collections::BTreeMap;

/// The metadata log's name.
pub(super) const METADATA: &str = "__cluster_metadata";
/// The metadata log's id (KIP-516): the same in every cluster.
const METADATA_ID: Uuid = Uuid([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/// What brokers said of topics' names. The simulation makes no topic anew under an old name.
#[derive(Default)]
pub(super) struct Topics(BTreeMap<Uuid, String>);

impl Topics {
    pub(super) fn learn(&mut self, said: &Said) {
        let Said::Answered(Answered::Metadata(_, answer)) = said else { return };
        for topic in &answer.topics {
            if let Some(name) = topic.name.as_deref().filter(|_| topic.topic_id != Uuid::default()) {
                self.0.insert(topic.topic_id, name.to_owned());
            }
        }
    }

    /// The name of a topic that a message names so; its id where nobody has said the name yet.
    pub(super) fn name(&self, name: &str, id: Uuid) -> String {
        if !name.is_empty() {
            return name.to_owned();
        }
        if id == METADATA_ID {
            return METADATA.to_owned();
        }
        self.0.get(&id).cloned().unwrap_or_else(|| format!("{id:?}"))
    }
}
