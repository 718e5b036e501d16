//! DescribeQuorum (KIP-595, KIP-836): how far the voters and the observers of the metadata log have come.

use super::Call;
use crate::controller::NotController;
use klamm_metadata::decide::{METADATA_TOPIC, Refused};
use klamm_protocol::{
    DescribeQuorumRequest, DescribeQuorumResponse, ErrorCode,
    describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData},
};
use klamm_quorum::{Leader, Progress, Quorum, ReplicaKey, Role, Voter};
use klamm_types::{Mono, Now, Str};
use std::{collections::BTreeMap, sync::Arc};

pub async fn decide(
    call: Arc<Call>,
    request: DescribeQuorumRequest,
) -> Result<DescribeQuorumResponse, NotController> {
    match call.broker.controller.quorum().role() {
        Role::Leader(_) => Ok(describe(&call, &request)),
        _ => Err(NotController),
    }
}

pub fn refuse(_: &DescribeQuorumRequest, why: &Refused) -> DescribeQuorumResponse {
    DescribeQuorumResponse {
        error_code: why.code.code(),
        error_message: Some(Str::from(why.message.as_str())),
        ..Default::default()
    }
}

fn describe(call: &Call, request: &DescribeQuorumRequest) -> DescribeQuorumResponse {
    let (quorum, now) = (call.broker.controller.quorum(), call.broker.world.clock.now());
    let is_metadata = |topic: &klamm_protocol::describe_quorum_request::TopicData| {
        topic.topic_name == METADATA_TOPIC && topic.partitions.iter().map(|one| one.partition_index).eq([0])
    };
    if !(request.topics.len() == 1 && request.topics.iter().all(is_metadata)) {
        let text = format!("the quorum is that of {METADATA_TOPIC}-0, and of nothing else");
        return DescribeQuorumResponse {
            error_code: ErrorCode::InvalidRequest.code(),
            error_message: Some(Str::from(text)),
            ..Default::default()
        };
    }
    let mut response = DescribeQuorumResponse {
        topics: vec![TopicData {
            topic_name: Str::from_static(METADATA_TOPIC),
            partitions: vec![partition(&quorum, now)],
        }],
        nodes: quorum.voters().iter().map(node).collect(),
        ..Default::default()
    };
    if call.version < 2 {
        without_directories(&mut response);
    }
    response
}

/// Versions 0 and 1 are older than KIP-853: they know neither directories nor where voters are.
fn without_directories(response: &mut DescribeQuorumResponse) {
    response.nodes.clear();
    for partition in response.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        for replica in partition.current_voters.iter_mut().chain(&mut partition.observers) {
            replica.replica_directory_id = Default::default();
        }
    }
}

fn partition(quorum: &Quorum, now: Now) -> PartitionData {
    match quorum.role() {
        Role::Leader(leader) => {
            let replicas = |all: &BTreeMap<ReplicaKey, Progress>| {
                all.iter().map(|(key, progress)| replica(quorum, now, leader, *key, progress)).collect()
            };
            PartitionData {
                leader_id: quorum.me().id.0,
                leader_epoch: leader.epoch.0,
                high_watermark: leader.high_watermark.map_or(-1, |offset| offset.0),
                current_voters: replicas(&leader.voters),
                observers: replicas(&leader.observers),
                ..Default::default()
            }
        }
        _ => PartitionData {
            error_code: ErrorCode::NotLeaderOrFollower.code(),
            leader_id: -1,
            leader_epoch: quorum.epoch().0,
            high_watermark: -1,
            ..Default::default()
        },
    }
}

fn replica(quorum: &Quorum, now: Now, leader: &Leader, key: ReplicaKey, progress: &Progress) -> ReplicaState {
    let Now { mono, wall } = now;
    // the machine counts monotonic time; people read wall time
    let told = |at: Option<Mono>| {
        at.map_or(-1, |at| wall.0 - i64::try_from(mono.since(at).as_millis()).unwrap_or(0))
    };
    let is_leader = key == quorum.me();
    let end = if is_leader { Some(quorum.end()) } else { progress.end };
    ReplicaState {
        replica_id: key.id.0,
        replica_directory_id: key.directory.0,
        log_end_offset: end.map_or(leader.epoch_start.0, |end| end.0),
        last_fetch_timestamp: if is_leader { wall.0 } else { told(progress.last_fetch) },
        last_caught_up_timestamp: if is_leader { wall.0 } else { told(progress.last_caught_up) },
    }
}

fn node(voter: &Voter) -> Node {
    let listener = |one: &klamm_quorum::Endpoint| Listener {
        name: one.listener.clone(),
        host: one.host.clone(),
        port: one.port,
    };
    Node { node_id: voter.key.id.0, listeners: voter.endpoints.iter().map(listener).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_protocol::encode_response;
    use klamm_types::Uuid;

    /// What version 2 tells is refused by the encoder in an older one; the connection would be closed.
    #[test]
    fn old_versions_can_be_told() {
        let replica = ReplicaState { replica_directory_id: Uuid::from_random([7; 16]), ..Default::default() };
        let partition = PartitionData {
            current_voters: vec![replica.clone()],
            observers: vec![replica],
            ..Default::default()
        };
        let topic = TopicData { topic_name: Str::from_static(METADATA_TOPIC), partitions: vec![partition] };
        let mut response = DescribeQuorumResponse {
            topics: vec![topic],
            nodes: vec![Node { node_id: 1, listeners: Vec::new() }],
            ..Default::default()
        };
        assert!(encode_response(1, 2, &response).is_ok());
        assert!(encode_response(1, 1, &response).is_err());
        without_directories(&mut response);
        for version in 0..2 {
            assert!(encode_response(1, version, &response).is_ok(), "version {version}");
        }
    }
}
