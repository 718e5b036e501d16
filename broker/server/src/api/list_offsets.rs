//! ListOffsets: the offset for a time, or an end of the log.

use super::Call;
use crate::{
    broker::Part,
    shard::{Found, Shard},
};
use klamm_protocol::{
    ErrorCode, ListOffsetsRequest, ListOffsetsResponse,
    list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
};
use klamm_types::{LeaderEpoch, Offset, PartitionIndex, TopicIdPartition, Wall};
use std::sync::Arc;

/// From this version on answers name the leader epoch (KIP-320).
const EPOCHS_FROM: i16 = 4;

/// What is looked for in one partition.
struct Wanted {
    timestamp: Wall,
    current_leader_epoch: LeaderEpoch,
    committed_only: bool,
    is_follower: bool,
}

pub async fn handle(call: Arc<Call>, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let is_follower = request.replica_id >= 0;
    let may_ask = !is_follower || call.is_between_brokers();
    let mut items = Vec::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            let hosted = call.broker.hosted_by_name(
                &topic.name,
                PartitionIndex(partition.partition_index),
                Part::Leader,
            );
            let wanted = Wanted {
                timestamp: Wall(partition.timestamp),
                current_leader_epoch: LeaderEpoch(partition.current_leader_epoch),
                committed_only: request.isolation_level == 1,
                is_follower,
            };
            let hosted = if may_ask { hosted } else { Err(ErrorCode::TopicAuthorizationFailed) };
            items.push((hosted, wanted));
        }
    }
    let mut outcomes = call.broker.on_partitions(items, find).await.into_iter();
    let topics = request.topics.iter().map(|topic| ListOffsetsTopicResponse {
        name: topic.name.clone(),
        partitions: topic
            .partitions
            .iter()
            .zip(outcomes.by_ref())
            .map(|(partition, outcome)| response(call.version, partition.partition_index, outcome))
            .collect(),
    });
    ListOffsetsResponse { topics: topics.collect(), ..Default::default() }
}

fn find(shard: &mut Shard, partition: TopicIdPartition, wanted: Wanted) -> Result<Found, ErrorCode> {
    let leader = shard.leader(partition, wanted.current_leader_epoch)?;
    let bound = if wanted.is_follower { leader.bound(wanted.timestamp) } else { None };
    bound.map_or_else(|| leader.find(wanted.timestamp, wanted.committed_only), Ok)
}

fn response(
    version: i16,
    partition_index: i32,
    outcome: Result<Found, ErrorCode>,
) -> ListOffsetsPartitionResponse {
    let blank = ListOffsetsPartitionResponse { partition_index, ..Default::default() };
    match outcome {
        Ok(found) => ListOffsetsPartitionResponse {
            timestamp: found.timestamp.0,
            offset: found.offset.0,
            leader_epoch: if version >= EPOCHS_FROM { found.epoch.0 } else { LeaderEpoch::NONE.0 },
            ..blank
        },
        Err(error) => ListOffsetsPartitionResponse {
            error_code: error.code(),
            timestamp: -1,
            offset: Offset::NONE.0,
            ..blank
        },
    }
}
