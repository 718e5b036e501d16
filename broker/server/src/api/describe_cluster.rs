//! DescribeCluster (KIP-700): the brokers; on a listener for controllers, the controllers (KIP-919).

use super::{Call, Scope};
use crate::controller::wire::endpoint_on;
use klamm_protocol::{
    DescribeClusterRequest, DescribeClusterResponse, ErrorCode,
    describe_cluster_response::DescribeClusterBroker,
};
use klamm_types::Str;
use std::sync::Arc;

/// Endpoints of brokers, and of controllers, with Kafka's numbers.
const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;
/// "No authorized operations asked for", as Kafka says it.
const OPERATIONS_OMITTED: i32 = i32::MIN;

pub async fn handle(call: Arc<Call>, request: DescribeClusterRequest) -> DescribeClusterResponse {
    let wanted = if call.version == 0 { BROKERS } else { request.endpoint_type };
    match call.scope {
        Scope::Broker if wanted == BROKERS => brokers(&call, request.include_fenced_brokers),
        Scope::Broker => {
            mismatched("this listener is for clients: it tells of brokers (endpoint type 1)", BROKERS)
        }
        Scope::Controller if wanted == CONTROLLERS => controllers(&call),
        Scope::Controller => {
            mismatched("this listener is for controllers: it tells of them (endpoint type 2)", CONTROLLERS)
        }
    }
}

fn mismatched(text: &'static str, endpoint_type: i8) -> DescribeClusterResponse {
    DescribeClusterResponse {
        error_code: ErrorCode::MismatchedEndpointType.code(),
        error_message: Some(Str::from_static(text)),
        endpoint_type,
        cluster_authorized_operations: OPERATIONS_OMITTED,
        ..Default::default()
    }
}

fn brokers(call: &Call, include_fenced: bool) -> DescribeClusterResponse {
    let image = call.broker.image();
    let endpoints = call.broker.endpoints(&call.peer.listener);
    // as Kafka does: any broker, it forwards
    let controller_id = endpoints.iter().map(|one| one.id.0).min().unwrap_or(-1);
    let fenced = image.brokers().filter(|broker| broker.fenced && include_fenced).filter_map(|broker| {
        let found = broker.endpoint(&call.peer.listener)?;
        Some(DescribeClusterBroker {
            broker_id: broker.id.0,
            is_fenced: true,
            host: found.host.clone(),
            port: i32::from(found.port),
            rack: broker.rack.clone(),
        })
    });
    let active = endpoints.into_iter().map(|one| DescribeClusterBroker {
        broker_id: one.id.0,
        is_fenced: false,
        host: one.host,
        port: one.port,
        rack: one.rack,
    });
    let mut brokers: Vec<_> = active.chain(fenced).collect();
    brokers.sort_by_key(|broker| broker.broker_id);
    response(call, BROKERS, controller_id, brokers)
}

fn controllers(call: &Call) -> DescribeClusterResponse {
    let quorum = call.broker.controller.quorum();
    let leader = call.broker.controller.leadership().leader.map_or(-1, |leader| leader.0);
    let node = |voter: &klamm_quorum::Voter| {
        let endpoint = endpoint_on(&voter.endpoints, &call.peer.listener)?;
        Some(DescribeClusterBroker {
            broker_id: voter.key.id.0,
            host: endpoint.host.clone(),
            port: i32::from(endpoint.port),
            ..Default::default()
        })
    };
    response(call, CONTROLLERS, leader, quorum.voters().iter().filter_map(node).collect())
}

fn response(
    call: &Call,
    endpoint_type: i8,
    controller_id: i32,
    brokers: Vec<DescribeClusterBroker>,
) -> DescribeClusterResponse {
    DescribeClusterResponse {
        endpoint_type,
        cluster_id: call.broker.cluster_id.clone(),
        controller_id,
        brokers,
        cluster_authorized_operations: OPERATIONS_OMITTED,
        ..Default::default()
    }
}
