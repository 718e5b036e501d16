//! IncrementalAlterConfigs (KIP-339): some settings change, the others stay.

use super::{Call, resource};
use crate::controller::{Decision, NotController};
use klamm_metadata::{
    Image, Record,
    config::Values,
    decide::{Alteration, Operation, Refused, alter_configs},
};
use klamm_protocol::{
    ErrorCode, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    incremental_alter_configs_request::AlterConfigsResource,
    incremental_alter_configs_response::AlterConfigsResourceResponse,
};
use klamm_types::Str;
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: IncrementalAlterConfigsRequest,
) -> Result<IncrementalAlterConfigsResponse, NotController> {
    let broker = Arc::clone(&call.broker);
    let decided = call.broker.controller.decide(move |image| {
        let (mut records, mut answer) = (Vec::new(), Vec::new());
        for one in &request.resources {
            let twice = request.resources.iter().filter(|other| same(one, other)).count() > 1;
            let altered = if twice {
                let text = format!("{:?} is in the request twice", one.resource_name);
                Err(Refused::new(ErrorCode::InvalidRequest, text))
            } else {
                alter(image, one, broker.settings.values())
            };
            answer.push(response(one, altered.as_ref().err()));
            records.extend(altered.unwrap_or_default());
        }
        Decision { records: if request.validate_only { Vec::new() } else { records }, answer }
    });
    Ok(IncrementalAlterConfigsResponse { responses: decided.await?, ..Default::default() })
}

pub fn refuse(request: &IncrementalAlterConfigsRequest, why: &Refused) -> IncrementalAlterConfigsResponse {
    let responses = request.resources.iter().map(|one| response(one, Some(why))).collect();
    IncrementalAlterConfigsResponse { responses, ..Default::default() }
}

fn same(one: &AlterConfigsResource, other: &AlterConfigsResource) -> bool {
    (one.resource_type, &one.resource_name) == (other.resource_type, &other.resource_name)
}

fn alter(image: &Image, one: &AlterConfigsResource, file: &Values) -> Result<Vec<Record>, Refused> {
    let resource = resource::wanted(one.resource_type, &one.resource_name)?;
    let alteration = |config: &klamm_protocol::incremental_alter_configs_request::AlterableConfig| {
        let number = config.config_operation;
        let operation = Operation::from_wire(number).ok_or_else(|| {
            Refused::new(
                ErrorCode::InvalidRequest,
                format!("{} has operation {number}: 0 sets, 1 deletes, 2 appends, 3 subtracts", config.name),
            )
        })?;
        Ok(Alteration {
            name: config.name.detached(),
            operation,
            value: config.value.as_ref().map(Str::detached),
        })
    };
    let alterations = one.configs.iter().map(alteration).collect::<Result<Vec<_>, Refused>>()?;
    alter_configs(image, &resource, &alterations, file)
}

fn response(one: &AlterConfigsResource, error: Option<&Refused>) -> AlterConfigsResourceResponse {
    AlterConfigsResourceResponse {
        error_code: error.map_or(ErrorCode::None, |error| error.code).code(),
        error_message: error.map(|error| Str::from(error.message.as_str())),
        resource_type: one.resource_type,
        resource_name: one.resource_name.clone(),
    }
}
