//! FindCoordinator: which broker coordinates a group. Makes `__consumer_offsets` when it is first asked for.

use super::Call;
use klamm_group::partition_for;
use klamm_metadata::decide::CONSUMER_OFFSETS;
use klamm_protocol::{
    ErrorCode, FindCoordinatorRequest, FindCoordinatorResponse, find_coordinator_response::Coordinator,
};
use klamm_types::Str;
use std::sync::Arc;

/// Kafka's numbers of what is coordinated.
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;

/// From this version on several are asked for at once (KIP-699).
const BATCHED_FROM: i16 = 4;

pub async fn handle(call: Arc<Call>, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    call.broker.lost_are_fenced().await;
    if call.version >= BATCHED_FROM {
        let mut coordinators = Vec::with_capacity(request.coordinator_keys.len());
        for key in &request.coordinator_keys {
            coordinators.push(find(&call, request.key_type, key).await);
        }
        return FindCoordinatorResponse { coordinators, ..Default::default() };
    }
    let found = find(&call, request.key_type, &request.key).await;
    FindCoordinatorResponse {
        error_code: found.error_code,
        error_message: found.error_message,
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        ..Default::default()
    }
}

async fn find(call: &Call, key_type: i8, key: &Str) -> Coordinator {
    let result = match key_type {
        GROUP => of_group(call, key).await,
        // fatal to a producer, so that it says so at once instead of asking for ever
        TRANSACTION => {
            Err((ErrorCode::TransactionalIdAuthorizationFailed, "transactions are not served yet"))
        }
        SHARE => Err((ErrorCode::InvalidRequest, "share groups are not served yet")),
        _ => Err((ErrorCode::InvalidRequest, "this kind of coordinator is not known")),
    };
    let blank = Coordinator { key: key.clone(), node_id: -1, port: -1, ..Default::default() };
    match result {
        Ok(node) => Coordinator { node_id: node.id.0, host: node.host, port: node.port, ..blank },
        Err((error, message)) => {
            Coordinator { error_code: error.code(), error_message: Some(Str::from_static(message)), ..blank }
        }
    }
}

async fn of_group(call: &Call, group: &Str) -> Result<crate::broker::Endpoint, (ErrorCode, &'static str)> {
    let unavailable = |message| (ErrorCode::CoordinatorNotAvailable, message);
    let broker = &call.broker;
    if broker.image().topic(CONSUMER_OFFSETS).is_none()
        && let Err(error) = broker.auto_create(&Str::from_static(CONSUMER_OFFSETS)).await
    {
        tracing::error!(%error, "__consumer_offsets cannot be created: no group can be coordinated");
    }
    let image = broker.image();
    let topic = image
        .topic(CONSUMER_OFFSETS)
        .ok_or_else(|| unavailable("__consumer_offsets cannot be created now"))?;
    let index = partition_for(group, i32::try_from(topic.partitions.len()).unwrap_or(0));
    let leader = topic.partition(index).map(|partition| partition.leader);
    let mut nodes = broker.endpoints(&call.peer.listener).into_iter();
    nodes
        .find(|node| Some(node.id) == leader)
        .ok_or_else(|| unavailable("the group's partition of __consumer_offsets has no leader"))
}
