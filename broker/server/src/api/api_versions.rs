//! ApiVersions (KIP-35, KIP-511, KIP-584): what is served.

use super::{Call, answer};
use klamm_net::Reply;
use klamm_protocol::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, ErrorCode,
    api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey},
};
use klamm_types::Str;
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: ApiVersionsRequest) -> ApiVersionsResponse {
    if call.version >= 3
        && !(is_name(&request.client_software_name) && is_name(&request.client_software_version))
    {
        return ApiVersionsResponse { error_code: ErrorCode::InvalidRequest.code(), ..Default::default() };
    }
    let (image, release) = (call.broker.image(), call.broker.settings.release);
    ApiVersionsResponse {
        api_keys: api_keys(&call),
        supported_features: release
            .features
            .iter()
            .map(|one| SupportedFeatureKey {
                name: Str::from_static(one.name),
                min_version: one.min,
                max_version: one.max,
            })
            .filter(|feature| call.version >= 4 || feature.min_version > 0) // KIP-1022: old clients refuse a zero
            .collect(),
        finalized_features_epoch: image.offset().0,
        finalized_features: image
            .finalized_features()
            .map(|(name, level)| FinalizedFeatureKey {
                name,
                max_version_level: level,
                min_version_level: level,
            })
            .collect(),
        ..Default::default()
    }
}

/// The answer to a version that is not served: version 0 with error 35 and the versions that are (KIP-511).
pub fn unsupported(mut call: Call) -> Reply {
    call.version = 0;
    Box::pin(async move {
        let response = ApiVersionsResponse {
            error_code: ErrorCode::UnsupportedVersion.code(),
            api_keys: api_keys(&call)
                .into_iter()
                .filter(|api| api.api_key == ApiKey::ApiVersions.code())
                .collect(),
            ..Default::default()
        };
        answer::<ApiVersionsRequest>(&call, &response)
    })
}

fn api_keys(call: &Call) -> Vec<ApiVersion> {
    let served = call.scope.served_by(call.broker.settings.release);
    let advertised = served.map(|(key, versions)| ApiVersion {
        api_key: key.code(),
        // librdkafka decides by Produce v0 whether a broker knows message format 2 (KAFKA-18659)
        min_version: if key == ApiKey::Produce { 0 } else { *versions.start() },
        max_version: *versions.end(),
    });
    advertised.collect()
}

/// What KIP-511 allows as a client's name and version.
fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.chars().all(inner) && ends(text.chars().next()) && ends(text.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_are_as_kip_511_says() {
        for (name, expected) in
            [("librdkafka", true), ("a-b.1", true), ("", false), ("-a", false), ("a b", false)]
        {
            assert_eq!(is_name(name), expected, "{name}");
        }
    }
}
