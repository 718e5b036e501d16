//! UnregisterBroker (KIP-631): a broker that never comes back is forgotten.

use super::Call;
use crate::controller::{Decision, NotController};
use klamm_metadata::decide::{Refused, unregister_broker};
use klamm_protocol::{UnregisterBrokerRequest, UnregisterBrokerResponse};
use klamm_types::{BrokerId, Str};
use std::sync::Arc;

pub async fn decide(
    call: Arc<Call>,
    request: UnregisterBrokerRequest,
) -> Result<UnregisterBrokerResponse, NotController> {
    let id = BrokerId(request.broker_id);
    let decided = call.broker.controller.decide_by_rules(move |rules| match unregister_broker(rules, id) {
        Ok(records) => Decision { records, answer: Ok(()) },
        Err(refused) => Decision { records: Vec::new(), answer: Err(refused) },
    });
    Ok(match decided.await? {
        Ok(()) => UnregisterBrokerResponse::default(),
        Err(refused) => refuse(&request, &refused),
    })
}

pub fn refuse(_: &UnregisterBrokerRequest, why: &Refused) -> UnregisterBrokerResponse {
    UnregisterBrokerResponse {
        error_code: why.code.code(),
        error_message: Some(Str::from(why.message.as_str())),
        ..Default::default()
    }
}
