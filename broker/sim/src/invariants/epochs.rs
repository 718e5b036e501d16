//! What a broker says of a leader never goes back to an older epoch: clients would go back with it. Judged per connection, as
//! answers on different ones may overtake each other.

use super::{Rule, topics::Topics};
use crate::wire::{Answered, Said, Speech};
use std::collections::BTreeMap;

/// The last epoch by connection, topic and partition.
#[derive(Default)]
pub(super) struct Epochs(BTreeMap<(u64, String, i32), i32>);

impl Rule for Epochs {
    fn hear(&mut self, speech: &Speech, said: &Said, topics: &Topics) -> Result<(), String> {
        let Said::Answered(Answered::Metadata(_, answer)) = said else { return Ok(()) };
        for topic in answer.topics.iter().filter(|topic| topic.error_code == 0) {
            let name = topics.name(topic.name.as_deref().unwrap_or_default(), topic.topic_id);
            for one in &topic.partitions {
                let key = (speech.connection, name.clone(), one.partition_index);
                let last = self.0.entry(key).or_insert(one.leader_epoch);
                if one.leader_epoch < *last {
                    return Err(format!(
                        "{name}-{}: epoch {} after {last}",
                        one.partition_index, one.leader_epoch
                    ));
                }
                *last = one.leader_epoch;
            }
        }
        Ok(())
    }
}
