//! DeleteTopics: by name, or by id from version 6 on (KIP-516).

use super::Call;
use crate::controller::{Decision, NotController};
use klamm_metadata::{
    Image, Record,
    decide::{Refused, apply, check_deletion_is_enabled, delete_topic},
};
use klamm_protocol::{
    DeleteTopicsRequest, DeleteTopicsResponse, ErrorCode, delete_topics_request::DeleteTopicState,
    delete_topics_response::DeletableTopicResult,
};
use klamm_types::{Str, TopicId};
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: DeleteTopicsRequest,
) -> Result<DeleteTopicsResponse, NotController> {
    let topics = wanted(&request);
    if let Err(error) = check_deletion_is_enabled(call.broker.settings.flag("delete.topic.enable")) {
        // before version 3 clients do not know TOPIC_DELETION_DISABLED
        let code = if call.version < 3 { ErrorCode::InvalidRequest } else { error.code };
        return Ok(refuse(&request, &Refused { code, ..error }));
    }
    let decided = call.broker.controller.decide(move |image| {
        let (records, answer) = delete(image, &topics);
        Decision { records, answer }
    });
    Ok(DeleteTopicsResponse { responses: decided.await?, ..Default::default() })
}

pub fn refuse(request: &DeleteTopicsRequest, why: &Refused) -> DeleteTopicsResponse {
    let responses = wanted(request).iter().map(|topic| refused(topic, why)).collect();
    DeleteTopicsResponse { responses, ..Default::default() }
}

fn wanted(request: &DeleteTopicsRequest) -> Vec<DeleteTopicState> {
    let by_name = |name: &Str| DeleteTopicState { name: Some(name.clone()), ..Default::default() };
    request.topics.iter().cloned().chain(request.topic_names.iter().map(by_name)).collect()
}

fn delete(image: &Image, topics: &[DeleteTopicState]) -> (Vec<Record>, Vec<DeletableTopicResult>) {
    let mut next = image.clone();
    let (mut records, mut results) = (Vec::new(), Vec::new());
    for topic in topics {
        let deleted = delete_topic(&next, topic.name.as_deref(), TopicId(topic.topic_id)).and_then(
            |(found, record)| {
                apply(&mut next, std::slice::from_ref(&record))?;
                Ok((found, record))
            },
        );
        results.push(match deleted {
            Ok((found, record)) => {
                records.push(record);
                DeletableTopicResult {
                    name: Some(found.name.clone()),
                    topic_id: found.id.0,
                    ..Default::default()
                }
            }
            Err(error) => refused(topic, &error),
        });
    }
    (records, results)
}

fn refused(topic: &DeleteTopicState, error: &Refused) -> DeletableTopicResult {
    DeletableTopicResult {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        error_code: error.code.code(),
        error_message: Some(Str::from(error.message.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::samples;
    use klamm_metadata::decide::{Excess, Load, NewTopic, TopicDefaults, create_topic};
    use klamm_types::Uuid;

    #[test]
    fn a_topic_goes_once() {
        let image = samples::image();
        let defaults = TopicDefaults { partitions: 1, replication_factor: 1, excess: Excess::Reject };
        let new =
            NewTopic { name: "a".into(), partitions: -1, replication_factor: -1, ..NewTopic::default() };
        let made = create_topic(&image, &mut Load::of(&image), defaults, &new, TopicId(Uuid([1; 16])))
            .expect("it is new");
        let (image, _) = image.apply(&made, image.position).expect("it fits");
        let by_name = |name: &str| DeleteTopicState { name: Some(name.into()), ..Default::default() };
        let by_id = |id: u8| DeleteTopicState { name: None, topic_id: Uuid([id; 16]) };
        let (records, results) = delete(&image, &[by_id(1), by_name("a"), by_id(2)]);
        let told: Vec<_> = results.iter().map(|one| (one.name.as_deref(), one.error_code)).collect();
        let (absent, unknown) = (ErrorCode::UnknownTopicOrPartition.code(), ErrorCode::UnknownTopicId.code());
        assert_eq!(told, [(Some("a"), 0), (Some("a"), absent), (None, unknown)]);
        assert_eq!(records.len(), 1);
    }
}
