//! Counts what a run has reached, so that a class that is hardly ever reached shows as a hole.

use super::topics::{METADATA, Topics};
use crate::wire::{Answered, Asked, Said};
use klamm_protocol::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};

/// What was last known of a partition: its in-sync replicas and its leader's epoch.
#[derive(Default)]
pub(super) struct Reached {
    in_sync: BTreeMap<(String, i32), (i32, BTreeSet<i32>)>,
    quorum_epoch: i32,
    candidacies: BTreeSet<i32>,
}

impl Reached {
    pub(super) fn hear(&mut self, said: &Said, topics: &Topics, mut reached: impl FnMut(&str)) {
        match said {
            Said::Asked(Asked::Vote(request)) => {
                for one in request.topics.iter().flat_map(|topic| &topic.partitions) {
                    if !one.pre_vote && self.candidacies.insert(one.replica_epoch) {
                        reached("election of a controller");
                    }
                }
            }
            Said::Asked(Asked::BeginQuorumEpoch(request)) => {
                for one in request.topics.iter().flat_map(|topic| &topic.partitions) {
                    if one.leader_epoch > self.quorum_epoch {
                        self.quorum_epoch = one.leader_epoch;
                        let failed = self.candidacies.range(..one.leader_epoch).count();
                        (0..failed).for_each(|_| reached("failed election of a controller"));
                        self.candidacies.retain(|epoch| *epoch > one.leader_epoch);
                        reached("new controller");
                    }
                }
            }
            Said::Asked(Asked::EndQuorumEpoch(_)) => reached("controller resigned"),
            Said::Answered(Answered::AlterPartition(_, answer)) => {
                for topic in &answer.topics {
                    for one in topic.partitions.iter().filter(|one| one.error_code == 0) {
                        let key = (topics.name("", topic.topic_id), one.partition_index);
                        self.in_sync(key, one.leader_epoch, &one.isr, &mut reached);
                    }
                }
            }
            Said::Answered(Answered::Metadata(_, answer)) => {
                for topic in &answer.topics {
                    let name = topics.name(topic.name.as_deref().unwrap_or_default(), topic.topic_id);
                    for one in &topic.partitions {
                        let key = (name.clone(), one.partition_index);
                        self.in_sync(key, one.leader_epoch, &one.isr_nodes, &mut reached);
                    }
                }
            }
            Said::Answered(Answered::Fetch(request, answer)) => {
                let replica = request.replica_id >= 0 || request.replica_state.replica_id >= 0;
                let told = answer.responses.iter().flat_map(|topic| &topic.partitions);
                let sent = told.filter(|one| one.preferred_read_replica >= 0).count();
                (0..sent).for_each(|_| reached("consumer sent to its rack"));
                for topic in answer.responses.iter().filter(|_| replica) {
                    let metadata = topics.name(&topic.topic, topic.topic_id) == METADATA;
                    let kind = if metadata { "metadata log" } else { "follower" };
                    for one in &topic.partitions {
                        if one.diverging_epoch.end_offset >= 0 {
                            reached(&format!("{kind} truncated by epoch"));
                        }
                        if one.snapshot_id.end_offset >= 0 {
                            reached(&format!("{kind} sent to a snapshot"));
                        }
                        if let Some(code) =
                            ErrorCode::from_code(one.error_code).filter(|_| one.error_code != 0)
                        {
                            reached(&format!("{kind}'s fetch: {}", code.name()));
                        }
                    }
                }
            }
            Said::Answered(Answered::FetchSnapshot(_, answer)) => {
                let parts = answer.topics.iter().flat_map(|topic| &topic.partitions);
                if answer.error_code == 0
                    && parts.clone().any(|part| part.error_code == 0 && part.position == 0)
                {
                    reached("snapshot fetched");
                }
            }
            _ => {}
        }
    }

    fn in_sync(&mut self, key: (String, i32), epoch: i32, now: &[i32], reached: &mut impl FnMut(&str)) {
        let now: BTreeSet<i32> = now.iter().copied().collect();
        let coordinates = key.0 == "__consumer_offsets";
        let known = self.in_sync.entry(key).or_insert_with(|| (epoch, now.clone()));
        if epoch < known.0 {
            return; // old news
        }
        if epoch > known.0 {
            reached("new leader of a partition");
            if coordinates {
                reached("coordinator loads"); // with its partition of the log comes what is in it
            }
        }
        if now.len() < known.1.len() {
            reached("ISR shrank");
        } else if now.len() > known.1.len() {
            reached("ISR grew");
        }
        *known = (epoch, now);
    }
}
