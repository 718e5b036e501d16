//! Within a leader's epoch the high watermark never goes back. Answers on different connections may overtake each other, so each
//! connection is judged by itself; and only where the asker named the epoch, so that both meant the same leadership.

use super::{Rule, topics::Topics};
use crate::wire::{Answered, Said, Speech};
use std::collections::BTreeMap;

/// The last high watermark by connection, topic, partition and epoch.
#[derive(Default)]
pub(super) struct HighWatermark(BTreeMap<(u64, String, i32, i32), i64>);

impl Rule for HighWatermark {
    fn hear(&mut self, speech: &Speech, said: &Said, topics: &Topics) -> Result<(), String> {
        let Said::Answered(Answered::Fetch(request, answer)) = said else { return Ok(()) };
        for topic in &answer.responses {
            let name = topics.name(&topic.topic, topic.topic_id);
            let asked = request
                .topics
                .iter()
                .find(|one| topics.name(&one.topic, one.topic_id) == name)
                .map_or(&[][..], |one| &one.partitions);
            for one in topic.partitions.iter().filter(|one| one.error_code == 0) {
                let epoch = asked
                    .iter()
                    .find(|asked| asked.partition == one.partition_index)
                    .map_or(-1, |asked| asked.current_leader_epoch);
                if epoch < 0 || one.high_watermark < 0 {
                    continue;
                }
                let key = (speech.connection, name.clone(), one.partition_index, epoch);
                let last = self.0.entry(key).or_insert(one.high_watermark);
                if one.high_watermark < *last {
                    return Err(format!(
                        "{name}-{}: {} after {last} in epoch {epoch}",
                        one.partition_index, one.high_watermark
                    ));
                }
                *last = one.high_watermark;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::check;
    use klamm_protocol::{FetchRequest, FetchResponse, fetch_request, fetch_response};

    fn fetched(epoch: i32, high_watermark: i64) -> Said {
        let asked = fetch_request::FetchPartition { current_leader_epoch: epoch, ..Default::default() };
        let topic =
            fetch_request::FetchTopic { topic: "t".into(), partitions: vec![asked], ..Default::default() };
        let request = FetchRequest { topics: vec![topic], ..Default::default() };
        let told = fetch_response::PartitionData { high_watermark, ..Default::default() };
        let topic = fetch_response::FetchableTopicResponse {
            topic: "t".into(),
            partitions: vec![told],
            ..Default::default()
        };
        let answer = FetchResponse { responses: vec![topic], ..Default::default() };
        Said::Answered(Answered::Fetch(request, answer))
    }

    #[test]
    fn a_step_back_is_found() {
        let mut rule = HighWatermark::default();
        check(&mut rule, fetched(1, 5), Ok(()));
        check(&mut rule, fetched(1, 7), Ok(()));
        check(&mut rule, fetched(2, 6), Ok(())); // another leader may not know yet how far the last one was
        check(&mut rule, fetched(-1, 1), Ok(()));
        check(&mut rule, fetched(1, 6), Err("t-0: 6 after 7 in epoch 1"));
    }
}
