//! InitProducerId: an id for an idempotent producer (KIP-98). Transactions are refused at once.

use super::Call;
use klamm_protocol::{ErrorCode, InitProducerIdRequest, InitProducerIdResponse};
use std::sync::Arc;

pub async fn handle(call: Arc<Call>, request: InitProducerIdRequest) -> InitProducerIdResponse {
    if let Some(id) = &request.transactional_id {
        tracing::info!(transactional_id = %id, client_id = %call.client_id, "a transactional producer is refused: transactions are not served yet");
        // fatal for every client: none of them waits for a coordinator that never comes
        return refused(ErrorCode::TransactionalIdAuthorizationFailed);
    }
    match call.broker.next_producer_id().await {
        Ok(id) => InitProducerIdResponse { producer_id: id.0, producer_epoch: 0, ..Default::default() },
        Err(code) => refused(code),
    }
}

fn refused(code: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse {
        error_code: code.code(),
        producer_id: -1,
        producer_epoch: -1,
        ..Default::default()
    }
}
