//! Fetch (1) of `__cluster_metadata-0` and FetchSnapshot (59): what followers and observers ask (KIP-595, KIP-630, KIP-1166).

use super::{BYTES_MAX, METADATA_TOPIC, check, endpoint_on, key, leader_of, only, told};
use crate::controller::{METADATA_TOPIC_ID, Reply, checkpoint};
use klamm_metadata::Release;
use klamm_protocol::{
    ErrorCode, FetchRequest, FetchResponse, FetchSnapshotRequest, FetchSnapshotResponse, Records,
    fetch_request, fetch_response, fetch_snapshot_request, fetch_snapshot_response,
};
use klamm_quorum::{Answer, Body, ControlRecord, Endpoint, FetchedBatch, Request, SnapshotId};
use klamm_records::{Batch, Batches};
use klamm_types::{Bytes, LeaderEpoch, Offset, Str};
use std::time::Duration;

/// From this version on topics are named by id (KIP-516).
const TOPIC_IDS_FROM: i16 = 13;

/// From this version on the replica is in `ReplicaState` (KIP-903).
const REPLICA_STATE_FROM: i16 = 15;

/// "The version cannot say what is known to be committed" (KIP-1166).
const NOT_SAID: i64 = i64::MAX;

/// In versions that name the replica's state: nodes of a quorum whose voters are in the log (KIP-853) speak them all.
pub(super) fn fetch_request(cluster_id: Option<Str>, request: &Request) -> FetchRequest {
    let Request::Fetch { epoch, replica, log, max_wait, high_watermark } = request else {
        return FetchRequest::default();
    };
    let most = i32::try_from(BYTES_MAX).unwrap_or(i32::MAX);
    let partition = fetch_request::FetchPartition {
        partition: 0,
        current_leader_epoch: epoch.0,
        fetch_offset: log.end.0,
        last_fetched_epoch: log.epoch.0,
        log_start_offset: -1,
        partition_max_bytes: most,
        replica_directory_id: replica.directory.0,
        high_watermark: high_watermark.map_or(NOT_SAID, |offset| offset.0),
    };
    FetchRequest {
        cluster_id,
        replica_state: fetch_request::ReplicaState { replica_id: replica.id.0, replica_epoch: -1 },
        max_wait_ms: i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX),
        max_bytes: most,
        topics: vec![fetch_request::FetchTopic {
            topic: Str::from_static(METADATA_TOPIC),
            topic_id: METADATA_TOPIC_ID.0,
            partitions: vec![partition],
        }],
        ..Default::default()
    }
}

/// Reads the request, and how many bytes may be answered.
pub(crate) fn fetch_asked(version: i16, request: &FetchRequest) -> Result<(Request, u32), ErrorCode> {
    let [topic] = &request.topics[..] else { return Err(ErrorCode::InvalidRequest) };
    let is_metadata = match version {
        TOPIC_IDS_FROM.. => topic.topic_id == METADATA_TOPIC_ID.0,
        _ => topic.topic == METADATA_TOPIC,
    };
    let [one] = &topic.partitions[..] else { return Err(ErrorCode::InvalidRequest) };
    if !is_metadata || one.partition != 0 {
        return Err(ErrorCode::InvalidRequest);
    }
    let replica =
        if version >= REPLICA_STATE_FROM { request.replica_state.replica_id } else { request.replica_id };
    let most = [request.max_bytes, one.partition_max_bytes].map(|bytes| u32::try_from(bytes).unwrap_or(0));
    let asked = Request::Fetch {
        epoch: LeaderEpoch(one.current_leader_epoch),
        replica: key(replica, one.replica_directory_id),
        log: SnapshotId { end: Offset(one.fetch_offset), epoch: LeaderEpoch(one.last_fetched_epoch.max(0)) },
        max_wait: Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0)),
        high_watermark: Some(one.high_watermark).filter(|said| *said != NOT_SAID).map(Offset),
    };
    Ok((asked, most.into_iter().fold(BYTES_MAX, u32::min)))
}

/// Writes the response.
pub(crate) fn fetch_response(reply: Result<Reply, ErrorCode>, listener: &str) -> FetchResponse {
    let Reply { answer, records, log_start } = match reply {
        Ok(reply) => reply,
        Err(error) => return FetchResponse { error_code: error.code(), ..Default::default() },
    };
    let mut partition = fetch_response::PartitionData {
        partition_index: 0,
        error_code: answer.error.code(),
        high_watermark: -1,
        last_stable_offset: -1,
        log_start_offset: log_start.0,
        current_leader: fetch_response::LeaderIdAndEpoch {
            leader_id: leader_of(&answer),
            leader_epoch: answer.epoch.0,
        },
        preferred_read_replica: -1,
        records: Some(Records::from(records)),
        ..Default::default()
    };
    match &answer.body {
        Body::Records { high_watermark, .. } => {
            partition.high_watermark = high_watermark.map_or(-1, |offset| offset.0);
            partition.last_stable_offset = partition.high_watermark;
        }
        Body::Diverging(id) => {
            partition.diverging_epoch =
                fetch_response::EpochEndOffset { epoch: id.epoch.0, end_offset: id.end.0 };
        }
        Body::Snapshot(id) => {
            partition.snapshot_id = fetch_response::SnapshotId { end_offset: id.end.0, epoch: id.epoch.0 };
        }
        _ => {}
    }
    let node = |one: &Endpoint| fetch_response::NodeEndpoint {
        node_id: leader_of(&answer),
        host: one.host.clone(),
        port: i32::from(one.port),
        rack: None,
    };
    FetchResponse {
        node_endpoints: endpoint_on(&answer.endpoints, listener).map(node).into_iter().collect(),
        responses: vec![fetch_response::FetchableTopicResponse {
            topic: Str::from_static(METADATA_TOPIC),
            topic_id: METADATA_TOPIC_ID.0,
            partitions: vec![partition],
        }],
        ..Default::default()
    }
}

pub(super) fn fetch_answer(
    from: Offset,
    response: FetchResponse,
    listener: &Str,
) -> Result<Answer, ErrorCode> {
    check(response.error_code)?;
    let one = response.responses.into_iter().next().and_then(|topic| topic.partitions.into_iter().next());
    let one = one.filter(|one| one.partition_index == 0).ok_or(ErrorCode::InvalidRequest)?;
    let body = if one.diverging_epoch.end_offset >= 0 {
        Body::Diverging(SnapshotId {
            end: Offset(one.diverging_epoch.end_offset),
            epoch: LeaderEpoch(one.diverging_epoch.epoch),
        })
    } else if one.snapshot_id.end_offset >= 0 {
        Body::Snapshot(SnapshotId {
            end: Offset(one.snapshot_id.end_offset),
            epoch: LeaderEpoch(one.snapshot_id.epoch),
        })
    } else {
        let bytes = one.records.as_ref().and_then(Records::bytes).cloned().unwrap_or_default();
        let high_watermark = (one.high_watermark >= 0).then_some(Offset(one.high_watermark));
        Body::Records { from, batches: batches(bytes)?, high_watermark }
    };
    let leader = (one.current_leader.leader_id, one.current_leader.leader_epoch);
    let port = |port: i32| u16::try_from(port).unwrap_or(0);
    let nodes = response.node_endpoints.iter().map(|one| (one.node_id, one.host.clone(), port(one.port)));
    Ok(told(one.error_code, leader, listener, nodes, body))
}

/// The whole batches in what a leader has sent, each checked.
fn batches(bytes: Bytes) -> Result<Vec<FetchedBatch>, ErrorCode> {
    let empty = bytes.is_empty();
    let mut batches = Vec::new();
    for batch in Batches::new(bytes) {
        let batch = batch.ok().filter(Batch::crc_matches).ok_or(ErrorCode::CorruptMessage)?;
        batches.push(FetchedBatch {
            epoch: batch.header().leader_epoch,
            base: batch.header().base_offset,
            end: batch.header().next_offset(),
            voters: voters(&batch)?,
            bytes: batch.bytes().clone(),
        });
    }
    if batches.is_empty() && !empty { Err(ErrorCode::CorruptMessage) } else { Ok(batches) }
}

fn voters(batch: &Batch) -> Result<Option<(Offset, klamm_quorum::Voters)>, ErrorCode> {
    if !batch.header().attributes.is_control() {
        return Ok(None);
    }
    let entries = checkpoint::entries(batch, Release::THIS).map_err(|_| ErrorCode::CorruptMessage)?;
    Ok(entries.into_iter().rev().find_map(|(offset, entry)| match entry {
        checkpoint::Entry::Control(ControlRecord::Voters(voters)) => Some((offset, voters)),
        _ => None,
    }))
}

pub(super) fn snapshot_request(cluster_id: Option<Str>, request: &Request) -> FetchSnapshotRequest {
    let Request::FetchSnapshot { epoch, replica, snapshot, position } = request else {
        return FetchSnapshotRequest::default();
    };
    let partition = fetch_snapshot_request::PartitionSnapshot {
        partition: 0,
        current_leader_epoch: epoch.0,
        snapshot_id: fetch_snapshot_request::SnapshotId {
            end_offset: snapshot.end.0,
            epoch: snapshot.epoch.0,
        },
        position: i64::try_from(*position).unwrap_or(i64::MAX),
        replica_directory_id: replica.directory.0,
    };
    let name = Str::from_static(METADATA_TOPIC);
    FetchSnapshotRequest {
        cluster_id,
        replica_id: replica.id.0,
        max_bytes: i32::try_from(BYTES_MAX).unwrap_or(i32::MAX),
        topics: vec![fetch_snapshot_request::TopicSnapshot { name, partitions: vec![partition] }],
    }
}

/// Reads the request, and how many bytes may be answered.
pub(crate) fn snapshot_asked(request: &FetchSnapshotRequest) -> Result<(Request, u32), ErrorCode> {
    let one = only!(request.topics, name, partition)?;
    let snapshot =
        SnapshotId { end: Offset(one.snapshot_id.end_offset), epoch: LeaderEpoch(one.snapshot_id.epoch) };
    let asked = Request::FetchSnapshot {
        epoch: LeaderEpoch(one.current_leader_epoch),
        replica: key(request.replica_id, one.replica_directory_id),
        snapshot,
        position: u64::try_from(one.position).map_err(|_| ErrorCode::PositionOutOfRange)?,
    };
    Ok((asked, u32::try_from(request.max_bytes).unwrap_or(0).min(BYTES_MAX)))
}

/// Writes the response to a request for `asked`.
pub(crate) fn snapshot_response(
    reply: Result<Reply, ErrorCode>,
    asked: &FetchSnapshotRequest,
    listener: &str,
) -> FetchSnapshotResponse {
    let Reply { answer, .. } = match reply {
        Ok(reply) => reply,
        Err(error) => return FetchSnapshotResponse { error_code: error.code(), ..Default::default() },
    };
    let id = asked.topics.first().and_then(|topic| topic.partitions.first());
    let id = id.map(|one| one.snapshot_id.clone()).unwrap_or_default();
    let mut partition = fetch_snapshot_response::PartitionSnapshot {
        index: 0,
        error_code: answer.error.code(),
        snapshot_id: fetch_snapshot_response::SnapshotId { end_offset: id.end_offset, epoch: id.epoch },
        current_leader: fetch_snapshot_response::LeaderIdAndEpoch {
            leader_id: leader_of(&answer),
            leader_epoch: answer.epoch.0,
        },
        ..Default::default()
    };
    if let Body::Piece { position, size_bytes, bytes } = &answer.body {
        partition.position = i64::try_from(*position).unwrap_or(i64::MAX);
        partition.size = i64::try_from(*size_bytes).unwrap_or(i64::MAX);
        partition.unaligned_records = Records::from(bytes.clone());
    }
    let node = |one: &Endpoint| fetch_snapshot_response::NodeEndpoint {
        node_id: leader_of(&answer),
        host: one.host.clone(),
        port: one.port,
    };
    let name = Str::from_static(METADATA_TOPIC);
    FetchSnapshotResponse {
        node_endpoints: endpoint_on(&answer.endpoints, listener).map(node).into_iter().collect(),
        topics: vec![fetch_snapshot_response::TopicSnapshot { name, partitions: vec![partition] }],
        ..Default::default()
    }
}

pub(super) fn snapshot_answer(response: FetchSnapshotResponse, listener: &Str) -> Result<Answer, ErrorCode> {
    check(response.error_code)?;
    let one = only!(response.topics, name, index)?;
    let (position, size_bytes) = (u64::try_from(one.position), u64::try_from(one.size));
    let body = match one.error_code {
        0 => Body::Piece {
            position: position.map_err(|_| ErrorCode::PositionOutOfRange)?,
            size_bytes: size_bytes.map_err(|_| ErrorCode::PositionOutOfRange)?,
            bytes: one.unaligned_records.bytes().cloned().unwrap_or_default(),
        },
        _ => Body::Empty,
    };
    let leader = (one.current_leader.leader_id, one.current_leader.leader_epoch);
    let nodes = response.node_endpoints.iter().map(|one| (one.node_id, one.host.clone(), one.port));
    Ok(told(one.error_code, leader, listener, nodes, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_quorum::{ReplicaKey, Voter, Voters};
    use klamm_types::{BrokerId, DirectoryId, Uuid, Wall};

    const LISTENER: Str = Str::from_static("CONTROLLER");

    fn replica() -> ReplicaKey {
        ReplicaKey { id: BrokerId(2), directory: DirectoryId(Uuid([2; 16])) }
    }

    fn id(end: i64, epoch: i32) -> SnapshotId {
        SnapshotId { end: Offset(end), epoch: LeaderEpoch(epoch) }
    }

    fn answer(body: Body) -> Answer {
        Answer {
            error: ErrorCode::None,
            message: None,
            epoch: LeaderEpoch(7),
            leader: Some(BrokerId(3)),
            endpoints: vec![Endpoint { listener: LISTENER, host: "h".into(), port: 9 }],
            body,
        }
    }

    #[test]
    fn requests_arrive_as_they_were_sent() {
        for high_watermark in [None, Some(Offset::NONE), Some(Offset(8))] {
            let fetch = Request::Fetch {
                epoch: LeaderEpoch(5),
                replica: replica(),
                log: id(9, 4),
                max_wait: Duration::from_millis(200),
                high_watermark,
            };
            assert_eq!(fetch_asked(18, &fetch_request(None, &fetch)), Ok((fetch, BYTES_MAX)));
        }
        let piece = Request::FetchSnapshot {
            epoch: LeaderEpoch(5),
            replica: replica(),
            snapshot: id(9, 4),
            position: 17,
        };
        assert_eq!(snapshot_asked(&snapshot_request(None, &piece)), Ok((piece, BYTES_MAX)));
        assert_eq!(fetch_asked(18, &FetchRequest::default()), Err(ErrorCode::InvalidRequest));
    }

    #[test]
    fn answers_arrive_as_they_were_given() {
        let reply = |body: Body, records: &Bytes| {
            Ok(Reply { answer: answer(body), records: records.clone(), log_start: Offset(0) })
        };
        let none = Bytes::new();
        for body in [
            Body::Diverging(id(4, 2)),
            Body::Snapshot(id(8, 3)),
            Body::Records { from: Offset(5), batches: Vec::new(), high_watermark: None },
        ] {
            let response = fetch_response(reply(body.clone(), &none), &LISTENER);
            assert_eq!(fetch_answer(Offset(5), response, &LISTENER), Ok(answer(body)));
        }
        let voter = Voter { key: replica(), endpoints: Vec::new(), kraft_versions: (0, 1) };
        let voters = Voters::from_iter([voter]);
        let records = [ControlRecord::KRaftVersion(1), ControlRecord::Voters(voters.clone())];
        let batch = checkpoint::control_batch(Offset(5), LeaderEpoch(7), Wall(1), &records);
        let said = Body::Records { from: Offset(5), batches: Vec::new(), high_watermark: Some(Offset(5)) };
        let response = fetch_response(reply(said, batch.bytes()), &LISTENER);
        let heard = fetch_answer(Offset(5), response.clone(), &LISTENER).expect("it is whole").body;
        let batches = vec![FetchedBatch {
            epoch: LeaderEpoch(7),
            base: Offset(5),
            end: Offset(7),
            voters: Some((Offset(6), voters)),
            bytes: batch.bytes().clone(),
        }];
        assert_eq!(heard, Body::Records { from: Offset(5), batches, high_watermark: Some(Offset(5)) });
        let mut damaged = batch.bytes().to_vec();
        *damaged.last_mut().expect("it has bytes") ^= 1;
        let mut response = response;
        response.responses[0].partitions[0].records = Some(Records::from(Bytes::from(damaged)));
        assert_eq!(fetch_answer(Offset(5), response, &LISTENER), Err(ErrorCode::CorruptMessage));

        let piece = Body::Piece { position: 17, size_bytes: 20, bytes: Bytes::from_static(b"abc") };
        let response =
            snapshot_response(reply(piece.clone(), &none), &FetchSnapshotRequest::default(), &LISTENER);
        assert_eq!(snapshot_answer(response, &LISTENER), Ok(answer(piece)));
    }
}
