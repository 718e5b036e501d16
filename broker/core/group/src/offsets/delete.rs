//! OffsetDelete (KIP-496), and the offsets of topics that are gone.

use super::OffsetChange;
use crate::{
    classic::{Group, State},
    event::{Caller, Response},
    in_flight::Turn,
};
use klamm_protocol::{
    ErrorCode,
    offset_delete_request::OffsetDeleteRequest,
    offset_delete_response::{
        OffsetDeleteResponse, OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
    },
};
use klamm_types::Str;

impl Group {
    pub(crate) fn delete_offsets(
        &mut self,
        turn: &mut Turn<'_>,
        caller: Caller,
        request: &OffsetDeleteRequest,
    ) {
        if let Err(error) = self.check_delete_offsets() {
            return turn.answer(caller, refuse(error));
        }
        let mut changes = Vec::new();
        let mut response = OffsetDeleteResponse::default();
        for topic in &request.topics {
            let subscribed = self.is_subscribed_to(&topic.name);
            let mut partitions = Vec::new();
            for partition in &topic.partitions {
                let partition_index = partition.partition_index;
                if !subscribed && self.offsets.knows(&topic.name, partition_index) {
                    changes.push(forget(&topic.name, partition_index));
                }
                let error = if subscribed { ErrorCode::GroupSubscribedToTopic } else { ErrorCode::None };
                partitions.push(OffsetDeleteResponsePartition { partition_index, error_code: error.code() });
            }
            response.topics.push(OffsetDeleteResponseTopic { name: topic.name.clone(), partitions });
        }
        if changes.is_empty() {
            turn.answer(caller, Response::DeleteOffsets(response));
        } else {
            self.change_offsets(turn, changes, Some((caller, Response::DeleteOffsets(response))));
        }
    }

    fn check_delete_offsets(&self) -> Result<(), ErrorCode> {
        match self.state {
            State::Dead => Err(ErrorCode::GroupIdNotFound),
            State::Empty => Ok(()),
            // of consumers we know what they read
            _ if self.is_of_consumers() => Ok(()),
            _ => Err(ErrorCode::NonEmptyGroup),
        }
    }

    /// Forgets the offsets of topics that were deleted.
    pub(crate) fn forget_topics(&mut self, turn: &mut Turn<'_>, topics: &[Str]) {
        let gone = self.offsets.partitions().filter(|(topic, _)| topics.contains(topic));
        let changes: Vec<OffsetChange> = gone.map(|(topic, partition)| forget(topic, partition)).collect();
        if !changes.is_empty() && self.state != State::Dead {
            self.change_offsets(turn, changes, None);
        }
    }
}

pub(super) fn forget(topic: &Str, partition: i32) -> OffsetChange {
    OffsetChange { topic: topic.detached(), partition, offset: None }
}

/// The answer to an OffsetDelete that is not served.
pub(crate) fn refuse(error: ErrorCode) -> Response {
    Response::DeleteOffsets(OffsetDeleteResponse { error_code: error.code(), ..Default::default() })
}
