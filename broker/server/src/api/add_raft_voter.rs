//! AddRaftVoter (KIP-853): an observer is to vote.

use super::{Call, raft};
use crate::{
    broker::Broker,
    controller::{NotController, wire},
};
use klamm_client::ClientError;
use klamm_metadata::{config::elements, decide::Refused};
use klamm_protocol::{AddRaftVoterRequest, AddRaftVoterResponse, ApiVersionsRequest, ErrorCode};
use klamm_types::Str;
use std::{sync::Arc, time::Duration};

/// The feature that says how a node takes part in changes of the voters.
const KRAFT_VERSION: &str = "kraft.version";

pub async fn decide(
    call: Arc<Call>,
    request: AddRaftVoterRequest,
) -> Result<AddRaftVoterResponse, NotController> {
    let wait = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
    let deadline = call.arrived.plus(wait);
    let adding = call.broker.world.deadline(deadline, add(&call, &request)).await;
    let late = || Refused::new(ErrorCode::RequestTimedOut, "the new voter was not committed in time");
    match adding.unwrap_or_else(|_| Ok(Err(late())))? {
        Ok(()) => Ok(AddRaftVoterResponse::default()),
        Err(refused) => Ok(refuse(&request, &refused)),
    }
}

pub fn refuse(_: &AddRaftVoterRequest, why: &Refused) -> AddRaftVoterResponse {
    AddRaftVoterResponse {
        error_code: why.code.code(),
        error_message: Some(Str::from(why.message.as_str())),
        ..Default::default()
    }
}

async fn add(call: &Call, request: &AddRaftVoterRequest) -> Result<Result<(), Refused>, NotController> {
    if !call.broker.controller.leadership().active {
        return Err(NotController); // before a node is asked that this one has no business with
    }
    let versions = match kraft_versions(&call.broker, request).await {
        Ok(versions) => versions,
        Err(refused) => return Ok(Err(refused)),
    };
    raft::change(call, request.cluster_id.as_ref(), wire::add_asked(request, versions)).await
}

/// The levels of `kraft.version` that a new voter speaks, as it says itself: who cannot be reached must not vote.
async fn kraft_versions(broker: &Broker, request: &AddRaftVoterRequest) -> Result<(i16, i16), Refused> {
    let names = broker.settings.get("controller.listener.names").unwrap_or_default();
    let ours = |name: &str| elements(&names).any(|one| one == name);
    let listener = request.listeners.iter().find(|one| ours(&one.name)).ok_or_else(|| {
        let text = format!("the new voter has no listener of the name that controllers use here ({names})");
        Refused::new(ErrorCode::InvalidRequest, text)
    })?;
    let unreachable = |error: ClientError| {
        let text = format!("node {} cannot be asked what it speaks: {error}", request.voter_id);
        Refused::new(ErrorCode::RequestTimedOut, text)
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
