//! Metadata: brokers, topics and their leaders, from the image. A topic that is not there is created where the settings and the client
//! allow it.

use super::Call;
use klamm_metadata::{Image, Topic};
use klamm_protocol::{
    ErrorCode, MetadataRequest, MetadataResponse,
    metadata_request::MetadataRequestTopic,
    metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic},
};
use klamm_types::{BrokerId, Str, TopicId};
use std::sync::Arc;

/// "No authorized operations asked for", as Kafka says it.
const OPERATIONS_OMITTED: i32 = i32::MIN;

pub async fn handle(call: Arc<Call>, request: MetadataRequest) -> MetadataResponse {
    call.broker.lost_are_fenced().await;
    let topics = match &request.topics {
        None => all(&call.broker.image()),
        Some(topics) if topics.is_empty() && call.version == 0 => all(&call.broker.image()),
        Some(topics) => named(&call, topics, request.allow_auto_topic_creation || call.version < 4).await,
    };
    let image = call.broker.image();
    let lost = call.broker.lost_lately();
    let endpoints =
        call.broker.endpoints_of(&call.peer.listener, |one| !one.fenced || lost.contains(&one.id));
    let alive = endpoints.iter().map(|node| node.id).filter(|id| !lost.contains(id));
    let controller = alive.min().unwrap_or(BrokerId::NONE);
    MetadataResponse {
        brokers: endpoints
            .into_iter()
            .map(|node| MetadataResponseBroker {
                node_id: node.id.0,
                host: node.host,
                port: node.port,
                rack: node.rack,
            })
            .collect(),
        cluster_id: Some(call.broker.cluster_id.clone()),
        controller_id: controller.0,
        topics: topics.into_iter().map(|found| topic(&call, &image, found)).collect(),
        cluster_authorized_operations: OPERATIONS_OMITTED,
        ..Default::default()
    }
}

/// What was asked for, found or not.
enum Found {
    Topic(Arc<Topic>),
    Missing { name: Option<Str>, id: TopicId, error: ErrorCode },
}

fn all(image: &Image) -> Vec<Found> {
    image.topics().map(|topic| Found::Topic(Arc::clone(topic))).collect()
}

async fn named(call: &Call, topics: &[MetadataRequestTopic], may_create: bool) -> Vec<Found> {
    let mut found = Vec::with_capacity(topics.len());
    for wanted in topics {
        // Who asks by id gives no name, or, as the Java client does, an empty one.
        let by_name_only = TopicId(wanted.topic_id) == TopicId::default();
        found.push(match wanted.name.as_ref().filter(|_| by_name_only) {
            Some(name) => by_name(call, name, may_create).await,
            None => by_id(&call.broker.image(), TopicId(wanted.topic_id)),
        });
    }
    found
}

fn by_id(image: &Image, id: TopicId) -> Found {
    match image.topic_by_id(id) {
        Some(topic) => Found::Topic(Arc::clone(topic)),
        None => Found::Missing { name: None, id, error: ErrorCode::UnknownTopicId },
    }
}

async fn by_name(call: &Call, name: &Str, may_create: bool) -> Found {
    if let Some(topic) = call.broker.image().topic(name) {
        return Found::Topic(Arc::clone(topic));
    }
    let created = if may_create {
        call.broker.auto_create(name).await
    } else {
        Err(ErrorCode::UnknownTopicOrPartition)
    };
    match (created, call.broker.image().topic(name)) {
        (Ok(()), Some(topic)) => Found::Topic(Arc::clone(topic)),
        (created, _) => {
            let error = created.err().unwrap_or(ErrorCode::UnknownTopicOrPartition);
            Found::Missing { name: Some(name.clone()), id: TopicId::default(), error }
        }
    }
}

fn topic(call: &Call, image: &Image, found: Found) -> MetadataResponseTopic {
    match found {
        Found::Topic(topic) => MetadataResponseTopic {
            topic_id: topic.id.0,
            is_internal: call.broker.is_internal(&topic.name),
            partitions: partitions(image, &topic),
            topic_authorized_operations: OPERATIONS_OMITTED,
            name: Some(topic.name.clone()),
            ..Default::default()
        },
        Found::Missing { name, id, error } => MetadataResponseTopic {
            error_code: error.code(),
            name: name.or_else(|| (call.version < 12).then(Str::default)),
            topic_id: id.0,
            topic_authorized_operations: OPERATIONS_OMITTED,
            ..Default::default()
        },
    }
}

fn partitions(image: &Image, topic: &Topic) -> Vec<MetadataResponsePartition> {
    let ids = |brokers: &[BrokerId]| brokers.iter().map(|broker| broker.0).collect::<Vec<_>>();
    let partition = |(index, one): (klamm_types::PartitionIndex, &Arc<klamm_metadata::Partition>)| {
        let error = if one.has_leader() { ErrorCode::None } else { ErrorCode::LeaderNotAvailable };
        MetadataResponsePartition {
            error_code: error.code(),
            partition_index: index.0,
            leader_id: one.leader.0,
            leader_epoch: one.leader_epoch.0,
            replica_nodes: ids(&one.replicas),
            isr_nodes: ids(&one.isr),
            offline_replicas: image.offline_replicas(one).map(|broker| broker.0).collect(),
        }
    };
    topic.indexed().map(partition).collect()
}
