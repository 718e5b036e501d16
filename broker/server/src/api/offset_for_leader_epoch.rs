//! OffsetForLeaderEpoch (KIP-101, KIP-320): where a leader epoch ends, for clients and followers that check their position.

use super::Call;
use crate::{broker::Part, shard::Shard};
use klamm_protocol::{
    ErrorCode, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
    offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult},
};
use klamm_types::{LeaderEpoch, Offset, PartitionIndex, TopicIdPartition};
use std::sync::Arc;

struct Wanted {
    current: LeaderEpoch,
    asked: LeaderEpoch,
}

pub async fn handle(call: Arc<Call>, request: OffsetForLeaderEpochRequest) -> OffsetForLeaderEpochResponse {
    let mut items = Vec::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            let hosted =
                call.broker.hosted_by_name(&topic.topic, PartitionIndex(partition.partition), Part::Leader);
            let wanted = Wanted {
                current: LeaderEpoch(partition.current_leader_epoch),
                asked: LeaderEpoch(partition.leader_epoch),
            };
            items.push((hosted, wanted));
        }
    }
    let mut outcomes = call.broker.on_partitions(items, find).await.into_iter();
    let topics = request.topics.iter().map(|topic| OffsetForLeaderTopicResult {
        topic: topic.topic.clone(),
        partitions: topic
            .partitions
            .iter()
            .zip(outcomes.by_ref())
            .map(|(partition, outcome)| match outcome {
                Ok((epoch, end)) => EpochEndOffset {
                    partition: partition.partition,
                    leader_epoch: epoch.0,
                    end_offset: end.0,
                    ..Default::default()
                },
                Err(error) => EpochEndOffset {
                    error_code: error.code(),
                    partition: partition.partition,
                    leader_epoch: LeaderEpoch::NONE.0,
                    end_offset: Offset::NONE.0,
                },
            })
            .collect(),
    });
    OffsetForLeaderEpochResponse { topics: topics.collect(), ..Default::default() }
}

fn find(
    shard: &mut Shard,
    partition: TopicIdPartition,
    wanted: Wanted,
) -> Result<(LeaderEpoch, Offset), ErrorCode> {
    Ok(shard.leader(partition, wanted.current)?.end_of_epoch(wanted.asked))
}
