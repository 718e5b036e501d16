//! ListConfigResources (KIP-1142): what has settings. Version 0 asks for client metrics (KIP-714), of which there are none.

use super::Call;
use klamm_metadata::{Image, ResourceKind};
use klamm_protocol::{
    ErrorCode, ListConfigResourcesRequest, ListConfigResourcesResponse,
    list_config_resources_response::ConfigResource,
};
use klamm_types::Str;
use std::sync::Arc;

/// Brokers' loggers, client metrics, groups: Kafka has settings for them, and here there are none.
const WITHOUT_SETTINGS: [i8; 3] = [8, 16, 32];

pub async fn handle(call: Arc<Call>, request: ListConfigResourcesRequest) -> ListConfigResourcesResponse {
    if call.version == 0 {
        return ListConfigResourcesResponse::default();
    }
    let known = |kind: &i8| ResourceKind::from_wire(*kind).is_some() || WITHOUT_SETTINGS.contains(kind);
    if !request.resource_types.iter().all(known) {
        return ListConfigResourcesResponse {
            error_code: ErrorCode::UnsupportedVersion.code(),
            ..Default::default()
        };
    }
    ListConfigResourcesResponse {
        config_resources: list(&call.broker.image(), &request.resource_types),
        ..Default::default()
    }
}

/// The resources of these types; of all where none is named.
fn list(image: &Image, types: &[i8]) -> Vec<ConfigResource> {
    let wanted = |kind: ResourceKind| types.is_empty() || types.contains(&kind.wire());
    let mut all = Vec::new();
    if wanted(ResourceKind::Topic) {
        all.extend(image.topics().map(|topic| resource(topic.name.clone(), ResourceKind::Topic)));
    }
    if wanted(ResourceKind::Broker) {
        all.extend(
            image.brokers().map(|broker| resource(Str::from(broker.id.to_string()), ResourceKind::Broker)),
        );
    }
    all
}

fn resource(resource_name: Str, kind: ResourceKind) -> ConfigResource {
    ConfigResource { resource_name, resource_type: kind.wire() }
}
