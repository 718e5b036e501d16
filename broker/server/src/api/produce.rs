//! Produce: checks each partition's batch here, on the connection's task, hands it to the partition's log thread (or has it
//! appended here, where that is idle), and answers when what `acks` asks for is true.

use super::{Call, answer, body};
use crate::{
    broker::{Hosted, Part},
    shard::{Outcome, PendingProduce, ProduceError, ProduceItem, ProduceWork, Produced},
};
use klamm_net::{Answer, Reply, Reservation};
use klamm_protocol::{
    ErrorCode, ProduceRequest, ProduceResponse, RequestFrame,
    produce_request::{PartitionProduceData, TopicProduceData},
    produce_response::{
        BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
        TopicProduceResponse,
    },
};
use klamm_records::ValidatedBatch;
use klamm_storage::Origin;
use klamm_types::{Offset, PartitionIndex};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// From this version on batches may be compressed with zstd (KIP-110).
const ZSTD_FROM: i16 = 7;

/// From this version on topics are named by id (KIP-516).
const TOPIC_IDS_FROM: i16 = 13;

/// The first version whose answer can tell a stale client of the leader (KIP-951).
const LEADER_FROM: i16 = 10;

/// Starts the appends before it returns, so that what one connection sends is appended in its order.
pub fn start(call: Call, frame: &RequestFrame, reservation: Reservation) -> Reply {
    let mut request: ProduceRequest = match body(frame) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    let pending = submit(&call, &request, reservation);
    // the log threads have the batches now: what waits here for its answer must not keep their memory
    for topic in &mut request.topic_data {
        topic.name = topic.name.detached();
        topic.partition_data.iter_mut().for_each(|data| data.records = None);
    }
    Box::pin(async move {
        let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
        let deadline = call.arrived.plus(timeout);
        let _ = call.broker.world.deadline(deadline, pending.clone()).await; // what is missing then is a timeout
        let outcomes = pending.outcomes_or(ErrorCode::RequestTimedOut);
        if request.acks != 0 {
            return answer::<ProduceRequest>(&call, &respond(&call, &request, outcomes));
        }
        // nothing can be said but by closing: the client then looks for the leader anew (as Kafka does)
        match outcomes.into_iter().find_map(Result::err) {
            None => Answer::Nothing,
            Some(error) => Answer::Close(format!("a produce with acks=0 failed: {:?}", error.code)),
        }
    })
}

/// Checks every batch and puts it in line at its log thread.
fn submit(call: &Call, request: &ProduceRequest, reservation: Reservation) -> PendingProduce {
    let pending = PendingProduce::new(each(request).count());
    let mut by_shard: BTreeMap<usize, (Vec<ProduceItem>, usize)> = BTreeMap::new();
    for (slot, (topic, data)) in each(request).enumerate() {
        match check(call, request, topic, data) {
            Ok((hosted, batch)) => {
                let (items, bytes) = by_shard.entry(hosted.shard).or_default();
                *bytes += batch.batch().bytes().len();
                items.push(ProduceItem { slot, partition: hosted.id, batch });
            }
            Err(error) => pending.complete(slot, Err(error)),
        }
    }
    let reservation = Arc::new(reservation);
    for (shard, (items, bytes)) in by_shard {
        let work = ProduceWork {
            items,
            origin: Origin::Client,
            wait_for_all: request.acks == -1,
            cut_off: call.broker.is_cut_off(),
            pending: pending.clone(),
            reservation: Some(Arc::clone(&reservation)),
        };
        call.broker.shards.get(shard).produce(work, bytes);
    }
    pending
}

fn each(request: &ProduceRequest) -> impl Iterator<Item = (&TopicProduceData, &PartitionProduceData)> {
    request.topic_data.iter().flat_map(|topic| topic.partition_data.iter().map(move |data| (topic, data)))
}

fn check(
    call: &Call,
    request: &ProduceRequest,
    topic: &TopicProduceData,
    data: &PartitionProduceData,
) -> Result<(Hosted, ValidatedBatch), ProduceError> {
    if !(-1..=1).contains(&request.acks) {
        return Err(ErrorCode::InvalidRequiredAcks.into());
    }
    if request.transactional_id.is_some() {
        return Err(ProduceError {
            code: ErrorCode::TransactionalIdAuthorizationFailed,
            message: Some("transactions are not served yet: produce without a transactional.id".to_owned()),
            records: Vec::new(),
        });
    }
    let index = PartitionIndex(data.index);
    let hosted = if call.version >= TOPIC_IDS_FROM {
        call.broker.hosted_by_id(topic.topic_id, index, Part::Leader)
    } else {
        call.broker.hosted_by_name(&topic.name, index, Part::Leader)
    }?;
    let records = data.records.as_ref().and_then(|records| records.bytes()).cloned().unwrap_or_default();
    let batch =
        ValidatedBatch::from_client(&records, call.version >= ZSTD_FROM).map_err(ProduceError::from)?;
    Ok((hosted, batch))
}

fn respond(call: &Call, request: &ProduceRequest, outcomes: Vec<Outcome>) -> ProduceResponse {
    let mut outcomes = outcomes.into_iter();
    let mut names_leader = false;
    let mut topic_response = |topic: &TopicProduceData| {
        let partitions = topic.partition_data.iter().zip(outcomes.by_ref()).map(|(data, outcome)| {
            let response = partition_response(call, topic, data.index, outcome);
            names_leader |= response.current_leader.leader_id >= 0;
            response
        });
        TopicProduceResponse {
            partition_responses: partitions.collect(),
            name: topic.name.clone(),
            topic_id: topic.topic_id,
        }
    };
    let responses = request.topic_data.iter().map(&mut topic_response).collect();
    let node_endpoints = if names_leader { call.broker.endpoints(&call.peer.listener) } else { Vec::new() };
    let endpoint = |node: crate::broker::Endpoint| NodeEndpoint {
        node_id: node.id.0,
        host: node.host,
        port: node.port,
        rack: node.rack,
    };
    ProduceResponse {
        responses,
        node_endpoints: node_endpoints.into_iter().map(endpoint).collect(),
        ..Default::default()
    }
}

fn partition_response(
    call: &Call,
    topic: &TopicProduceData,
    index: i32,
    outcome: Outcome,
) -> PartitionProduceResponse {
    let blank = PartitionProduceResponse { index, ..Default::default() };
    let error = match outcome {
        Ok(Produced { base_offset, append_time, log_start }) => {
            return PartitionProduceResponse {
                base_offset: base_offset.0,
                log_append_time_ms: append_time.0,
                log_start_offset: log_start.0,
                ..blank
            };
        }
        Err(error) => error,
    };
    let stale = matches!(error.code, ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch)
        && call.version >= LEADER_FROM;
    let leader =
        stale.then(|| call.broker.leader_of(topic.topic_id, &topic.name, PartitionIndex(index))).flatten();
    let current_leader = leader.map_or_else(LeaderIdAndEpoch::default, |(leader, epoch)| LeaderIdAndEpoch {
        leader_id: leader.0,
        leader_epoch: epoch.0,
    });
    PartitionProduceResponse {
        error_code: error.code.code(),
        record_errors: error.records.iter().map(|index| record_error(*index)).collect(),
        error_message: error.message.map(Into::into),
        base_offset: Offset::NONE.0,
        log_append_time_ms: -1,
        log_start_offset: Offset::NONE.0,
        current_leader,
        ..blank
    }
}

fn record_error(index: usize) -> BatchIndexAndErrorMessage {
    BatchIndexAndErrorMessage {
        batch_index: i32::try_from(index).unwrap_or(i32::MAX),
        batch_index_error_message: None,
    }
}
