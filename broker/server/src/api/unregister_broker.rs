//! UnregisterBroker (KIP-631): a broker that never comes back is forgotten.

use super::Call;
use crate::controller::Decision;
use klamm_metadata::decide::{Refused, unregister_broker};
use klamm_protocol::{UnregisterBrokerRequest, UnregisterBrokerResponse};
use klamm_types::{BrokerId, Str};
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: UnregisterBrokerRequest) -> UnregisterBrokerResponse {
    let decided = call.broker.controller.decide_by_rules(move |rules| {
        match unregister_broker(rules, BrokerId(request.broker_id)) {
            Ok(records) => Decision { records, answer: Ok(()) },
            Err(refused) => Decision { records: Vec::new(), answer: Err(refused) },
        }
    });
    match decided.await.unwrap_or_else(|error| Err(Refused::from(error))) {
        Ok(()) => UnregisterBrokerResponse::default(),
        Err(refused) => UnregisterBrokerResponse {
            error_code: refused.code.code(),
            error_message: Some(Str::from(refused.message)),
            ..Default::default()
        },
    }
}
