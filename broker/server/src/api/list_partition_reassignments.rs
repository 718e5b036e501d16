//! ListPartitionReassignments (KIP-455): the partitions that move, as the active controller knows.

use super::Call;
use crate::controller::{Decision, NotController};
use klamm_metadata::{
    Image,
    decide::{Refused, list_reassignments},
};
use klamm_protocol::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
    list_partition_reassignments_response::{OngoingPartitionReassignment, OngoingTopicReassignment},
};
use klamm_types::{BrokerId, PartitionIndex, Str};
use std::{collections::BTreeMap, sync::Arc};

pub async fn decide(
    call: Arc<Call>,
    request: ListPartitionReassignmentsRequest,
) -> Result<ListPartitionReassignmentsResponse, NotController> {
    let wanted: Option<Vec<(Str, Vec<PartitionIndex>)>> = request.topics.as_ref().map(|topics| {
        let indexes = |all: &[i32]| all.iter().copied().map(PartitionIndex).collect();
        topics.iter().map(|one| (one.name.detached(), indexes(&one.partition_indexes))).collect()
    });
    let listed = call.broker.controller.decide(move |image| {
        let answer = moving(image, wanted.as_deref());
        Decision { records: Vec::new(), answer }
    });
    Ok(ListPartitionReassignmentsResponse { topics: listed.await?, ..Default::default() })
}

pub fn refuse(_: &ListPartitionReassignmentsRequest, why: &Refused) -> ListPartitionReassignmentsResponse {
    ListPartitionReassignmentsResponse {
        error_code: why.code.code(),
        error_message: Some(Str::from(why.message.as_str())),
        ..Default::default()
    }
}

fn moving(image: &Image, wanted: Option<&[(Str, Vec<PartitionIndex>)]>) -> Vec<OngoingTopicReassignment> {
    let ids = |all: &[BrokerId]| all.iter().map(|id| id.0).collect::<Vec<_>>();
    let mut topics: BTreeMap<Str, Vec<OngoingPartitionReassignment>> = BTreeMap::new();
    for one in list_reassignments(image, wanted) {
        topics.entry(one.topic.clone()).or_default().push(OngoingPartitionReassignment {
            partition_index: one.index.0,
            replicas: ids(&one.partition.replicas),
            adding_replicas: ids(&one.partition.adding),
            removing_replicas: ids(&one.partition.removing),
        });
    }
    topics.into_iter().map(|(name, partitions)| OngoingTopicReassignment { name, partitions }).collect()
}
