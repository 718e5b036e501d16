//! CreateTopics: the controller decides, the answer comes when all log threads have the topic.

use super::Call;
use crate::controller::{Decision, NotController, random_id};
use klamm_metadata::{
    Image, Record,
    config::{Described, Layers},
    decide::{Load, NewTopic, Refused, TopicDefaults, apply, create_topic},
};
use klamm_protocol::{
    CreateTopicsRequest, CreateTopicsResponse, ErrorCode,
    create_topics_request::CreatableTopic,
    create_topics_response::{CreatableTopicConfigs, CreatableTopicResult},
};
use klamm_types::{BrokerId, PartitionIndex, Str, TopicId};
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: CreateTopicsRequest,
) -> Result<CreateTopicsResponse, NotController> {
    let broker = Arc::clone(&call.broker);
    let decided = call.broker.controller.decide(move |image| {
        let ids = std::iter::repeat_with(|| TopicId(random_id(&broker.world)));
        let (records, answer) =
            create(image, image.layers(broker.id, broker.settings.values()), &request, ids);
        Decision { records: if request.validate_only { Vec::new() } else { records }, answer }
    });
    Ok(CreateTopicsResponse { topics: decided.await?, ..Default::default() })
}

pub fn refuse(request: &CreateTopicsRequest, why: &Refused) -> CreateTopicsResponse {
    let topics = request.topics.iter().map(|topic| refused(&topic.name, why)).collect();
    CreateTopicsResponse { topics, ..Default::default() }
}

/// The records that make what can be made, and what is said of each topic.
fn create(
    image: &Image,
    layers: Layers<'_>,
    request: &CreateTopicsRequest,
    mut ids: impl Iterator<Item = TopicId>,
) -> (Vec<Record>, Vec<CreatableTopicResult>) {
    let (mut next, mut load, defaults) = (image.clone(), Load::of(image), TopicDefaults::of(layers));
    let (mut records, mut results) = (Vec::new(), Vec::new());
    for topic in &request.topics {
        if request.topics.iter().filter(|other| other.name == topic.name).count() > 1 {
            if !results.iter().any(|result: &CreatableTopicResult| result.name == topic.name) {
                let text = format!("topic {} is in the request twice", topic.name);
                results.push(refused(&topic.name, &Refused::new(ErrorCode::InvalidRequest, text)));
            }
            continue;
        }
        let id = ids.next().unwrap_or_default();
        let made = create_topic(&next, &mut load, defaults, &wanted(topic), id)
            .and_then(|made| apply(&mut next, &made).map(|()| made));
        results.push(match &made {
            Ok(_) => created(&next, layers, &topic.name),
            Err(error) => refused(&topic.name, error),
        });
        records.extend(made.unwrap_or_default());
    }
    (records, results)
}

fn wanted(topic: &CreatableTopic) -> NewTopic {
    NewTopic {
        name: topic.name.detached(),
        partitions: topic.num_partitions,
        replication_factor: topic.replication_factor,
        assignments: topic
            .assignments
            .iter()
            .map(|one| {
                (PartitionIndex(one.partition_index), one.broker_ids.iter().copied().map(BrokerId).collect())
            })
            .collect(),
        configs: topic
            .configs
            .iter()
            .map(|one| (one.name.detached(), one.value.as_ref().map(Str::detached)))
            .collect(),
    }
}

fn created(image: &Image, layers: Layers<'_>, name: &Str) -> CreatableTopicResult {
    let Some(topic) = image.topic(name) else { return CreatableTopicResult::default() };
    let configs = layers.describe_topic(image.config(&klamm_metadata::Resource::topic(name.clone())));
    CreatableTopicResult {
        name: name.clone(),
        topic_id: topic.id.0,
        num_partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX),
        replication_factor: topic
            .partitions
            .first()
            .map_or(-1, |first| i16::try_from(first.replicas.len()).unwrap_or(i16::MAX)),
        configs: Some(configs.into_iter().map(config).collect()),
        ..Default::default()
    }
}

fn config(described: Described) -> CreatableTopicConfigs {
    CreatableTopicConfigs {
        name: Str::from_static(described.definition.name),
        value: described.value,
        read_only: false,
        config_source: described.source.wire(),
        is_sensitive: described.definition.is_sensitive(),
    }
}

fn refused(name: &Str, error: &Refused) -> CreatableTopicResult {
    CreatableTopicResult {
        name: name.clone(),
        error_code: error.code.code(),
        error_message: Some(Str::from(error.message.as_str())),
        num_partitions: -1,
        replication_factor: -1,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::samples;
    use klamm_metadata::config::Values;
    use klamm_types::Uuid;

    fn wish(name: &str, partitions: i32) -> CreatableTopic {
        CreatableTopic {
            name: name.into(),
            num_partitions: partitions,
            replication_factor: -1,
            ..Default::default()
        }
    }

    #[test]
    fn each_topic_has_its_own_answer() {
        let (image, file) = (samples::image(), Values::new());
        let topics = vec![
            wish("a.b", 2),
            wish("a_b", 2),
            wish("twice", 1),
            wish("none", 0),
            wish("twice", 1),
            wish("c", -1),
        ];
        let request = CreateTopicsRequest { topics, ..Default::default() };
        let ids = (1..).map(|number| TopicId(Uuid([number; 16])));
        let (records, results) = create(&image, image.layers(samples::ME, &file), &request, ids);
        let told: Vec<_> =
            results.iter().map(|one| (one.name.as_str(), one.error_code, one.num_partitions)).collect();
        let (collides, twice, number) = (
            ErrorCode::InvalidTopicException.code(),
            ErrorCode::InvalidRequest.code(),
            ErrorCode::InvalidPartitions.code(),
        );
        assert_eq!(
            told,
            [("a.b", 0, 2), ("a_b", collides, -1), ("twice", twice, -1), ("none", number, -1), ("c", 0, 1)]
        );
        assert_eq!(records.len(), 2 + 3, "two topics and their partitions");
        assert_eq!(results[0].replication_factor, 1);
        assert!(
            results[0]
                .configs
                .as_ref()
                .is_some_and(|configs| configs.iter().any(|one| one.name == "retention.ms"))
        );
    }
}
