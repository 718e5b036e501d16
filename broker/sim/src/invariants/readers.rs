//! Consumers get what is committed, and nothing else, from leaders and from followers (KIP-392): no answer to a consumer has records
//! beyond the high watermark that it tells.

use super::{Rule, batches, topics::Topics};
use crate::wire::{Answered, Said, Speech};

/// It needs to remember nothing.
pub(super) struct Readers;

impl Rule for Readers {
    fn hear(&mut self, _: &Speech, said: &Said, topics: &Topics) -> Result<(), String> {
        let Said::Answered(Answered::Fetch(request, answer)) = said else { return Ok(()) };
        if request.replica_id >= 0 || request.replica_state.replica_id >= 0 {
            return Ok(());
        }
        for topic in &answer.responses {
            for one in &topic.partitions {
                let end = batches(one).map(|batch| batch.header().next_offset().0).max();
                if let Some(end) = end.filter(|end| *end > one.high_watermark) {
                    let name = topics.name(&topic.topic, topic.topic_id);
                    return Err(format!(
                        "{name}-{}: records up to {end}, and the high watermark is {}",
                        one.partition_index, one.high_watermark
                    ));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::{self, check};
    use klamm_protocol::FetchRequest;
    use klamm_records::{BatchBuilder, Compression};
    use klamm_types::{Offset, Wall};

    /// An answer to `replica` with a record at offset 4.
    fn fetched(replica: i32, high_watermark: i64) -> Said {
        let mut batch = BatchBuilder::new(Offset(4), Compression::None);
        batch.push(Wall(0), None, None, &[]);
        let request = FetchRequest { replica_id: replica, ..Default::default() };
        Said::Answered(Answered::Fetch(request, invariants::fetched(&batch.build(), high_watermark)))
    }

    #[test]
    fn what_is_not_committed_is_found() {
        check(&mut Readers, fetched(-1, 5), Ok(()));
        check(&mut Readers, fetched(2, 4), Ok(()));
        check(&mut Readers, fetched(-1, 4), Err("t-0: records up to 5, and the high watermark is 4"));
    }
}
