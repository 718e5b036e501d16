//! AddRaftVoter (80), RemoveRaftVoter (81), UpdateRaftVoter (82): who votes (KIP-853).

use super::{check, code_of, endpoint_on, key, leader_of};
use klamm_protocol::{
    AddRaftVoterRequest, ErrorCode, RemoveRaftVoterRequest, UpdateRaftVoterRequest, UpdateRaftVoterResponse,
    update_raft_voter_request, update_raft_voter_response::CurrentLeader,
};
use klamm_quorum::{Answer, Body, Endpoint, Request, Voter};
use klamm_types::{BrokerId, LeaderEpoch, Str};

pub(super) fn update_request(cluster_id: Option<Str>, request: &Request) -> UpdateRaftVoterRequest {
    let Request::UpdateVoter { epoch, voter } = request else { return UpdateRaftVoterRequest::default() };
    let listener = |one: &Endpoint| update_raft_voter_request::Listener {
        name: one.listener.clone(),
        host: one.host.clone(),
        port: one.port,
    };
    let (min_supported_version, max_supported_version) = voter.kraft_versions;
    UpdateRaftVoterRequest {
        cluster_id,
        current_leader_epoch: epoch.0,
        voter_id: voter.key.id.0,
        voter_directory_id: voter.key.directory.0,
        listeners: voter.endpoints.iter().map(listener).collect(),
        kraft_version_feature: update_raft_voter_request::KRaftVersionFeature {
            min_supported_version,
            max_supported_version,
        },
    }
}

/// Reads the request.
pub(crate) fn update_asked(request: &UpdateRaftVoterRequest) -> Request {
    let endpoint = |one: &update_raft_voter_request::Listener| Endpoint {
        listener: one.name.detached(),
        host: one.host.detached(),
        port: one.port,
    };
    let feature = &request.kraft_version_feature;
    Request::UpdateVoter {
        epoch: LeaderEpoch(request.current_leader_epoch),
        voter: Voter {
            key: key(request.voter_id, request.voter_directory_id),
            endpoints: request.listeners.iter().map(endpoint).collect(),
            kraft_versions: (feature.min_supported_version, feature.max_supported_version),
        },
    }
}

/// Writes the response.
pub(crate) fn update_response(answer: Result<Answer, ErrorCode>, listener: &str) -> UpdateRaftVoterResponse {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return UpdateRaftVoterResponse { error_code: error.code(), ..Default::default() },
    };
    let endpoint = endpoint_on(&answer.endpoints, listener);
    UpdateRaftVoterResponse {
        throttle_time_ms: 0,
        error_code: answer.error.code(),
        current_leader: CurrentLeader {
            leader_id: leader_of(&answer),
            leader_epoch: answer.epoch.0,
            host: endpoint.map(|one| one.host.clone()).unwrap_or_default(),
            port: endpoint.map_or(0, |one| i32::from(one.port)),
        },
    }
}

pub(super) fn update_answer(response: UpdateRaftVoterResponse, listener: &Str) -> Result<Answer, ErrorCode> {
    let CurrentLeader { leader_id, leader_epoch, host, port } = response.current_leader;
    if leader_epoch < 0 {
        check(response.error_code)?; // an error of the whole request
    }
    let known = (leader_id >= 0).then_some(BrokerId(leader_id));
    let port = u16::try_from(port).ok().filter(|port| *port > 0);
    let endpoint = |port| Endpoint { listener: listener.clone(), host: host.detached(), port };
    Ok(Answer {
        error: code_of(response.error_code),
        message: None,
        epoch: LeaderEpoch(leader_epoch),
        leader: known,
        endpoints: port.filter(|_| known.is_some()).map(endpoint).into_iter().collect(),
        body: Body::Empty,
    })
}

/// Reads the request; which levels of `kraft.version` the node speaks it says itself.
pub(crate) fn add_asked(request: &AddRaftVoterRequest, kraft_versions: (i16, i16)) -> Request {
    let endpoint = |one: &klamm_protocol::add_raft_voter_request::Listener| Endpoint {
        listener: one.name.detached(),
        host: one.host.detached(),
        port: one.port,
    };
    Request::AddVoter {
        voter: Voter {
            key: key(request.voter_id, request.voter_directory_id),
            endpoints: request.listeners.iter().map(endpoint).collect(),
            kraft_versions,
        },
        wait: request.ack_when_committed,
    }
}

/// Reads the request.
pub(crate) fn remove_asked(request: &RemoveRaftVoterRequest) -> Request {
    Request::RemoveVoter { key: key(request.voter_id, request.voter_directory_id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_types::{DirectoryId, Uuid};

    #[test]
    fn an_update_arrives_and_is_answered() {
        let endpoint = Endpoint { listener: "CONTROLLER".into(), host: "h".into(), port: 9 };
        let key = klamm_quorum::ReplicaKey { id: BrokerId(2), directory: DirectoryId(Uuid([2; 16])) };
        let voter = Voter { key, endpoints: vec![endpoint.clone()], kraft_versions: (0, 1) };
        let request = Request::UpdateVoter { epoch: LeaderEpoch(3), voter };
        assert_eq!(update_asked(&update_request(None, &request)), request);
        let answer = Answer {
            error: ErrorCode::NotLeaderOrFollower,
            message: None,
            epoch: LeaderEpoch(4),
            leader: Some(BrokerId(1)),
            endpoints: vec![endpoint.clone()],
            body: Body::Empty,
        };
        let response = update_response(Ok(answer.clone()), &endpoint.listener);
        assert_eq!(update_answer(response, &endpoint.listener), Ok(answer));
    }
}
