//! JoinGroup: become or stay a member. Answered when the group's rebalance is through.

use super::Call;
use klamm_group::Request;
use klamm_protocol::{JoinGroupRequest, JoinGroupResponse};
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: JoinGroupRequest) -> JoinGroupResponse {
    let group = request.group_id.clone();
    let fresh = call.broker.world.uuid();
    call.ask_group(&group, Request::Join(request, fresh)).await
}
