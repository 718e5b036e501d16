//! What brokers of an older release serve, ask and read: those of a cluster under upgrade work beside newer ones.

use super::{client::Client, cluster::Cluster};
use klamm_metadata::{
    ELR_VERSION, KRAFT_VERSION, METADATA_VERSION, METADATA_VERSION_4_0, METADATA_VERSION_4_3, Release,
    SupportedFeature,
};
use klamm_protocol::{ApiKey, ErrorCode, UpdateFeaturesRequest, update_features_request::FeatureUpdateKey};
use klamm_world::World;

/// As far behind as a Kafka 4.0 is behind this program.
pub(super) const OLDER: &Release = &Release {
    features: &[
        SupportedFeature {
            name: METADATA_VERSION,
            min: METADATA_VERSION_4_0,
            max: METADATA_VERSION_4_0,
            initial: METADATA_VERSION_4_0,
        },
        SupportedFeature { name: KRAFT_VERSION, min: 0, max: 1, initial: 1 },
        SupportedFeature { name: ELR_VERSION, min: 0, max: 1, initial: 1 },
    ],
    apis: &[
        (ApiKey::Produce, 12),
        (ApiKey::Fetch, 17),
        (ApiKey::ListOffsets, 10),
        (ApiKey::OffsetCommit, 9),
        (ApiKey::OffsetFetch, 9),
        (ApiKey::ApiVersions, 4),
        (ApiKey::DescribeLogDirs, 4),
        (ApiKey::AddRaftVoter, 0),
        (ApiKey::BrokerHeartbeat, 1),
        (ApiKey::ListConfigResources, 0),
    ],
    records: &[(REGISTER_BROKER, 3), (BROKER_REGISTRATION_CHANGE, 2)],
};

const REGISTER_BROKER: u32 = 0;
const BROKER_REGISTRATION_CHANGE: u32 = 17;

const UPDATE_VERSION: i16 = 2;
const TIMEOUT_MS: i32 = 10_000;

/// Tries to raise `metadata.version` to what newer brokers serve; true when it is that.
pub(super) async fn raise(world: &World, cluster: &Cluster) -> bool {
    let update = FeatureUpdateKey {
        feature: METADATA_VERSION.into(),
        max_version_level: METADATA_VERSION_4_3,
        ..Default::default()
    };
    let request =
        UpdateFeaturesRequest { timeout_ms: TIMEOUT_MS, feature_updates: vec![update], ..Default::default() };
    let Ok(mut client) = Client::any(world, &cluster.names()).await else { return false };
    let told = client.call(UPDATE_VERSION, &request).await;
    told.is_ok_and(|told| told.error_code == ErrorCode::None.code())
}
