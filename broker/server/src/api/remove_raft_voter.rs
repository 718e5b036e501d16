//! RemoveRaftVoter (KIP-853): a voter is to vote no more.

use super::{Call, raft};
use crate::controller::{NotController, wire};
use klamm_metadata::decide::Refused;
use klamm_protocol::{RemoveRaftVoterRequest, RemoveRaftVoterResponse};
use klamm_types::Str;
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: RemoveRaftVoterRequest,
) -> Result<RemoveRaftVoterResponse, NotController> {
    match raft::change(&call, request.cluster_id.as_ref(), wire::remove_asked(&request)).await? {
        Ok(()) => Ok(RemoveRaftVoterResponse::default()),
        Err(refused) => Ok(refuse(&request, &refused)),
    }
}

pub fn refuse(_: &RemoveRaftVoterRequest, why: &Refused) -> RemoveRaftVoterResponse {
    RemoveRaftVoterResponse {
        error_code: why.code.code(),
        error_message: Some(Str::from(why.message.as_str())),
        ..Default::default()
    }
}
