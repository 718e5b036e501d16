//! DescribeCluster (KIP-700): the brokers, or the controllers (KIP-919).

use super::Call;
use klamm_protocol::{
    DescribeClusterRequest, DescribeClusterResponse, ErrorCode,
    describe_cluster_response::DescribeClusterBroker,
};
use klamm_types::Str;
use std::sync::Arc;

/// Endpoints of brokers; 2 is of controllers.
const BROKERS: i8 = 1;
/// "No authorized operations asked for", as Kafka says it.
const OPERATIONS_OMITTED: i32 = i32::MIN;

pub async fn handle(call: Arc<Call>, request: DescribeClusterRequest) -> DescribeClusterResponse {
    if call.version >= 1 && request.endpoint_type != BROKERS {
        let text = "this listener is for clients: it tells of brokers (endpoint type 1), not of controllers";
        return DescribeClusterResponse {
            error_code: ErrorCode::MismatchedEndpointType.code(),
            error_message: Some(Str::from_static(text)),
            endpoint_type: BROKERS,
            cluster_authorized_operations: OPERATIONS_OMITTED,
            ..Default::default()
        };
    }
    let image = call.broker.image();
    let fenced = |id| image.broker(id).is_some_and(|broker| broker.fenced);
    let endpoints = call.broker.endpoints(&call.peer.listener);
    DescribeClusterResponse {
        endpoint_type: BROKERS,
        cluster_id: call.broker.cluster_id.clone(),
        // as Kafka does: any broker, it forwards
        controller_id: endpoints.iter().map(|one| one.id.0).min().unwrap_or(-1),
        brokers: endpoints
            .into_iter()
            .map(|one| DescribeClusterBroker {
                broker_id: one.id.0,
                is_fenced: fenced(one.id),
                host: one.host,
                port: one.port,
                rack: one.rack,
            })
            .collect(),
        cluster_authorized_operations: OPERATIONS_OMITTED,
        ..Default::default()
    }
}
