//! From the answer of any kind to the one that was asked for.

use crate::event::Response;
use klamm_protocol::{
    ErrorCode, JoinGroupResponse, LeaveGroupResponse, OffsetCommitResponse, OffsetDeleteResponse,
    SyncGroupResponse, describe_groups_response::DescribedGroup, list_groups_response::ListedGroup,
    offset_fetch_response::OffsetFetchResponseGroup,
};

macro_rules! answers {
    ($($kind:ident($answer:ty);)*) => {$(
        impl TryFrom<Response> for $answer {
            type Error = Response;

            fn try_from(response: Response) -> Result<Self, Response> {
                match response {
                    Response::$kind(answer) => Ok(answer),
                    other => Err(other),
                }
            }
        }
    )*};
}

answers! {
    Join(JoinGroupResponse);
    Sync(SyncGroupResponse);
    Leave(LeaveGroupResponse);
    Describe(DescribedGroup);
    List(Result<Vec<ListedGroup>, ErrorCode>);
    CommitOffsets(OffsetCommitResponse);
    FetchOffsets(OffsetFetchResponseGroup);
    DeleteOffsets(OffsetDeleteResponse);
}

impl TryFrom<Response> for ErrorCode {
    type Error = Response;

    fn try_from(response: Response) -> Result<Self, Response> {
        match response {
            Response::Heartbeat(error) | Response::Delete(error) => Ok(error),
            other => Err(other),
        }
    }
}
