//! What replicas of the metadata log ask each other: Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchSnapshot, UpdateRaftVoter.

use super::{ask, me};
use crate::{api::Call, controller::wire};
use klamm_protocol::{
    BeginQuorumEpochRequest, BeginQuorumEpochResponse, EndQuorumEpochRequest, EndQuorumEpochResponse,
    FetchRequest, FetchResponse, FetchSnapshotRequest, FetchSnapshotResponse, UpdateRaftVoterRequest,
    UpdateRaftVoterResponse, VoteRequest, VoteResponse,
};
use std::sync::Arc;

pub async fn vote(call: Arc<Call>, request: VoteRequest) -> VoteResponse {
    let asked = wire::vote_asked(me(&call), &request).map(|asked| (asked, 0));
    let reply = ask(&call, request.cluster_id.as_ref(), asked).await;
    wire::vote_response(reply.map(|reply| reply.answer), &call.peer.listener)
}

pub async fn begin_epoch(call: Arc<Call>, request: BeginQuorumEpochRequest) -> BeginQuorumEpochResponse {
    let asked = wire::begin_asked(me(&call), &request).map(|asked| (asked, 0));
    let reply = ask(&call, request.cluster_id.as_ref(), asked).await;
    wire::begin_response(reply.map(|reply| reply.answer), &call.peer.listener)
}

pub async fn end_epoch(call: Arc<Call>, request: EndQuorumEpochRequest) -> EndQuorumEpochResponse {
    let asked = wire::end_asked(me(&call), call.version, &request).map(|asked| (asked, 0));
    let reply = ask(&call, request.cluster_id.as_ref(), asked).await;
    wire::end_response(reply.map(|reply| reply.answer), &call.peer.listener)
}

pub async fn fetch(call: Arc<Call>, request: FetchRequest) -> FetchResponse {
    let asked = wire::fetch_asked(call.version, &request);
    let reply = ask(&call, request.cluster_id.as_ref(), asked).await;
    wire::fetch_response(reply, &call.peer.listener)
}

pub async fn fetch_snapshot(call: Arc<Call>, request: FetchSnapshotRequest) -> FetchSnapshotResponse {
    let reply = ask(&call, request.cluster_id.as_ref(), wire::snapshot_asked(&request)).await;
    wire::snapshot_response(reply, &request, &call.peer.listener)
}

pub async fn update_voter(call: Arc<Call>, request: UpdateRaftVoterRequest) -> UpdateRaftVoterResponse {
    let asked = Ok((wire::update_asked(&request), 0));
    let reply = ask(&call, request.cluster_id.as_ref(), asked).await;
    wire::update_response(reply.map(|reply| reply.answer), &call.peer.listener)
}
