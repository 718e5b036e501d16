//! CreatePartitions: topics grow.

use super::Call;
use crate::controller::{Decision, NotController};
use klamm_metadata::{
    Image, Record,
    decide::{Load, NewPartitions, Refused, apply, create_partitions},
};
use klamm_protocol::{
    CreatePartitionsRequest, CreatePartitionsResponse, ErrorCode,
    create_partitions_request::CreatePartitionsTopic,
    create_partitions_response::CreatePartitionsTopicResult,
};
use klamm_types::{BrokerId, Str};
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: CreatePartitionsRequest,
) -> Result<CreatePartitionsResponse, NotController> {
    let decided = call.broker.controller.decide(move |image| {
        let (records, answer) = grow(image, &request);
        Decision { records: if request.validate_only { Vec::new() } else { records }, answer }
    });
    Ok(CreatePartitionsResponse { results: decided.await?, ..Default::default() })
}

pub fn refuse(request: &CreatePartitionsRequest, why: &Refused) -> CreatePartitionsResponse {
    let results = request.topics.iter().map(|topic| result(&topic.name, Err(why.clone()))).collect();
    CreatePartitionsResponse { results, ..Default::default() }
}

fn grow(image: &Image, request: &CreatePartitionsRequest) -> (Vec<Record>, Vec<CreatePartitionsTopicResult>) {
    let (mut next, mut load) = (image.clone(), Load::of(image));
    let (mut records, mut results) = (Vec::new(), Vec::<CreatePartitionsTopicResult>::new());
    for topic in &request.topics {
        let twice = request.topics.iter().filter(|other| other.name == topic.name).count() > 1;
        if twice && results.iter().any(|result| result.name == topic.name) {
            continue;
        }
        let grown = if twice {
            Err(Refused::new(
                ErrorCode::InvalidRequest,
                format!("topic {} is in the request twice", topic.name),
            ))
        } else {
            create_partitions(&next, &mut load, &wanted(topic))
                .and_then(|grown| apply(&mut next, &grown).map(|()| grown))
        };
        results.push(result(&topic.name, grown.as_ref().map(|_| ()).map_err(Clone::clone)));
        records.extend(grown.unwrap_or_default());
    }
    (records, results)
}

fn wanted(topic: &CreatePartitionsTopic) -> NewPartitions {
    NewPartitions {
        topic: topic.name.clone(),
        count: topic.count,
        assignments: topic.assignments.as_ref().map(|assignments| {
            assignments.iter().map(|one| one.broker_ids.iter().copied().map(BrokerId).collect()).collect()
        }),
    }
}

fn result(name: &Str, outcome: Result<(), Refused>) -> CreatePartitionsTopicResult {
    let error = outcome.err();
    CreatePartitionsTopicResult {
        name: name.clone(),
        error_code: error.as_ref().map_or(ErrorCode::None, |error| error.code).code(),
        error_message: error.map(|error| Str::from(error.message)),
    }
}
