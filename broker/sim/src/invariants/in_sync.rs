//! The in-sync replicas are replicas, each once, and the leader is one of them.

use super::{Rule, topics::Topics};
use crate::wire::{Answered, Asked, Said, Speech};
use std::collections::BTreeSet;

/// It knows nothing between two messages.
#[derive(Default)]
pub(super) struct InSync;

fn set(what: &str, ids: &[i32]) -> Result<BTreeSet<i32>, String> {
    let set: BTreeSet<i32> = ids.iter().copied().collect();
    if set.len() == ids.len() { Ok(set) } else { Err(format!("{what} {ids:?} names a broker twice")) }
}

impl Rule for InSync {
    fn hear(&mut self, _: &Speech, said: &Said, topics: &Topics) -> Result<(), String> {
        match said {
            Said::Answered(Answered::Metadata(_, answer)) => {
                for topic in &answer.topics {
                    let name = topics.name(topic.name.as_deref().unwrap_or_default(), topic.topic_id);
                    for one in &topic.partitions {
                        let wrong = |what: String| format!("{name}-{}: {what}", one.partition_index);
                        let replicas = set("replicas", &one.replica_nodes).map_err(wrong)?;
                        let in_sync = set("ISR", &one.isr_nodes).map_err(wrong)?;
                        if !in_sync.is_subset(&replicas) {
                            return Err(wrong(format!("ISR {in_sync:?} of replicas {replicas:?}")));
                        }
                        if one.leader_id >= 0 && !in_sync.contains(&one.leader_id) {
                            return Err(wrong(format!("leader {} of ISR {in_sync:?}", one.leader_id)));
                        }
                    }
                }
                Ok(())
            }
            Said::Asked(Asked::AlterPartition(request)) => {
                for one in request.topics.iter().flat_map(|topic| &topic.partitions) {
                    let with_epochs: Vec<i32> =
                        one.new_isr_with_epochs.iter().map(|state| state.broker_id).collect();
                    let wanted = if with_epochs.is_empty() { &one.new_isr } else { &with_epochs };
                    if !set("the new ISR", wanted)?.contains(&request.broker_id) {
                        return Err(format!("leader {} proposes ISR {wanted:?}", request.broker_id));
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::check;
    use klamm_protocol::metadata_response::MetadataResponsePartition;

    fn metadata(leader: i32, replicas: &[i32], in_sync: &[i32]) -> Said {
        crate::invariants::metadata(MetadataResponsePartition {
            leader_id: leader,
            replica_nodes: replicas.to_vec(),
            isr_nodes: in_sync.to_vec(),
            ..Default::default()
        })
    }

    #[test]
    fn strangers_are_found() {
        let mut rule = InSync;
        check(&mut rule, metadata(1, &[1, 2, 3], &[1, 3]), Ok(()));
        check(&mut rule, metadata(-1, &[1, 2, 3], &[]), Ok(()));
        check(&mut rule, metadata(1, &[1, 2], &[1, 3]), Err("t-0: ISR {1, 3} of replicas {1, 2}"));
        check(&mut rule, metadata(2, &[1, 2], &[1]), Err("t-0: leader 2 of ISR {1}"));
        check(&mut rule, metadata(1, &[1, 2], &[1, 1]), Err("t-0: ISR [1, 1] names a broker twice"));
    }
}
