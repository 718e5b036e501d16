//! OffsetFetch: what is committed. Nothing else: not what is on its way, and never "none" while loading.

use super::CommittedOffset;
use crate::{classic::Group, event::Response};
use klamm_protocol::{
    ErrorCode,
    offset_fetch_request::OffsetFetchRequestGroup,
    offset_fetch_response::{
        OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
    },
};
use klamm_types::{Str, Uuid};

/// Reads the offsets of a group that may not be there: then it has none.
pub(crate) fn fetch(group: Option<&Group>, request: &OffsetFetchRequestGroup) -> OffsetFetchResponseGroup {
    let topics = match &request.topics {
        Some(topics) => topics
            .iter()
            .map(|topic| {
                let found = |partition| {
                    let offset = group.and_then(|group| group.offsets.get(&topic.name, partition));
                    offset.filter(|offset| is_of_topic(offset, topic.topic_id))
                };
                let partitions =
                    topic.partition_indexes.iter().map(|&partition| answer(partition, found(partition)));
                respond(&topic.name, topic.topic_id, partitions.collect())
            })
            .collect(),
        None => group.map(all).unwrap_or_default(),
    };
    OffsetFetchResponseGroup { group_id: request.group_id.clone(), topics, ..Default::default() }
}

/// An offset of a topic that was deleted and made anew under its name says nothing about the new one.
fn is_of_topic(offset: &CommittedOffset, topic_id: Uuid) -> bool {
    offset.topic_id.is_zero() || topic_id.is_zero() || offset.topic_id == topic_id
}

fn all(group: &Group) -> Vec<OffsetFetchResponseTopics> {
    let mut topics: Vec<OffsetFetchResponseTopics> = Vec::new();
    for (topic, partition, offset) in group.offsets.committed() {
        if topics.last().is_none_or(|last| last.name != *topic) {
            topics.push(respond(topic, offset.topic_id, Vec::new()));
        }
        if let Some(last) = topics.last_mut() {
            last.partitions.push(answer(partition, Some(offset)));
        }
    }
    topics
}

fn respond(
    name: &Str,
    topic_id: Uuid,
    partitions: Vec<OffsetFetchResponsePartitions>,
) -> OffsetFetchResponseTopics {
    OffsetFetchResponseTopics { name: name.clone(), topic_id, partitions }
}

fn answer(partition_index: i32, offset: Option<&CommittedOffset>) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: offset.map_or(-1, |offset| offset.offset.0),
        committed_leader_epoch: offset.map_or(-1, |offset| offset.leader_epoch),
        metadata: Some(offset.map(|offset| offset.metadata.clone()).unwrap_or_default()),
        ..Default::default()
    }
}

/// The answer to an OffsetFetch that is not served.
pub(crate) fn refuse(request: &OffsetFetchRequestGroup, error: ErrorCode) -> Response {
    let group_id = request.group_id.clone();
    Response::FetchOffsets(OffsetFetchResponseGroup {
        group_id,
        error_code: error.code(),
        ..Default::default()
    })
}
