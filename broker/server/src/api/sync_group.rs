//! SyncGroup: the leader hands out the assignment, the others get theirs.

use super::Call;
use klamm_group::Request;
use klamm_protocol::{ErrorCode, SyncGroupRequest, SyncGroupResponse};
use std::sync::Arc;

/// From this version on the protocol must be named (KIP-559).
const PROTOCOL_FROM: i16 = 5;

pub async fn handle(call: Arc<Call>, request: SyncGroupRequest) -> SyncGroupResponse {
    let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
    if call.version >= PROTOCOL_FROM && !names_protocol {
        let error_code = ErrorCode::InconsistentGroupProtocol.code();
        return SyncGroupResponse { error_code, ..Default::default() };
    }
    let group = request.group_id.clone();
    call.ask_group(&group, Request::Sync(request)).await
}
