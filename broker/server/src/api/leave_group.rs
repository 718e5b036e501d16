//! LeaveGroup: members go. Up to version 2 one at a time.

use super::Call;
use klamm_group::Request;
use klamm_protocol::{LeaveGroupRequest, LeaveGroupResponse, leave_group_request::MemberIdentity};
use klamm_types::Str;
use std::sync::Arc;

/// From this version on several may leave at once (KIP-345).
const BATCHED_FROM: i16 = 3;

pub async fn handle(call: Arc<Call>, mut request: LeaveGroupRequest) -> LeaveGroupResponse {
    let group = request.group_id.clone();
    if call.version >= BATCHED_FROM {
        return call.ask_group(&group, Request::Leave(request)).await;
    }
    let member_id: Str = std::mem::take(&mut request.member_id);
    request.members = vec![MemberIdentity { member_id, ..Default::default() }];
    let response: LeaveGroupResponse = call.ask_group(&group, Request::Leave(request)).await;
    let of_member = response.members.first().map_or(0, |member| member.error_code);
    let error_code = if response.error_code == 0 { of_member } else { response.error_code };
    LeaveGroupResponse { error_code, ..Default::default() }
}
