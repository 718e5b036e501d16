//! DeleteGroups: groups without members, with all their offsets.

use super::Call;
use klamm_group::Request;
use klamm_protocol::{
    DeleteGroupsRequest, DeleteGroupsResponse, ErrorCode, delete_groups_response::DeletableGroupResult,
};
use std::sync::Arc;

/// From this version on a result says why.
const MESSAGE_FROM: i16 = 3;

pub async fn handle(call: Arc<Call>, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut results = Vec::with_capacity(request.groups_names.len());
    for group_id in request.groups_names {
        let error: ErrorCode = call.ask_group(&group_id, Request::Delete(group_id.clone())).await;
        let says = error.is_error() && call.version >= MESSAGE_FROM;
        results.push(DeletableGroupResult {
            error_code: error.code(),
            error_message: says.then(|| error.message().into()),
            group_id,
        });
    }
    DeleteGroupsResponse { results, ..Default::default() }
}
