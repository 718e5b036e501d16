//! OffsetCommit. Topics that are not there are sorted out here; the group's coordinator decides about the rest.

use super::Call;
use klamm_group::Request;
use klamm_metadata::Image;
use klamm_protocol::{
    ErrorCode, OffsetCommitRequest, OffsetCommitResponse,
    offset_commit_request::OffsetCommitRequestTopic,
    offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic},
};
use klamm_types::{PartitionIndex, TopicId};
use std::sync::Arc;

/// From this version on topics are named by id (KIP-848).
const TOPIC_IDS_FROM: i16 = 10;

pub async fn handle(call: Arc<Call>, mut request: OffsetCommitRequest) -> OffsetCommitResponse {
    let image = call.broker.image();
    let mut known = Vec::new();
    let mut response = OffsetCommitResponse::default();
    for topic in std::mem::take(&mut request.topics) {
        let (missing, topic) = sort_out(&call, &image, topic);
        response.topics.extend(missing);
        known.extend(topic);
    }
    if known.is_empty() {
        return response;
    }
    request.topics = known;
    let group = request.group_id.clone();
    let committed: OffsetCommitResponse = call.ask_group(&group, Request::CommitOffsets(request)).await;
    response.topics = merge(response.topics, committed.topics);
    response
}

/// What is there of a topic, with its name, and the answer about what is not.
fn sort_out(
    call: &Call,
    image: &Image,
    mut topic: OffsetCommitRequestTopic,
) -> (Option<OffsetCommitResponseTopic>, Option<OffsetCommitRequestTopic>) {
    let by_id = call.version >= TOPIC_IDS_FROM;
    let found = if by_id { image.topic_by_id(TopicId(topic.topic_id)) } else { image.topic(&topic.name) };
    let unknown = match (found, by_id) {
        (None, true) => ErrorCode::UnknownTopicId,
        _ => ErrorCode::UnknownTopicOrPartition,
    };
    let is_there = |index| found.is_some_and(|topic| topic.partition(PartitionIndex(index)).is_some());
    let (there, missing): (Vec<_>, Vec<_>) =
        std::mem::take(&mut topic.partitions).into_iter().partition(|one| is_there(one.partition_index));
    let answers = missing.iter().map(|partition| OffsetCommitResponsePartition {
        partition_index: partition.partition_index,
        error_code: unknown.code(),
    });
    let answer = (!missing.is_empty()).then(|| OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: answers.collect(),
    });
    if let Some(found) = found {
        topic.name = found.name.clone();
    }
    topic.partitions = there;
    (answer, (!topic.partitions.is_empty()).then_some(topic))
}

/// One answer for each topic, however its partitions fared.
fn merge(
    mut missing: Vec<OffsetCommitResponseTopic>,
    committed: Vec<OffsetCommitResponseTopic>,
) -> Vec<OffsetCommitResponseTopic> {
    for topic in committed {
        let same = |other: &&mut OffsetCommitResponseTopic| {
            if topic.topic_id.is_zero() { other.name == topic.name } else { other.topic_id == topic.topic_id }
        };
        match missing.iter_mut().find(same) {
            Some(other) => other.partitions.extend(topic.partitions),
            None => missing.push(topic),
        }
    }
    missing
}
