//! What a requester is told when its change could not be written: Kafka's translation of the log's errors to those
//! that clients of a coordinator understand and meet by finding the coordinator again.

use crate::event::Response;
use klamm_protocol::ErrorCode;

/// The error of an append as a client is told of it.
pub(crate) fn told(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::NotEnoughReplicasAfterAppend
        | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge | ErrorCode::InvalidFetchSize => {
            ErrorCode::UnknownServerError
        }
        other => other,
    }
}

impl Response {
    /// The answer that was meant for success, with the error in it. What had an error of its own keeps it.
    pub(crate) fn failed(mut self, error: ErrorCode) -> Self {
        match &mut self {
            Response::Join(response) => response.error_code = error.code(),
            Response::Sync(response) => response.error_code = error.code(),
            Response::Heartbeat(code) | Response::Delete(code) => *code = error,
            Response::Leave(response) => {
                response.error_code = error.code();
                response.members.clear();
            }
            Response::Describe(group) => group.error_code = error.code(),
            Response::List(list) => *list = Err(error),
            Response::FetchOffsets(group) => group.error_code = error.code(),
            Response::DeleteOffsets(response) => {
                response.error_code = error.code();
                response.topics.clear();
            }
            Response::CommitOffsets(response) => {
                let partitions = response.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
                for partition in partitions.filter(|partition| partition.error_code == ErrorCode::None.code())
                {
                    partition.error_code = error.code();
                }
            }
        }
        self
    }
}
