//! UpdateFeatures (KIP-584): feature levels are finalised, all of a request or none.

use super::Call;
use crate::controller::{Decision, NotController};
use klamm_metadata::decide::{FeatureChange, FeatureUpdate, Refused, update_features};
use klamm_protocol::{
    ErrorCode, UpdateFeaturesRequest, UpdateFeaturesResponse, update_features_request::FeatureUpdateKey,
    update_features_response::UpdatableFeatureResult,
};
use klamm_types::Str;
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: UpdateFeaturesRequest,
) -> Result<UpdateFeaturesResponse, NotController> {
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
    let validate_only = request.validate_only;
    let decided = call.broker.controller.decide(move |image| match update_features(image, &updates) {
        Ok(records) => Decision { records: if validate_only { Vec::new() } else { records }, answer: None },
        Err(refused) => Decision { records: Vec::new(), answer: Some(refused) },
    });
    Ok(response(&request, decided.await?.as_ref()))
}

pub fn refuse(request: &UpdateFeaturesRequest, why: &Refused) -> UpdateFeaturesResponse {
    response(request, Some(why))
}

fn response(request: &UpdateFeaturesRequest, refused: Option<&Refused>) -> UpdateFeaturesResponse {
    // up to version 1, each feature has a result of its own, and all have the same: it is all or none
    let result = |one: &FeatureUpdateKey| UpdatableFeatureResult {
        feature: one.feature.clone(),
        error_code: refused.map_or(ErrorCode::None, |refused| refused.code).code(),
        error_message: refused.map(|refused| Str::from(refused.message.as_str())),
    };
    UpdateFeaturesResponse {
        error_code: refused.map_or(ErrorCode::None, |refused| refused.code).code(),
        error_message: refused.map(|refused| Str::from(refused.message.as_str())),
        results: request.feature_updates.iter().map(result).collect(),
        ..Default::default()
    }
}
