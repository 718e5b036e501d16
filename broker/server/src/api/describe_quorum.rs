//! DescribeQuorum (KIP-595, KIP-836): how far the voters of the metadata log have come.

use super::Call;
use crate::controller::NotController;
use klamm_metadata::decide::{METADATA_TOPIC, Refused};
use klamm_protocol::{
    DescribeQuorumRequest, DescribeQuorumResponse, ErrorCode,
    describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData},
};
use klamm_quorum::{Leader, Progress, Quorum, ReplicaKey, Role, Voter};
use klamm_types::{Mono, Now, Str};
use std::sync::Arc;

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
    DescribeQuorumResponse {
        topics: vec![TopicData {
            topic_name: Str::from_static(METADATA_TOPIC),
            partitions: vec![partition(&quorum, now)],
        }],
        nodes: quorum.voters().iter().map(node).collect(),
        ..Default::default()
    }
}

fn partition(quorum: &Quorum, now: Now) -> PartitionData {
    match quorum.role() {
        Role::Leader(leader) => PartitionData {
            leader_id: quorum.me().id.0,
            leader_epoch: leader.epoch.0,
            high_watermark: leader.high_watermark.map_or(-1, |offset| offset.0),
            current_voters: leader
                .voters
                .iter()
                .map(|(key, progress)| replica(quorum, now, leader, *key, progress))
                .collect(),
            ..Default::default()
        },
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
