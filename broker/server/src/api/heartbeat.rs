//! Heartbeat: a member lives, and hears whether the group rebalances.

use super::Call;
use klamm_group::Request;
use klamm_protocol::{ErrorCode, HeartbeatRequest, HeartbeatResponse};
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: HeartbeatRequest) -> HeartbeatResponse {
    let group = request.group_id.clone();
    let error: ErrorCode = call.ask_group(&group, Request::Heartbeat(request)).await;
    HeartbeatResponse { error_code: error.code(), ..Default::default() }
}
