//! What is below a high watermark is committed: the batch at an offset there is the same for ever, whoever leads (Raft's state
//! machine safety). Heard from leaders' answers to fetches, of the metadata log and of every partition that is not compacted.

use super::{
    batches,
    topics::{METADATA, Topics},
};
use crate::wire::{Answered, Said};
use klamm_protocol::FetchResponse;
use std::collections::{BTreeMap, btree_map::Entry};

/// The epoch in which a batch was appended, and its checksum: no two batches of a log share both and an offset.
type Content = (i32, u32);

/// Committed batches by topic, partition and base offset.
pub(super) struct Committed {
    batches: BTreeMap<(String, i32), BTreeMap<i64, Content>>,
    /// Whether records are for ever, or the metadata log alone.
    records_too: bool,
}

impl Committed {
    pub(super) fn new(records_too: bool) -> Self {
        Self { records_too, batches: BTreeMap::new() }
    }

    pub(super) fn hear(&mut self, said: &Said, topics: &Topics) -> Result<(), String> {
        let Said::Answered(Answered::Fetch(_, answer)) = said else { return Ok(()) };
        self.fetched(answer, topics)
    }

    fn fetched(&mut self, answer: &FetchResponse, topics: &Topics) -> Result<(), String> {
        for topic in &answer.responses {
            let name = topics.name(&topic.topic, topic.topic_id);
            let left_out = name != METADATA && (name.starts_with("__") || !self.records_too);
            for one in topic.partitions.iter().filter(|one| one.error_code == 0 && !left_out) {
                let known = self.batches.entry((name.clone(), one.partition_index)).or_default();
                for batch in batches(one) {
                    let header = batch.header();
                    if header.next_offset().0 > one.high_watermark {
                        break;
                    }
                    let content = (header.leader_epoch.0, header.crc);
                    let offset = header.base_offset.0;
                    match known.entry(offset) {
                        Entry::Vacant(entry) => {
                            entry.insert(content);
                        }
                        Entry::Occupied(entry) if *entry.get() == content => {}
                        Entry::Occupied(entry) => {
                            return Err(format!(
                                "{name}-{} at offset {offset} has a batch of epoch {}, and had one of epoch {}",
                                one.partition_index,
                                content.0,
                                entry.get().0
                            ));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::fetched;
    use klamm_records::{BatchBuilder, Compression};
    use klamm_types::{LeaderEpoch, Offset, Wall};

    fn check(all: &mut Committed, epoch: i32, value: &str, high_watermark: i64, expected: Result<(), &str>) {
        let mut batch = BatchBuilder::new(Offset(4), Compression::None).leader_epoch(LeaderEpoch(epoch));
        batch.push(Wall(0), None, Some(value.as_bytes()), &[]);
        let answer = fetched(&batch.build(), high_watermark);
        assert_eq!(all.fetched(&answer, &Topics::default()), expected.map_err(str::to_owned));
    }

    #[test]
    fn what_changes_below_the_high_watermark_is_found() {
        let mut all = Committed::new(true);
        check(&mut all, 1, "a", 4, Ok(())); // not committed yet
        check(&mut all, 2, "b", 5, Ok(()));
        check(&mut all, 1, "a", 4, Ok(())); // a leader that was
        check(&mut all, 2, "b", 9, Ok(()));
        let told = "t-0 at offset 4 has a batch of epoch 1, and had one of epoch 2";
        check(&mut all, 1, "a", 9, Err(told));
    }
}
