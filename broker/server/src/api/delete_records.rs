//! DeleteRecords (KIP-107): moves the start of logs.

use super::Call;
use crate::{broker::Part, shard::Shard};
use klamm_protocol::{
    DeleteRecordsRequest, DeleteRecordsResponse, ErrorCode,
    delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
};
use klamm_types::{LeaderEpoch, Offset, PartitionIndex, TopicIdPartition};
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let mut items = Vec::new();
    for topic in &request.topics {
        for partition in &topic.partitions {
            let hosted = call.broker.hosted_by_name(
                &topic.name,
                PartitionIndex(partition.partition_index),
                Part::Leader,
            );
            // records of the broker's own topics are not a client's to delete
            let hosted = hosted.and_then(|hosted| match hosted.internal {
                true => Err(ErrorCode::InvalidTopicException),
                false => Ok(hosted),
            });
            items.push((hosted, Offset(partition.offset)));
        }
    }
    let mut outcomes = call.broker.on_partitions(items, delete).await.into_iter();
    let topics = request.topics.iter().map(|topic| DeleteRecordsTopicResult {
        name: topic.name.clone(),
        partitions: topic
            .partitions
            .iter()
            .zip(outcomes.by_ref())
            .map(|(partition, outcome)| DeleteRecordsPartitionResult {
                partition_index: partition.partition_index,
                low_watermark: outcome.map_or(Offset::NONE, |offset| offset).0,
                error_code: outcome.err().map_or(0, ErrorCode::code),
            })
            .collect(),
    });
    DeleteRecordsResponse { topics: topics.collect(), ..Default::default() }
}

fn delete(shard: &mut Shard, partition: TopicIdPartition, before: Offset) -> Result<Offset, ErrorCode> {
    shard.leader(partition, LeaderEpoch::NONE)?.delete_records(before)
}
