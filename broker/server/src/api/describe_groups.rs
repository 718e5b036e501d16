//! DescribeGroups: state, members and assignments of groups.

use super::Call;
use klamm_group::Request;
use klamm_protocol::{
    DescribeGroupsRequest, DescribeGroupsResponse, describe_groups_response::DescribedGroup,
};
use std::sync::Arc;

/// What may be done with a group, as bits of Kafka's operations: read, delete, describe, describe and alter its settings.
/// Nothing is forbidden to anyone yet.
const ALL_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

pub async fn handle(call: Arc<Call>, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let mut groups = Vec::with_capacity(request.groups.len());
    for group in &request.groups {
        let mut described: DescribedGroup = call.ask_group(group, Request::Describe(group.clone())).await;
        if request.include_authorized_operations && described.error_code == 0 {
            described.authorized_operations = ALL_OPERATIONS;
        }
        groups.push(described);
    }
    DescribeGroupsResponse { groups, ..Default::default() }
}
