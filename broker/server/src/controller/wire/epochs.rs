//! Vote (52), BeginQuorumEpoch (53), EndQuorumEpoch (54): who leads (KIP-595, KIP-853, KIP-996).

use super::{METADATA_TOPIC, addressed, check, endpoint_on, key, leader_of, only, told};
use klamm_protocol::{
    BeginQuorumEpochRequest, BeginQuorumEpochResponse, EndQuorumEpochRequest, EndQuorumEpochResponse,
    ErrorCode, VoteRequest, VoteResponse, begin_quorum_epoch_request, begin_quorum_epoch_response,
    end_quorum_epoch_request, end_quorum_epoch_response, vote_request, vote_response,
};
use klamm_quorum::{Answer, Body, Endpoint, ReplicaKey, Request, SnapshotId};
use klamm_types::{BrokerId, LeaderEpoch, Offset, Str};

/// From this version on a request names directories.
const DIRECTORIES_FROM: i16 = 1;

pub(super) fn vote_request(cluster_id: Option<Str>, request: &Request) -> VoteRequest {
    let Request::Vote { epoch, candidate, voter, log, pre_vote } = request else {
        return VoteRequest::default();
    };
    let partition = vote_request::PartitionData {
        partition_index: 0,
        replica_epoch: epoch.0,
        replica_id: candidate.id.0,
        replica_directory_id: candidate.directory.0,
        voter_directory_id: voter.directory.0,
        last_offset_epoch: log.epoch.0,
        last_offset: log.end.0,
        pre_vote: *pre_vote,
    };
    let topic_name = Str::from_static(METADATA_TOPIC);
    let topics = vec![vote_request::TopicData { topic_name, partitions: vec![partition] }];
    VoteRequest { cluster_id, voter_id: voter.id.0, topics }
}

/// Reads the request.
pub(crate) fn vote_asked(me: ReplicaKey, request: &VoteRequest) -> Result<Request, ErrorCode> {
    let one = only!(request.topics, topic_name, partition_index)?;
    Ok(Request::Vote {
        epoch: LeaderEpoch(one.replica_epoch),
        candidate: key(one.replica_id, one.replica_directory_id),
        voter: addressed(me, request.voter_id, one.voter_directory_id),
        log: SnapshotId { end: Offset(one.last_offset), epoch: LeaderEpoch(one.last_offset_epoch) },
        pre_vote: one.pre_vote,
    })
}

/// Writes the response.
pub(crate) fn vote_response(answer: Result<Answer, ErrorCode>, listener: &str) -> VoteResponse {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return VoteResponse { error_code: error.code(), ..Default::default() },
    };
    let partition = vote_response::PartitionData {
        partition_index: 0,
        error_code: answer.error.code(),
        leader_id: leader_of(&answer),
        leader_epoch: answer.epoch.0,
        vote_granted: answer.body == Body::Vote { granted: true },
    };
    let topic_name = Str::from_static(METADATA_TOPIC);
    let node = |one: &Endpoint| vote_response::NodeEndpoint {
        node_id: leader_of(&answer),
        host: one.host.clone(),
        port: one.port,
    };
    VoteResponse {
        error_code: 0,
        topics: vec![vote_response::TopicData { topic_name, partitions: vec![partition] }],
        node_endpoints: endpoint_on(&answer.endpoints, listener).map(node).into_iter().collect(),
    }
}

pub(super) fn vote_answer(response: VoteResponse, listener: &Str) -> Result<Answer, ErrorCode> {
    check(response.error_code)?;
    let one = only!(response.topics, topic_name, partition_index)?;
    let body = Body::Vote { granted: one.vote_granted };
    let nodes = response.node_endpoints.iter().map(|one| (one.node_id, one.host.clone(), one.port));
    Ok(told(one.error_code, (one.leader_id, one.leader_epoch), listener, nodes, body))
}

pub(super) fn begin_request(cluster_id: Option<Str>, request: &Request) -> BeginQuorumEpochRequest {
    let Request::BeginEpoch { epoch, leader, voter, endpoints } = request else {
        return BeginQuorumEpochRequest::default();
    };
    let partition = begin_quorum_epoch_request::PartitionData {
        partition_index: 0,
        voter_directory_id: voter.directory.0,
        leader_id: leader.0,
        leader_epoch: epoch.0,
    };
    let endpoint = |one: &Endpoint| begin_quorum_epoch_request::LeaderEndpoint {
        name: one.listener.clone(),
        host: one.host.clone(),
        port: one.port,
    };
    let topic_name = Str::from_static(METADATA_TOPIC);
    BeginQuorumEpochRequest {
        cluster_id,
        voter_id: voter.id.0,
        topics: vec![begin_quorum_epoch_request::TopicData { topic_name, partitions: vec![partition] }],
        leader_endpoints: endpoints.iter().map(endpoint).collect(),
    }
}

/// Reads the request.
pub(crate) fn begin_asked(me: ReplicaKey, request: &BeginQuorumEpochRequest) -> Result<Request, ErrorCode> {
    let one = only!(request.topics, topic_name, partition_index)?;
    let endpoint = |one: &begin_quorum_epoch_request::LeaderEndpoint| Endpoint {
        listener: one.name.detached(),
        host: one.host.detached(),
        port: one.port,
    };
    Ok(Request::BeginEpoch {
        epoch: LeaderEpoch(one.leader_epoch),
        leader: BrokerId(one.leader_id),
        voter: addressed(me, request.voter_id, one.voter_directory_id),
        endpoints: request.leader_endpoints.iter().map(endpoint).collect(),
    })
}

pub(super) fn end_request(cluster_id: Option<Str>, request: &Request) -> EndQuorumEpochRequest {
    let Request::EndEpoch { epoch, leader, preferred } = request else {
        return EndQuorumEpochRequest::default();
    };
    let candidate = |one: &ReplicaKey| end_quorum_epoch_request::ReplicaInfo {
        candidate_id: one.id.0,
        candidate_directory_id: one.directory.0,
    };
    let partition = end_quorum_epoch_request::PartitionData {
        partition_index: 0,
        leader_id: leader.0,
        leader_epoch: epoch.0,
        preferred_successors: preferred.iter().map(|one| one.id.0).collect(),
        preferred_candidates: preferred.iter().map(candidate).collect(),
    };
    let topic_name = Str::from_static(METADATA_TOPIC);
    EndQuorumEpochRequest {
        cluster_id,
        topics: vec![end_quorum_epoch_request::TopicData { topic_name, partitions: vec![partition] }],
        leader_endpoints: Vec::new(),
    }
}

/// Reads the request.
pub(crate) fn end_asked(
    me: ReplicaKey,
    version: i16,
    request: &EndQuorumEpochRequest,
) -> Result<Request, ErrorCode> {
    let one = only!(request.topics, topic_name, partition_index)?;
    let preferred = if version >= DIRECTORIES_FROM {
        one.preferred_candidates.iter().map(|one| key(one.candidate_id, one.candidate_directory_id)).collect()
    } else {
        one.preferred_successors.iter().map(|id| addressed(me, *id, klamm_types::Uuid::ZERO)).collect()
    };
    Ok(Request::EndEpoch { epoch: LeaderEpoch(one.leader_epoch), leader: BrokerId(one.leader_id), preferred })
}

/// Responses that tell of the leader and of nothing else.
macro_rules! tells_of_the_leader {
    ($response:ident, $module:ident, $say:ident, $hear:ident) => {
        /// Writes the response.
        pub(crate) fn $say(answer: Result<Answer, ErrorCode>, listener: &str) -> $response {
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => return $response { error_code: error.code(), ..Default::default() },
            };
            let partition = $module::PartitionData {
                partition_index: 0,
                error_code: answer.error.code(),
                leader_id: leader_of(&answer),
                leader_epoch: answer.epoch.0,
            };
            let topic_name = Str::from_static(METADATA_TOPIC);
            let node = |one: &Endpoint| $module::NodeEndpoint {
                node_id: leader_of(&answer),
                host: one.host.clone(),
                port: one.port,
            };
            $response {
                error_code: 0,
                topics: vec![$module::TopicData { topic_name, partitions: vec![partition] }],
                node_endpoints: endpoint_on(&answer.endpoints, listener).map(node).into_iter().collect(),
            }
        }

        pub(super) fn $hear(response: $response, listener: &Str) -> Result<Answer, ErrorCode> {
            check(response.error_code)?;
            let one = only!(response.topics, topic_name, partition_index)?;
            let nodes = response.node_endpoints.iter().map(|one| (one.node_id, one.host.clone(), one.port));
            Ok(told(one.error_code, (one.leader_id, one.leader_epoch), listener, nodes, Body::Empty))
        }
    };
}
tells_of_the_leader!(BeginQuorumEpochResponse, begin_quorum_epoch_response, begin_response, begin_answer);
tells_of_the_leader!(EndQuorumEpochResponse, end_quorum_epoch_response, end_response, end_answer);

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_types::{DirectoryId, Uuid};

    fn replica(id: i32) -> ReplicaKey {
        ReplicaKey { id: BrokerId(id), directory: DirectoryId(Uuid([id as u8; 16])) }
    }

    fn endpoint() -> Endpoint {
        Endpoint { listener: "CONTROLLER".into(), host: "h".into(), port: 9 }
    }

    #[test]
    fn requests_arrive_as_they_were_sent() {
        let me = replica(2);
        let vote = Request::Vote {
            epoch: LeaderEpoch(5),
            candidate: replica(1),
            voter: me,
            log: SnapshotId { end: Offset(9), epoch: LeaderEpoch(4) },
            pre_vote: true,
        };
        assert_eq!(vote_asked(me, &vote_request(None, &vote)), Ok(vote));
        let begin = Request::BeginEpoch {
            epoch: LeaderEpoch(5),
            leader: BrokerId(1),
            voter: me,
            endpoints: vec![endpoint()],
        };
        assert_eq!(begin_asked(me, &begin_request(None, &begin)), Ok(begin));
        let end =
            Request::EndEpoch { epoch: LeaderEpoch(5), leader: BrokerId(1), preferred: vec![replica(3), me] };
        let asked = end_request(None, &end);
        assert_eq!(end_asked(me, 1, &asked), Ok(end));
        // before directories were named (KIP-853) a node knows itself by its id
        let Ok(Request::EndEpoch { preferred, .. }) = end_asked(me, 0, &asked) else { panic!("it is one") };
        assert_eq!(preferred[1], me);
        assert_eq!(vote_asked(me, &VoteRequest::default()), Err(ErrorCode::InvalidRequest));
    }

    #[test]
    fn answers_arrive_as_they_were_given() {
        let answer = Answer {
            error: ErrorCode::FencedLeaderEpoch,
            message: None,
            epoch: LeaderEpoch(7),
            leader: Some(BrokerId(3)),
            endpoints: vec![endpoint()],
            body: Body::Empty,
        };
        let listener = Str::from_static("CONTROLLER");
        let said = |answer: &Answer| Ok(answer.clone());
        assert_eq!(begin_answer(begin_response(said(&answer), &listener), &listener), Ok(answer.clone()));
        assert_eq!(end_answer(end_response(said(&answer), &listener), &listener), Ok(answer.clone()));
        let vote = Answer {
            error: ErrorCode::None,
            leader: None,
            endpoints: Vec::new(),
            body: Body::Vote { granted: true },
            ..answer
        };
        assert_eq!(vote_answer(vote_response(said(&vote), &listener), &listener), Ok(vote));
        let refused = vote_response(Err(ErrorCode::InconsistentClusterId), &listener);
        assert_eq!(vote_answer(refused, &listener), Err(ErrorCode::InconsistentClusterId));
    }
}
