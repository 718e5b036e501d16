//! OffsetFetch: the committed offsets of groups. Up to version 7 of one group.

use super::Call;
use klamm_group::Request;
use klamm_metadata::Image;
use klamm_protocol::{
    ErrorCode, OffsetFetchRequest, OffsetFetchResponse,
    offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
    offset_fetch_response::{
        OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
        OffsetFetchResponseTopic, OffsetFetchResponseTopics,
    },
};
use klamm_types::{Str, TopicId};
use std::sync::Arc;

/// From this version on an error of the whole group stands apart.
const GROUP_ERROR_FROM: i16 = 2;
/// From this version on several groups are asked about at once (KIP-709).
const BATCHED_FROM: i16 = 8;
/// From this version on topics are named by id (KIP-848).
const TOPIC_IDS_FROM: i16 = 10;

pub async fn handle(call: Arc<Call>, request: OffsetFetchRequest) -> OffsetFetchResponse {
    if call.version < BATCHED_FROM {
        return of_one_group(&call, request).await;
    }
    let mut groups = Vec::with_capacity(request.groups.len());
    for group in request.groups {
        groups.push(fetch(&call, group, request.require_stable).await);
    }
    OffsetFetchResponse { groups, ..Default::default() }
}

async fn fetch(
    call: &Call,
    mut group: OffsetFetchRequestGroup,
    require_stable: bool,
) -> OffsetFetchResponseGroup {
    let by_id = call.version >= TOPIC_IDS_FROM;
    let mut unknown = Vec::new();
    if by_id && let Some(topics) = &mut group.topics {
        let image = call.broker.image();
        topics.retain_mut(|topic| name(&image, topic, &mut unknown));
    }
    let id = group.group_id.clone();
    let mut response: OffsetFetchResponseGroup =
        call.ask_group(&id, Request::FetchOffsets { group, require_stable }).await;
    if by_id {
        let image = call.broker.image();
        response.topics.retain_mut(|topic| identify(&image, topic));
        if response.error_code == 0 {
            response.topics.extend(unknown);
        }
    }
    response
}

/// Names a topic that came by its id; false, and an answer about it, when there is none.
fn name(
    image: &Image,
    topic: &mut OffsetFetchRequestTopics,
    unknown: &mut Vec<OffsetFetchResponseTopics>,
) -> bool {
    if let Some(found) = image.topic_by_id(TopicId(topic.topic_id)) {
        topic.name = found.name.clone();
        return true;
    }
    let partitions = topic.partition_indexes.iter().map(|index| OffsetFetchResponsePartitions {
        partition_index: *index,
        committed_offset: -1,
        metadata: Some(Str::default()),
        error_code: ErrorCode::UnknownTopicId.code(),
        ..Default::default()
    });
    unknown.push(OffsetFetchResponseTopics {
        topic_id: topic.topic_id,
        partitions: partitions.collect(),
        ..Default::default()
    });
    false
}

/// Gives a topic of an answer its id; false when it is gone: then it cannot be spoken of.
fn identify(image: &Image, topic: &mut OffsetFetchResponseTopics) -> bool {
    if topic.topic_id.is_zero() {
        topic.topic_id = image.topic(&topic.name).map_or(topic.topic_id, |found| found.id.0);
    }
    !topic.topic_id.is_zero()
}

async fn of_one_group(call: &Call, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let topics = request.topics.map(|topics| {
        let renamed = topics.into_iter().map(|topic| OffsetFetchRequestTopics {
            name: topic.name,
            partition_indexes: topic.partition_indexes,
            ..Default::default()
        });
        renamed.collect::<Vec<_>>()
    });
    let asked = topics.clone().unwrap_or_default();
    let group = OffsetFetchRequestGroup { group_id: request.group_id, topics, ..Default::default() };
    let mut fetched = fetch(call, group, request.require_stable).await;
    if fetched.error_code != 0 && call.version < GROUP_ERROR_FROM {
        fetched.topics = all_failed(&asked, fetched.error_code);
    }
    OffsetFetchResponse {
        topics: fetched.topics.into_iter().map(plain).collect(),
        error_code: fetched.error_code,
        ..Default::default()
    }
}

fn all_failed(asked: &[OffsetFetchRequestTopics], error_code: i16) -> Vec<OffsetFetchResponseTopics> {
    let failed = |topic: &OffsetFetchRequestTopics| OffsetFetchResponseTopics {
        name: topic.name.clone(),
        partitions: topic
            .partition_indexes
            .iter()
            .map(|index| OffsetFetchResponsePartitions {
                partition_index: *index,
                committed_offset: -1,
                metadata: Some(Str::default()),
                error_code,
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    };
    asked.iter().map(failed).collect()
}

fn plain(topic: OffsetFetchResponseTopics) -> OffsetFetchResponseTopic {
    let partition = |one: OffsetFetchResponsePartitions| OffsetFetchResponsePartition {
        partition_index: one.partition_index,
        committed_offset: one.committed_offset,
        committed_leader_epoch: one.committed_leader_epoch,
        metadata: one.metadata,
        error_code: one.error_code,
    };
    OffsetFetchResponseTopic {
        name: topic.name,
        partitions: topic.partitions.into_iter().map(partition).collect(),
    }
}
