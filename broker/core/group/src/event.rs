//! What goes into a coordinator and what comes out of it.

use crate::offsets::CommittedOffset;
use klamm_protocol::{
    ErrorCode, describe_groups_response::DescribedGroup, heartbeat_request::HeartbeatRequest,
    join_group_request::JoinGroupRequest, join_group_response::JoinGroupResponse,
    leave_group_request::LeaveGroupRequest, leave_group_response::LeaveGroupResponse,
    list_groups_response::ListedGroup, offset_commit_request::OffsetCommitRequest,
    offset_commit_response::OffsetCommitResponse, offset_delete_request::OffsetDeleteRequest,
    offset_delete_response::OffsetDeleteResponse, offset_fetch_request::OffsetFetchRequestGroup,
    offset_fetch_response::OffsetFetchResponseGroup, sync_group_request::SyncGroupRequest,
    sync_group_response::SyncGroupResponse,
};
use klamm_types::{Bytes, Str, Uuid};

/// Who waits for an answer: a number of the driver's choice, given back with the answer. Every request is answered
/// exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller(pub u64);

/// One append to the partition's log; ascending in the order of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppendId(pub u64);

/// A key and its value in `__consumer_offsets`; no value is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// The key, beginning with the two bytes of its kind.
    pub key: Bytes,
    /// The value, beginning with the two bytes of its version.
    pub value: Option<Bytes>,
}

/// What happens to a coordinator.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// This broker leads the partition now: what is known is forgotten, records will come.
    Load,
    /// Records of the log in its order, up to the high watermark.
    Replay(Vec<LogRecord>),
    /// The whole log was replayed: requests are served from now on.
    Loaded,
    /// This broker does not lead the partition any more: all who wait are sent away.
    Unload,
    /// Someone asks.
    Request {
        /// Who.
        caller: Caller,
        /// How.
        context: Context,
        /// What.
        request: Box<Request>,
    },
    /// The high watermark has passed the append.
    Committed(AppendId),
    /// The append did not happen.
    Failed(AppendId, ErrorCode),
    /// Topics were deleted: their offsets go too.
    TopicsDeleted(Vec<Str>),
    /// A deadline may have come.
    Tick,
}

/// What a coordinator wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Append the records as one batch; then tell of [`Event::Committed`] or [`Event::Failed`].
    Append {
        /// Which append it is.
        id: AppendId,
        /// What to write.
        records: Vec<LogRecord>,
    },
    /// Send the answer.
    Answer {
        /// To whom.
        caller: Caller,
        /// What.
        response: Response,
    },
}

/// How a request came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The version of its API.
    pub api_version: i16,
    /// The client's `client.id`.
    pub client_id: Str,
    /// The client's address, as Kafka shows it: `/10.0.0.7`.
    pub client_host: Str,
}

/// What can be asked of a coordinator: always about one group, or about all groups of the partition.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Become or stay a member. The id is random: a new member is named with it.
    Join(JoinGroupRequest, Uuid),
    /// Hand out (the leader) or get the assignment.
    Sync(SyncGroupRequest),
    /// I live.
    Heartbeat(HeartbeatRequest),
    /// Members leave.
    Leave(LeaveGroupRequest),
    /// What the group looks like.
    Describe(Str),
    /// All groups in these states and of these types; none given is all.
    List {
        /// `Stable`, `Empty` …, in any case.
        states: Vec<Str>,
        /// `classic` …, in any case.
        types: Vec<Str>,
    },
    /// Delete the group.
    Delete(Str),
    /// Commit offsets. Topics have names; those that came by id (KIP-848, version 10) have both.
    CommitOffsets(OffsetCommitRequest),
    /// Read the committed offsets of one group. Topics have names; those that came by id have both.
    FetchOffsets {
        /// The group and its partitions; no topics given is all.
        group: OffsetFetchRequestGroup,
        /// Whether to refuse while a transaction is open on an offset (KIP-447).
        require_stable: bool,
    },
    /// Forget offsets.
    DeleteOffsets(OffsetDeleteRequest),
}

/// The answers, one kind for each kind of request.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// To [`Request::Join`].
    Join(JoinGroupResponse),
    /// To [`Request::Sync`].
    Sync(SyncGroupResponse),
    /// To [`Request::Heartbeat`].
    Heartbeat(ErrorCode),
    /// To [`Request::Leave`], in the shape of version 3 and later: an error for each member.
    Leave(LeaveGroupResponse),
    /// To [`Request::Describe`]. A group that is not there is `Dead`, and since version 6 an error.
    Describe(DescribedGroup),
    /// To [`Request::List`].
    List(Result<Vec<ListedGroup>, ErrorCode>),
    /// To [`Request::Delete`].
    Delete(ErrorCode),
    /// To [`Request::CommitOffsets`].
    CommitOffsets(OffsetCommitResponse),
    /// To [`Request::FetchOffsets`].
    FetchOffsets(OffsetFetchResponseGroup),
    /// To [`Request::DeleteOffsets`].
    DeleteOffsets(OffsetDeleteResponse),
}

/// What a coordinator knows of a group, in a form that can be compared: for the simulation's invariants and for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// `Empty`, `PreparingRebalance`, `CompletingRebalance` or `Stable`.
    pub state: &'static str,
    /// The generation.
    pub generation: i32,
    /// The protocol type: `consumer`, `connect` …
    pub protocol_type: Option<Str>,
    /// The chosen protocol.
    pub protocol: Option<Str>,
    /// The leader's member id.
    pub leader: Option<Str>,
    /// Member id, instance id, assignment.
    pub members: Vec<(Str, Option<Str>, Bytes)>,
    /// Topic, partition, committed offset.
    pub offsets: Vec<(Str, i32, CommittedOffset)>,
    /// Whether nothing of it is on its way to the log and the log holds its latest membership.
    pub settled: bool,
}
