//! Our codec by message name: what a test drives without knowing the message.

use klamm_protocol::{self as ours, Message};
use klamm_types::Bytes;

/// One message of our codec.
pub struct Codec {
    pub name: &'static str,
    /// Reads a message that must fill the bytes, writes it again; gives the bytes and how it prints.
    pub again: fn(Bytes, i16) -> Result<(Bytes, String), String>,
    /// Reads only.
    pub read: fn(Bytes, i16) -> bool,
}

fn again<M: Message>(bytes: Bytes, version: i16) -> Result<(Bytes, String), String> {
    let message = M::from_bytes(bytes, version).map_err(|error| error.to_string())?;
    let written = message.to_bytes(version).map_err(|error| error.to_string())?;
    let size = message.encoded_size(version).map_err(|error| error.to_string())?;
    assert_eq!(size.total, written.len(), "the size is known beforehand");
    let back = M::from_bytes(written.clone(), version).map_err(|error| error.to_string())?;
    let print = format!("{message:?}");
    assert_eq!(print, format!("{back:?}"), "what was written is what was read");
    Ok((written, print))
}

macro_rules! codecs {
    ($($name:ident),* $(,)?) => {
        pub const CODECS: &[Codec] = &[$(Codec {
            name: stringify!($name),
            again: again::<ours::$name>,
            read: |bytes, version| ours::$name::from_bytes(bytes, version).is_ok(),
        }),*];
    };
}

codecs! {
    AbortTransactionRecord, AccessControlEntryRecord, AddRaftVoterRequest, AddRaftVoterResponse,
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, AlterConfigsRequest, AlterConfigsResponse,
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, AlterPartitionRequest,
    AlterPartitionResponse, ApiVersionsRequest, ApiVersionsResponse, AssignReplicasToDirsRequest,
    AssignReplicasToDirsResponse, BeginQuorumEpochRequest, BeginQuorumEpochResponse,
    BeginTransactionRecord, BrokerHeartbeatRequest, BrokerHeartbeatResponse,
    BrokerRegistrationChangeRecord, BrokerRegistrationRequest, BrokerRegistrationResponse, ClearElrRecord,
    ClientQuotaRecord, ConfigRecord, ConsumerProtocolAssignment, ConsumerProtocolSubscription,
    ControllerRegistrationRequest, ControllerRegistrationResponse, CreatePartitionsRequest,
    CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse, DelegationTokenRecord,
    DefaultPrincipalData, DeleteGroupsRequest, DeleteGroupsResponse, DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteTopicsRequest, DeleteTopicsResponse, DescribeClusterRequest, DescribeClusterResponse,
    DescribeConfigsRequest, DescribeConfigsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeQuorumRequest, DescribeQuorumResponse,
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, ElectLeadersRequest,
    ElectLeadersResponse, EndQuorumEpochRequest, EndQuorumEpochResponse, EndTransactionRecord,
    EnvelopeRequest, EnvelopeResponse, FeatureLevelRecord, FenceBrokerRecord, FetchRequest, FetchResponse,
    FetchSnapshotRequest, FetchSnapshotResponse, FindCoordinatorRequest, FindCoordinatorResponse,
    GroupMetadataKey, GroupMetadataValue, HeartbeatRequest, HeartbeatResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, InitProducerIdRequest,
    InitProducerIdResponse, JoinGroupRequest, JoinGroupResponse, KRaftVersionRecord, LeaderChangeMessage,
    LeaveGroupRequest, LeaveGroupResponse, ListConfigResourcesRequest, ListConfigResourcesResponse,
    ListGroupsRequest, ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, MetadataRequest,
    MetadataResponse, NoOpRecord, OffsetCommitKey, OffsetCommitRequest, OffsetCommitResponse,
    OffsetCommitValue, OffsetDeleteRequest, OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, PartitionChangeRecord, PartitionRecord,
    ProduceRequest, ProduceResponse, ProducerIdsRecord, QuorumStateData, RegisterBrokerRecord,
    RegisterControllerRecord, RemoveAccessControlEntryRecord, RemoveDelegationTokenRecord,
    RemoveRaftVoterRequest, RemoveRaftVoterResponse, RemoveTopicRecord, RemoveUserScramCredentialRecord,
    RequestHeader, ResponseHeader, SnapshotFooterRecord, SnapshotHeaderRecord, SyncGroupRequest,
    SyncGroupResponse, TopicRecord, UnfenceBrokerRecord, UnregisterBrokerRecord, UnregisterBrokerRequest,
    UnregisterBrokerResponse, UnregisterControllerRecord, UpdateFeaturesRequest, UpdateFeaturesResponse,
    UpdateRaftVoterRequest, UpdateRaftVoterResponse, UserScramCredentialRecord, VoteRequest, VoteResponse,
    VotersRecord, ZkMigrationStateRecord,
}
