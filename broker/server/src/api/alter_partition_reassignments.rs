//! AlterPartitionReassignments (KIP-455): partitions begin to move to other brokers, or go back.

use super::Call;
use crate::controller::{Decision, NotController};
use klamm_metadata::{
    Record,
    decide::{Refused, Rules, apply, reassign_partition},
};
use klamm_protocol::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ErrorCode,
    alter_partition_reassignments_response::{ReassignablePartitionResponse, ReassignableTopicResponse},
};
use klamm_types::{BrokerId, PartitionIndex, Str};
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: AlterPartitionReassignmentsRequest,
) -> Result<AlterPartitionReassignmentsResponse, NotController> {
    let may_change_factor = request.allow_replication_factor_change;
    let decided = call.broker.controller.decide_by_rules(move |rules| {
        let (records, answer) = reassign(rules, &request);
        Decision { records, answer }
    });
    Ok(AlterPartitionReassignmentsResponse {
        responses: decided.await?,
        allow_replication_factor_change: may_change_factor,
        ..Default::default()
    })
}

pub fn refuse(_: &AlterPartitionReassignmentsRequest, why: &Refused) -> AlterPartitionReassignmentsResponse {
    AlterPartitionReassignmentsResponse {
        error_code: why.code.code(),
        error_message: Some(Str::from(why.message.as_str())),
        ..Default::default()
    }
}

fn reassign(
    rules: Rules<'_>,
    request: &AlterPartitionReassignmentsRequest,
) -> (Vec<Record>, Vec<ReassignableTopicResponse>) {
    let (mut next, mut records, mut responses) = (rules.image.clone(), Vec::new(), Vec::new());
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for partition in &topic.partitions {
            let target: Option<Vec<BrokerId>> =
                partition.replicas.as_ref().map(|ids| ids.iter().copied().map(BrokerId).collect());
            let index = PartitionIndex(partition.partition_index);
            let may_change_factor = request.allow_replication_factor_change;
            let rules = rules.on(&next);
            let moved = reassign_partition(rules, &topic.name, index, target.as_deref(), may_change_factor);
            let result = moved.and_then(|record| {
                let made: Vec<Record> = record.into_iter().collect();
                apply(&mut next, &made)?;
                records.extend(made);
                Ok(())
            });
            let error = result.err();
            partitions.push(ReassignablePartitionResponse {
                partition_index: index.0,
                error_code: error.as_ref().map_or(ErrorCode::None, |refused| refused.code).code(),
                error_message: error.map(|refused| Str::from(refused.message)),
            });
        }
        responses.push(ReassignableTopicResponse { name: topic.name.detached(), partitions });
    }
    (records, responses)
}
