//! ElectLeaders (KIP-183, KIP-460): the controller decides, the answer comes when the elections are committed.

use super::Call;
use crate::controller::{Decision, NotController};
use klamm_metadata::decide::{Elected, Refused, WantedLeader, elect_leaders};
use klamm_protocol::{
    ElectLeadersRequest, ElectLeadersResponse, ErrorCode,
    elect_leaders_response::{PartitionResult, ReplicaElectionResult},
};
use klamm_types::{PartitionIndex, Str};
use std::{collections::BTreeMap, sync::Arc};

pub async fn decide(
    call: Arc<Call>,
    request: ElectLeadersRequest,
) -> Result<ElectLeadersResponse, NotController> {
    let kind = match WantedLeader::from_wire(request.election_type) {
        Ok(kind) => kind,
        Err(refused) => return Ok(refuse(&request, &refused)),
    };
    let wanted: Option<Vec<(Str, Vec<PartitionIndex>)>> = request.topic_partitions.as_ref().map(|topics| {
        let indexes = |all: &[i32]| all.iter().copied().map(PartitionIndex).collect();
        topics.iter().map(|one| (one.topic.detached(), indexes(&one.partitions))).collect()
    });
    let decided = call.broker.controller.decide_by_rules(move |rules| {
        let (answer, records) = elect_leaders(rules, kind, wanted.as_deref());
        Decision { records, answer }
    });
    let results = by_topic(decided.await?);
    Ok(ElectLeadersResponse { replica_election_results: results, ..Default::default() })
}

pub fn refuse(_: &ElectLeadersRequest, why: &Refused) -> ElectLeadersResponse {
    ElectLeadersResponse { error_code: why.code.code(), ..Default::default() }
}

fn by_topic(results: Vec<Elected>) -> Vec<ReplicaElectionResult> {
    let mut topics: BTreeMap<Str, Vec<PartitionResult>> = BTreeMap::new();
    for one in results {
        let error = one.result.err();
        topics.entry(one.topic).or_default().push(PartitionResult {
            partition_id: one.index.0,
            error_code: error.as_ref().map_or(ErrorCode::None, |refused| refused.code).code(),
            error_message: error.map(|refused| Str::from(refused.message)),
        });
    }
    topics
        .into_iter()
        .map(|(topic, partition_result)| ReplicaElectionResult { topic, partition_result })
        .collect()
}
