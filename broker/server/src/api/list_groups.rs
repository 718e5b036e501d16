//! ListGroups: the groups that this broker coordinates.

use super::Call;
use klamm_group::Request;
use klamm_protocol::{ErrorCode, ListGroupsRequest, ListGroupsResponse, list_groups_response::ListedGroup};
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: ListGroupsRequest) -> ListGroupsResponse {
    let mut response = ListGroupsResponse::default();
    for partition in call.broker.groups.partitions() {
        let list =
            Request::List { states: request.states_filter.clone(), types: request.types_filter.clone() };
        let listed: Result<Vec<ListedGroup>, ErrorCode> =
            call.broker.groups.ask_partition(partition, call.group_context(), list).await;
        match listed {
            Ok(groups) => response.groups.extend(groups),
            // its groups are another broker's to list
            Err(ErrorCode::NotCoordinator) => {}
            Err(error) => return ListGroupsResponse { error_code: error.code(), ..Default::default() },
        }
    }
    response
}
