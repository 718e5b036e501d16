//! An epoch has at most one leader: of the metadata log (Raft's election safety) and of every partition (KIP-101). Whoever names a
//! leader with its epoch says so, hints in errors included (KIP-951).

use super::{
    Rule,
    topics::{METADATA, Topics},
};
use crate::wire::{Answered, Asked, Said, Speech};
use std::collections::BTreeMap;

/// Leaders by topic, partition and epoch.
#[derive(Default)]
pub(super) struct OneLeader(BTreeMap<(String, i32, i32), i32>);

impl OneLeader {
    fn leads(&mut self, topic: &str, partition: i32, epoch: i32, leader: i32) -> Result<(), String> {
        if leader < 0 || epoch < 0 {
            return Ok(()); // none, or not known
        }
        let known = *self.0.entry((topic.to_owned(), partition, epoch)).or_insert(leader);
        if known == leader {
            return Ok(());
        }
        Err(format!("{topic}-{partition} has leader {known} and leader {leader} in epoch {epoch}"))
    }
}

impl Rule for OneLeader {
    fn hear(&mut self, _: &Speech, said: &Said, topics: &Topics) -> Result<(), String> {
        match said {
            Said::Asked(Asked::BeginQuorumEpoch(request)) => {
                let mut all = request.topics.iter().flat_map(|topic| &topic.partitions);
                all.try_for_each(|one| self.leads(METADATA, 0, one.leader_epoch, one.leader_id))
            }
            Said::Asked(_) => Ok(()),
            Said::Answered(Answered::BeginQuorumEpoch(_, answer)) => {
                let mut all = answer.topics.iter().flat_map(|topic| &topic.partitions);
                all.try_for_each(|one| self.leads(METADATA, 0, one.leader_epoch, one.leader_id))
            }
            Said::Answered(Answered::EndQuorumEpoch(_, answer)) => {
                let mut all = answer.topics.iter().flat_map(|topic| &topic.partitions);
                all.try_for_each(|one| self.leads(METADATA, 0, one.leader_epoch, one.leader_id))
            }
            Said::Answered(Answered::Vote(_, answer)) => {
                let mut all = answer.topics.iter().flat_map(|topic| &topic.partitions);
                all.try_for_each(|one| self.leads(METADATA, 0, one.leader_epoch, one.leader_id))
            }
            Said::Answered(Answered::FetchSnapshot(_, answer)) => {
                let leaders = answer.topics.iter().flat_map(|topic| &topic.partitions);
                let mut leaders = leaders.map(|one| &one.current_leader);
                // the field has no default of its own: one that is not set is leader 0 in epoch 0, which nobody is
                leaders.try_for_each(|one| match one.leader_epoch {
                    0 => Ok(()),
                    epoch => self.leads(METADATA, 0, epoch, one.leader_id),
                })
            }
            Said::Answered(Answered::Fetch(_, answer)) => answer.responses.iter().try_for_each(|topic| {
                let name = topics.name(&topic.topic, topic.topic_id);
                topic.partitions.iter().try_for_each(|one| {
                    let leader = &one.current_leader;
                    self.leads(&name, one.partition_index, leader.leader_epoch, leader.leader_id)
                })
            }),
            Said::Answered(Answered::Produce(_, answer)) => answer.responses.iter().try_for_each(|topic| {
                let name = topics.name(&topic.name, topic.topic_id);
                topic.partition_responses.iter().try_for_each(|one| {
                    let leader = &one.current_leader;
                    self.leads(&name, one.index, leader.leader_epoch, leader.leader_id)
                })
            }),
            Said::Answered(Answered::Metadata(_, answer)) => answer.topics.iter().try_for_each(|topic| {
                let name = topics.name(topic.name.as_deref().unwrap_or_default(), topic.topic_id);
                let mut all = topic.partitions.iter();
                all.try_for_each(|one| {
                    self.leads(&name, one.partition_index, one.leader_epoch, one.leader_id)
                })
            }),
            Said::Answered(Answered::AlterPartition(_, answer)) => {
                answer.topics.iter().try_for_each(|topic| {
                    let name = topics.name("", topic.topic_id);
                    let mut all = topic.partitions.iter().filter(|one| one.error_code == 0);
                    all.try_for_each(|one| {
                        self.leads(&name, one.partition_index, one.leader_epoch, one.leader_id)
                    })
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::check;
    use klamm_protocol::{
        BeginQuorumEpochRequest, begin_quorum_epoch_request, metadata_response::MetadataResponsePartition,
    };

    fn metadata(epoch: i32, leader: i32) -> Said {
        crate::invariants::metadata(MetadataResponsePartition {
            leader_id: leader,
            leader_epoch: epoch,
            ..Default::default()
        })
    }

    fn begin(epoch: i32, leader: i32) -> Said {
        let partition = begin_quorum_epoch_request::PartitionData {
            leader_id: leader,
            leader_epoch: epoch,
            ..Default::default()
        };
        let topic =
            begin_quorum_epoch_request::TopicData { partitions: vec![partition], ..Default::default() };
        let request = BeginQuorumEpochRequest { topics: vec![topic], ..Default::default() };
        Said::Asked(Asked::BeginQuorumEpoch(request))
    }

    #[test]
    fn a_second_leader_is_found() {
        let mut rule = OneLeader::default();
        check(&mut rule, metadata(3, 1), Ok(()));
        check(&mut rule, metadata(3, -1), Ok(()));
        check(&mut rule, metadata(4, 2), Ok(()));
        check(&mut rule, metadata(3, 2), Err("t-0 has leader 1 and leader 2 in epoch 3"));
        check(&mut rule, begin(3, 2), Ok(()));
        check(&mut rule, begin(3, 1), Err("__cluster_metadata-0 has leader 2 and leader 1 in epoch 3"));
    }
}
