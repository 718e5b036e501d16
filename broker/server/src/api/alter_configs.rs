//! AlterConfigs, the older of two: a resource gets these settings and no others.

use super::{Call, resource};
use crate::controller::{Decision, NotController};
use klamm_metadata::{
    Image, Record,
    config::Values,
    decide::{Refused, replace_configs},
};
use klamm_protocol::{
    AlterConfigsRequest, AlterConfigsResponse, ErrorCode, alter_configs_request::AlterConfigsResource,
    alter_configs_response::AlterConfigsResourceResponse,
};
use klamm_types::Str;
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: AlterConfigsRequest,
) -> Result<AlterConfigsResponse, NotController> {
    let decided = call.broker.controller.decide(move |image| {
        let (mut records, mut answer) = (Vec::new(), Vec::new());
        for one in &request.resources {
            let altered = alter(image, one);
            answer.push(response(one, altered.as_ref().err()));
            records.extend(altered.unwrap_or_default());
        }
        Decision { records: if request.validate_only { Vec::new() } else { records }, answer }
    });
    Ok(AlterConfigsResponse { responses: decided.await?, ..Default::default() })
}

pub fn refuse(request: &AlterConfigsRequest, why: &Refused) -> AlterConfigsResponse {
    let responses = request.resources.iter().map(|one| response(one, Some(why))).collect();
    AlterConfigsResponse { responses, ..Default::default() }
}

fn alter(image: &Image, one: &AlterConfigsResource) -> Result<Vec<Record>, Refused> {
    let resource = resource::wanted(one.resource_type, &one.resource_name)?;
    let mut values = Values::new();
    for config in &one.configs {
        let value = config.value.as_ref().ok_or_else(|| {
            Refused::new(
                ErrorCode::InvalidRequest,
                format!("{} has no value: leave it out to have its default", config.name),
            )
        })?;
        values.insert(config.name.detached(), value.detached());
    }
    replace_configs(image, &resource, values)
}

fn response(one: &AlterConfigsResource, error: Option<&Refused>) -> AlterConfigsResourceResponse {
    AlterConfigsResourceResponse {
        error_code: error.map_or(ErrorCode::None, |error| error.code).code(),
        error_message: error.map(|error| Str::from(error.message.as_str())),
        resource_type: one.resource_type,
        resource_name: one.resource_name.clone(),
    }
}
