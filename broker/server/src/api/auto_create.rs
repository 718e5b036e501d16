//! Topics that are missing when they are used: the broker asks for them in its own name, with its own defaults.

use super::{create_topics, forward};
use crate::broker::Broker;
use klamm_metadata::decide::{Load, auto_topic};
use klamm_protocol::{
    ApiKey, CreateTopicsRequest, ErrorCode,
    create_topics_request::{CreatableTopic, CreatableTopicConfig},
};
use klamm_types::Str;
use std::sync::Arc;

/// The version in which the broker asks.
const VERSION: i16 = 7;

/// Has the active controller create a topic. One that exists meanwhile is fine.
pub async fn auto_create(broker: &Arc<Broker>, topic: &Str) -> Result<(), ErrorCode> {
    let image = broker.image();
    let new =
        auto_topic(&topic.detached(), image.layers(broker.id, broker.settings.values()), &Load::of(&image));
    let request = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: new.name,
            num_partitions: new.partitions,
            replication_factor: new.replication_factor,
            assignments: Vec::new(),
            configs: new
                .configs
                .into_iter()
                .map(|(name, value)| CreatableTopicConfig { name, value })
                .collect(),
        }],
        ..Default::default()
    };
    let call = forward::own_call(broker, ApiKey::CreateTopics, VERSION);
    let response = forward::forward(&call, &request, create_topics::decide, create_topics::refuse).await;
    let code = response.topics.first().map_or(ErrorCode::None.code(), |created| created.error_code);
    match ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError) {
        ErrorCode::None | ErrorCode::TopicAlreadyExists => Ok(()),
        code => Err(code),
    }
}
