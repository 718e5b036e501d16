//! OffsetDelete: a group forgets offsets (KIP-496).

use super::Call;
use klamm_group::Request;
use klamm_protocol::{
    ErrorCode, OffsetDeleteRequest, OffsetDeleteResponse,
    offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic},
};
use klamm_types::PartitionIndex;
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, mut request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let image = call.broker.image();
    let mut missing: Vec<OffsetDeleteResponseTopic> = Vec::new();
    for topic in &mut request.topics {
        let mut partitions = Vec::new();
        topic.partitions.retain(|partition| {
            let index = partition.partition_index;
            let is_there = image.partition(&topic.name, PartitionIndex(index)).is_some();
            if !is_there {
                let error_code = ErrorCode::UnknownTopicOrPartition.code();
                partitions.push(OffsetDeleteResponsePartition { partition_index: index, error_code });
            }
            is_there
        });
        if !partitions.is_empty() {
            missing.push(OffsetDeleteResponseTopic { name: topic.name.clone(), partitions });
        }
    }
    request.topics.retain(|topic| !topic.partitions.is_empty());
    let group = request.group_id.clone();
    let mut response: OffsetDeleteResponse = call.ask_group(&group, Request::DeleteOffsets(request)).await;
    if response.error_code == 0 {
        for topic in missing {
            match response.topics.iter_mut().find(|other| other.name == topic.name) {
                Some(other) => other.partitions.extend(topic.partitions),
                None => response.topics.push(topic),
            }
        }
    }
    response
}
