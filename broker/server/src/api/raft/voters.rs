//! Who votes (KIP-853): AddRaftVoter and RemoveRaftVoter for tools, UpdateRaftVoter for voters that have moved.

use super::ask;
use crate::{api::Call, broker::Broker, controller::wire};
use klamm_client::ClientError;
use klamm_protocol::{
    AddRaftVoterRequest, AddRaftVoterResponse, ApiVersionsRequest, ErrorCode, RemoveRaftVoterRequest,
    RemoveRaftVoterResponse, UpdateRaftVoterRequest, UpdateRaftVoterResponse,
};
use klamm_quorum::Answer;
use klamm_types::Str;
use std::{sync::Arc, time::Duration};

/// The feature that says how a node takes part in changes of the voters.
const KRAFT_VERSION: &str = "kraft.version";

/// A result for people: Kafka's code and words.
type Told = (ErrorCode, Option<Str>);

pub async fn update(call: Arc<Call>, request: UpdateRaftVoterRequest) -> UpdateRaftVoterResponse {
    let asked = Ok((wire::update_asked(&request), 0));
    let reply = ask(&call, request.cluster_id.as_ref(), asked).await;
    wire::update_response(reply.map(|reply| reply.answer), &call.peer.listener)
}

pub async fn add(call: Arc<Call>, request: AddRaftVoterRequest) -> AddRaftVoterResponse {
    let wait = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
    let deadline = call.arrived.plus(wait);
    let adding = call.broker.world.deadline(deadline, try_add(&call, &request)).await;
    let late = || (ErrorCode::RequestTimedOut, Some("the new voter is not committed in time".into()));
    let (error, error_message) = adding.unwrap_or_else(|_| late());
    AddRaftVoterResponse { error_code: error.code(), error_message, ..Default::default() }
}

async fn try_add(call: &Call, request: &AddRaftVoterRequest) -> Told {
    if !call.broker.controller.leadership().active {
        return not_leading(); // before a node is asked that this one has no business with
    }
    let versions = match kraft_versions(&call.broker, request).await {
        Ok(versions) => versions,
        Err(told) => return told,
    };
    let asked = Ok((wire::add_asked(request, versions), 0));
    told(ask(call, request.cluster_id.as_ref(), asked).await.map(|reply| reply.answer))
}

/// The levels of `kraft.version` that a new voter speaks, as it says itself: who cannot be reached must not vote.
async fn kraft_versions(broker: &Broker, request: &AddRaftVoterRequest) -> Result<(i16, i16), Told> {
    let names = broker.settings.get("controller.listener.names").unwrap_or_default();
    let ours = |name: &str| klamm_metadata::config::elements(&names).any(|one| one == name);
    let listener = request.listeners.iter().find(|one| ours(&one.name)).ok_or_else(|| {
        let text = format!("the new voter has no listener of the name that controllers use here ({names})");
        (ErrorCode::InvalidRequest, Some(Str::from(text)))
    })?;
    let unreachable = |error: ClientError| {
        let text = format!("node {} cannot be asked what it speaks: {error}", request.voter_id);
        (ErrorCode::RequestTimedOut, Some(Str::from(text)))
    };
    let connected = broker.peers.connect(&listener.name, &listener.host, listener.port).await;
    let mut connection = connected.map_err(unreachable)?;
    let asked = ApiVersionsRequest {
        client_software_name: Str::from_static("klamm"),
        client_software_version: Str::from_static(env!("CARGO_PKG_VERSION")),
        ..Default::default()
    };
    let response = connection.call(&asked).await.map_err(unreachable)?;
    let feature = response.supported_features.iter().find(|one| one.name == KRAFT_VERSION);
    Ok(feature.map_or((0, 0), |one| (one.min_version, one.max_version)))
}

pub async fn remove(call: Arc<Call>, request: RemoveRaftVoterRequest) -> RemoveRaftVoterResponse {
    let asked = Ok((wire::remove_asked(&request), 0));
    let reply = ask(&call, request.cluster_id.as_ref(), asked).await;
    let (error, error_message) = told(reply.map(|reply| reply.answer));
    RemoveRaftVoterResponse { error_code: error.code(), error_message, ..Default::default() }
}

fn told(answer: Result<Answer, ErrorCode>) -> Told {
    match answer {
        // tools know it by this name, and ask the active controller next
        Ok(Answer { error: ErrorCode::NotLeaderOrFollower, .. }) => not_leading(),
        Ok(answer) => (answer.error, answer.message.map(Str::from)),
        Err(error) => (error, None),
    }
}

fn not_leading() -> Told {
    (ErrorCode::NotController, Some(Str::from_static("this node is not the active controller")))
}
