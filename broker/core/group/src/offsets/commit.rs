//! OffsetCommit: who may, and what is kept.

use super::{CommittedOffset, OffsetChange};
use crate::{
    classic::{Group, State},
    event::{Caller, Response},
    in_flight::{Purpose, Turn},
    records,
};
use klamm_protocol::{
    ErrorCode,
    offset_commit_request::{OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    offset_commit_response::{
        OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
    },
};
use klamm_types::{Offset, Str, Wall};

impl Group {
    pub(crate) fn commit_offsets(
        &mut self,
        turn: &mut Turn<'_>,
        caller: Caller,
        request: &OffsetCommitRequest,
    ) {
        if let Err(error) = self.check_commit(request) {
            return turn.answer(caller, refuse(request, error));
        }
        if matches!(self.state, State::Stable | State::PreparingRebalance) {
            // a commit is a sign of life
            self.heard_of(turn.now, &request.member_id);
        }
        let (changes, response) = sort_out(turn, request);
        if changes.is_empty() {
            return turn.answer(caller, Response::CommitOffsets(response));
        }
        self.change_offsets(turn, changes, Some((caller, Response::CommitOffsets(response))));
    }

    /// Writes the changes; the answer goes out when they are committed.
    pub(super) fn change_offsets(
        &mut self,
        turn: &mut Turn<'_>,
        changes: Vec<OffsetChange>,
        answer: Option<(Caller, Response)>,
    ) {
        let records = changes.iter().map(|change| records::offset(&self.id, change)).collect();
        self.offsets.begin(&changes);
        turn.append(&self.id, records, Purpose::Offsets(changes), answer);
    }

    fn check_commit(&self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let generation = request.generation_id_or_member_epoch;
        if self.state == State::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        if generation < 0 && self.state == State::Empty {
            // a consumer that is in no group, or an administrator: both may while nobody is in it
            return Ok(());
        }
        if generation < 0 && request.member_id.is_empty() && request.group_instance_id.is_none() {
            return Err(ErrorCode::UnknownMemberId);
        }
        self.check_member(&request.member_id, request.group_instance_id.as_ref())?;
        if generation != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        match self.state {
            // its partitions may be another's already
            State::CompletingRebalance => Err(ErrorCode::RebalanceInProgress),
            _ => Ok(()),
        }
    }
}

/// What is to be kept, and the answer when it is.
fn sort_out(turn: &Turn<'_>, request: &OffsetCommitRequest) -> (Vec<OffsetChange>, OffsetCommitResponse) {
    let expires_at = (request.retention_time_ms >= 0)
        .then(|| Wall(turn.now.wall.0.saturating_add(request.retention_time_ms)));
    let mut changes = Vec::new();
    let response = respond(request, |topic, partition| {
        let metadata = partition.committed_metadata.as_ref().map(Str::detached).unwrap_or_default();
        if metadata.len() > turn.config.offset_metadata_max_bytes {
            return ErrorCode::OffsetMetadataTooLarge;
        }
        let offset = CommittedOffset {
            offset: Offset(partition.committed_offset),
            leader_epoch: partition.committed_leader_epoch,
            metadata,
            committed_at: turn.now.wall,
            expires_at,
            topic_id: topic.topic_id,
        };
        let partition = partition.partition_index;
        changes.push(OffsetChange { topic: topic.name.detached(), partition, offset: Some(offset) });
        ErrorCode::None
    });
    (changes, response)
}

fn respond(
    request: &OffsetCommitRequest,
    mut error: impl FnMut(&OffsetCommitRequestTopic, &OffsetCommitRequestPartition) -> ErrorCode,
) -> OffsetCommitResponse {
    let mut response = OffsetCommitResponse::default();
    for topic in &request.topics {
        let partitions = topic.partitions.iter().map(|partition| OffsetCommitResponsePartition {
            partition_index: partition.partition_index,
            error_code: error(topic, partition).code(),
        });
        response.topics.push(OffsetCommitResponseTopic {
            partitions: partitions.collect(),
            name: topic.name.clone(),
            topic_id: topic.topic_id,
        });
    }
    response
}

/// The answer to an OffsetCommit that is not served.
pub(crate) fn refuse(request: &OffsetCommitRequest, error: ErrorCode) -> Response {
    Response::CommitOffsets(respond(request, |_, _| error))
}
