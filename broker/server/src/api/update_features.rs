//! UpdateFeatures (KIP-584): feature levels are finalised, all of a request or none.

use super::Call;
use crate::controller::Decision;
use klamm_metadata::decide::{FeatureChange, FeatureUpdate, Refused, update_features};
use klamm_protocol::{
    ErrorCode, UpdateFeaturesRequest, UpdateFeaturesResponse,
    update_features_response::UpdatableFeatureResult,
};
use klamm_types::Str;
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: UpdateFeaturesRequest) -> UpdateFeaturesResponse {
    let updates: Vec<FeatureUpdate> = request
        .feature_updates
        .iter()
        .map(|one| FeatureUpdate {
            name: one.feature.detached(),
            level: one.max_version_level,
            change: match (call.version, one.allow_downgrade) {
                (0, false) => Some(FeatureChange::Upgrade),
                (0, true) => Some(FeatureChange::SafeDowngrade),
                _ => FeatureChange::from_wire(one.upgrade_type),
            },
        })
        .collect();
    let names: Vec<Str> = updates.iter().map(|one| one.name.clone()).collect();
    let validate_only = request.validate_only;
    let decided = call.broker.controller.try_decide(move |image| {
        let records = update_features(image, &updates)?;
        Ok(Decision { records: if validate_only { Vec::new() } else { records }, answer: () })
    });
    let refused: Option<Refused> = decided.await.err();
    // up to version 1, each feature has a result of its own, and all have the same: it is all or none
    let result = |feature: Str| UpdatableFeatureResult {
        feature,
        error_code: refused.as_ref().map_or(ErrorCode::None, |refused| refused.code).code(),
        error_message: refused.as_ref().map(|refused| Str::from(refused.message.as_str())),
    };
    UpdateFeaturesResponse {
        error_code: refused.as_ref().map_or(ErrorCode::None, |refused| refused.code).code(),
        error_message: refused.as_ref().map(|refused| Str::from(refused.message.as_str())),
        results: if call.version < 2 { names.into_iter().map(result).collect() } else { Vec::new() },
        ..Default::default()
    }
}
