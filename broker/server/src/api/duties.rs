//! What nodes ask the active controller on its own listener: handed to it as it is.

use super::Call;
use klamm_protocol::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, AlterPartitionRequest, AlterPartitionResponse,
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse, BrokerHeartbeatRequest,
    BrokerHeartbeatResponse, BrokerRegistrationRequest, BrokerRegistrationResponse,
    ControllerRegistrationRequest, ControllerRegistrationResponse,
};
use std::sync::Arc;

pub async fn alter_partition(call: Arc<Call>, request: AlterPartitionRequest) -> AlterPartitionResponse {
    call.broker.controller.alter_partition(request).await
}

pub async fn allocate_producer_ids(
    call: Arc<Call>,
    request: AllocateProducerIdsRequest,
) -> AllocateProducerIdsResponse {
    call.broker.controller.allocate_producer_ids(request).await
}

pub async fn assign_replicas_to_dirs(
    call: Arc<Call>,
    request: AssignReplicasToDirsRequest,
) -> AssignReplicasToDirsResponse {
    call.broker.controller.assign_replicas_to_dirs(request).await
}

pub async fn controller_registration(
    call: Arc<Call>,
    request: ControllerRegistrationRequest,
) -> ControllerRegistrationResponse {
    call.broker.controller.controller_registration(request).await
}

pub async fn broker_registration(
    call: Arc<Call>,
    request: BrokerRegistrationRequest,
) -> BrokerRegistrationResponse {
    call.broker.controller.broker_registration(request).await
}

pub async fn broker_heartbeat(call: Arc<Call>, request: BrokerHeartbeatRequest) -> BrokerHeartbeatResponse {
    let from = (call.peer.address.ip(), call.beats.as_ref());
    call.broker.controller.broker_heartbeat(request, Some(from)).await
}
