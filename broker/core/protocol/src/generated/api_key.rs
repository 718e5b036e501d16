//! The API keys that the schema knows: generated from the schema by `cargo xtask gen protocol`.

use std::ops::RangeInclusive;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum ApiKey {
    #[doc = "Versions 3–13."]
    Produce = 0,
    #[doc = "Versions 4–18."]
    Fetch = 1,
    #[doc = "Versions 1–11."]
    ListOffsets = 2,
    #[doc = "Versions 0–13."]
    Metadata = 3,
    #[doc = "Versions 2–10."]
    OffsetCommit = 8,
    #[doc = "Versions 1–10."]
    OffsetFetch = 9,
    #[doc = "Versions 0–6."]
    FindCoordinator = 10,
    #[doc = "Versions 0–9."]
    JoinGroup = 11,
    #[doc = "Versions 0–4."]
    Heartbeat = 12,
    #[doc = "Versions 0–5."]
    LeaveGroup = 13,
    #[doc = "Versions 0–5."]
    SyncGroup = 14,
    #[doc = "Versions 0–6."]
    DescribeGroups = 15,
    #[doc = "Versions 0–5."]
    ListGroups = 16,
    #[doc = "Versions 0–5."]
    ApiVersions = 18,
    #[doc = "Versions 2–7."]
    CreateTopics = 19,
    #[doc = "Versions 1–6."]
    DeleteTopics = 20,
    #[doc = "Versions 0–2."]
    DeleteRecords = 21,
    #[doc = "Versions 0–6."]
    InitProducerId = 22,
    #[doc = "Versions 2–4."]
    OffsetForLeaderEpoch = 23,
    #[doc = "Versions 1–4."]
    DescribeConfigs = 32,
    #[doc = "Versions 0–2."]
    AlterConfigs = 33,
    #[doc = "Versions 1–5."]
    DescribeLogDirs = 35,
    #[doc = "Versions 0–3."]
    CreatePartitions = 37,
    #[doc = "Versions 0–3."]
    DeleteGroups = 42,
    #[doc = "Versions 0–2."]
    ElectLeaders = 43,
    #[doc = "Versions 0–1."]
    IncrementalAlterConfigs = 44,
    #[doc = "Versions 0–1."]
    AlterPartitionReassignments = 45,
    #[doc = "Versions 0."]
    ListPartitionReassignments = 46,
    #[doc = "Versions 0."]
    OffsetDelete = 47,
    #[doc = "Versions 0–2."]
    Vote = 52,
    #[doc = "Versions 0–1."]
    BeginQuorumEpoch = 53,
    #[doc = "Versions 0–1."]
    EndQuorumEpoch = 54,
    #[doc = "Versions 0–2."]
    DescribeQuorum = 55,
    #[doc = "Versions 2–3."]
    AlterPartition = 56,
    #[doc = "Versions 0–2."]
    UpdateFeatures = 57,
    #[doc = "Versions 0."]
    Envelope = 58,
    #[doc = "Versions 0–1."]
    FetchSnapshot = 59,
    #[doc = "Versions 0–2."]
    DescribeCluster = 60,
    #[doc = "Versions 0–4."]
    BrokerRegistration = 62,
    #[doc = "Versions 0–2."]
    BrokerHeartbeat = 63,
    #[doc = "Versions 0."]
    UnregisterBroker = 64,
    #[doc = "Versions 0."]
    AllocateProducerIds = 67,
    #[doc = "Versions 0."]
    ControllerRegistration = 70,
    #[doc = "Versions 0."]
    AssignReplicasToDirs = 73,
    #[doc = "Versions 0–1."]
    ListConfigResources = 74,
    #[doc = "Versions 0."]
    DescribeTopicPartitions = 75,
    #[doc = "Versions 0–1."]
    AddRaftVoter = 80,
    #[doc = "Versions 0."]
    RemoveRaftVoter = 81,
    #[doc = "Versions 0."]
    UpdateRaftVoter = 82,
}

impl ApiKey {
    /// All of them, by key.
    pub const ALL: &'static [ApiKey] = &[
        ApiKey::Produce,
        ApiKey::Fetch,
        ApiKey::ListOffsets,
        ApiKey::Metadata,
        ApiKey::OffsetCommit,
        ApiKey::OffsetFetch,
        ApiKey::FindCoordinator,
        ApiKey::JoinGroup,
        ApiKey::Heartbeat,
        ApiKey::LeaveGroup,
        ApiKey::SyncGroup,
        ApiKey::DescribeGroups,
        ApiKey::ListGroups,
        ApiKey::ApiVersions,
        ApiKey::CreateTopics,
        ApiKey::DeleteTopics,
        ApiKey::DeleteRecords,
        ApiKey::InitProducerId,
        ApiKey::OffsetForLeaderEpoch,
        ApiKey::DescribeConfigs,
        ApiKey::AlterConfigs,
        ApiKey::DescribeLogDirs,
        ApiKey::CreatePartitions,
        ApiKey::DeleteGroups,
        ApiKey::ElectLeaders,
        ApiKey::IncrementalAlterConfigs,
        ApiKey::AlterPartitionReassignments,
        ApiKey::ListPartitionReassignments,
        ApiKey::OffsetDelete,
        ApiKey::Vote,
        ApiKey::BeginQuorumEpoch,
        ApiKey::EndQuorumEpoch,
        ApiKey::DescribeQuorum,
        ApiKey::AlterPartition,
        ApiKey::UpdateFeatures,
        ApiKey::Envelope,
        ApiKey::FetchSnapshot,
        ApiKey::DescribeCluster,
        ApiKey::BrokerRegistration,
        ApiKey::BrokerHeartbeat,
        ApiKey::UnregisterBroker,
        ApiKey::AllocateProducerIds,
        ApiKey::ControllerRegistration,
        ApiKey::AssignReplicasToDirs,
        ApiKey::ListConfigResources,
        ApiKey::DescribeTopicPartitions,
        ApiKey::AddRaftVoter,
        ApiKey::RemoveRaftVoter,
        ApiKey::UpdateRaftVoter,
    ];

    /// By its number on the wire.
    #[must_use]
    pub fn from_code(code: i16) -> Option<ApiKey> {
        Some(match code {
            0 => ApiKey::Produce,
            1 => ApiKey::Fetch,
            2 => ApiKey::ListOffsets,
            3 => ApiKey::Metadata,
            8 => ApiKey::OffsetCommit,
            9 => ApiKey::OffsetFetch,
            10 => ApiKey::FindCoordinator,
            11 => ApiKey::JoinGroup,
            12 => ApiKey::Heartbeat,
            13 => ApiKey::LeaveGroup,
            14 => ApiKey::SyncGroup,
            15 => ApiKey::DescribeGroups,
            16 => ApiKey::ListGroups,
            18 => ApiKey::ApiVersions,
            19 => ApiKey::CreateTopics,
            20 => ApiKey::DeleteTopics,
            21 => ApiKey::DeleteRecords,
            22 => ApiKey::InitProducerId,
            23 => ApiKey::OffsetForLeaderEpoch,
            32 => ApiKey::DescribeConfigs,
            33 => ApiKey::AlterConfigs,
            35 => ApiKey::DescribeLogDirs,
            37 => ApiKey::CreatePartitions,
            42 => ApiKey::DeleteGroups,
            43 => ApiKey::ElectLeaders,
            44 => ApiKey::IncrementalAlterConfigs,
            45 => ApiKey::AlterPartitionReassignments,
            46 => ApiKey::ListPartitionReassignments,
            47 => ApiKey::OffsetDelete,
            52 => ApiKey::Vote,
            53 => ApiKey::BeginQuorumEpoch,
            54 => ApiKey::EndQuorumEpoch,
            55 => ApiKey::DescribeQuorum,
            56 => ApiKey::AlterPartition,
            57 => ApiKey::UpdateFeatures,
            58 => ApiKey::Envelope,
            59 => ApiKey::FetchSnapshot,
            60 => ApiKey::DescribeCluster,
            62 => ApiKey::BrokerRegistration,
            63 => ApiKey::BrokerHeartbeat,
            64 => ApiKey::UnregisterBroker,
            67 => ApiKey::AllocateProducerIds,
            70 => ApiKey::ControllerRegistration,
            73 => ApiKey::AssignReplicasToDirs,
            74 => ApiKey::ListConfigResources,
            75 => ApiKey::DescribeTopicPartitions,
            80 => ApiKey::AddRaftVoter,
            81 => ApiKey::RemoveRaftVoter,
            82 => ApiKey::UpdateRaftVoter,
            _ => return None,
        })
    }

    /// Kafka's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ApiKey::Produce => "Produce",
            ApiKey::Fetch => "Fetch",
            ApiKey::ListOffsets => "ListOffsets",
            ApiKey::Metadata => "Metadata",
            ApiKey::OffsetCommit => "OffsetCommit",
            ApiKey::OffsetFetch => "OffsetFetch",
            ApiKey::FindCoordinator => "FindCoordinator",
            ApiKey::JoinGroup => "JoinGroup",
            ApiKey::Heartbeat => "Heartbeat",
            ApiKey::LeaveGroup => "LeaveGroup",
            ApiKey::SyncGroup => "SyncGroup",
            ApiKey::DescribeGroups => "DescribeGroups",
            ApiKey::ListGroups => "ListGroups",
            ApiKey::ApiVersions => "ApiVersions",
            ApiKey::CreateTopics => "CreateTopics",
            ApiKey::DeleteTopics => "DeleteTopics",
            ApiKey::DeleteRecords => "DeleteRecords",
            ApiKey::InitProducerId => "InitProducerId",
            ApiKey::OffsetForLeaderEpoch => "OffsetForLeaderEpoch",
            ApiKey::DescribeConfigs => "DescribeConfigs",
            ApiKey::AlterConfigs => "AlterConfigs",
            ApiKey::DescribeLogDirs => "DescribeLogDirs",
            ApiKey::CreatePartitions => "CreatePartitions",
            ApiKey::DeleteGroups => "DeleteGroups",
            ApiKey::ElectLeaders => "ElectLeaders",
            ApiKey::IncrementalAlterConfigs => "IncrementalAlterConfigs",
            ApiKey::AlterPartitionReassignments => "AlterPartitionReassignments",
            ApiKey::ListPartitionReassignments => "ListPartitionReassignments",
            ApiKey::OffsetDelete => "OffsetDelete",
            ApiKey::Vote => "Vote",
            ApiKey::BeginQuorumEpoch => "BeginQuorumEpoch",
            ApiKey::EndQuorumEpoch => "EndQuorumEpoch",
            ApiKey::DescribeQuorum => "DescribeQuorum",
            ApiKey::AlterPartition => "AlterPartition",
            ApiKey::UpdateFeatures => "UpdateFeatures",
            ApiKey::Envelope => "Envelope",
            ApiKey::FetchSnapshot => "FetchSnapshot",
            ApiKey::DescribeCluster => "DescribeCluster",
            ApiKey::BrokerRegistration => "BrokerRegistration",
            ApiKey::BrokerHeartbeat => "BrokerHeartbeat",
            ApiKey::UnregisterBroker => "UnregisterBroker",
            ApiKey::AllocateProducerIds => "AllocateProducerIds",
            ApiKey::ControllerRegistration => "ControllerRegistration",
            ApiKey::AssignReplicasToDirs => "AssignReplicasToDirs",
            ApiKey::ListConfigResources => "ListConfigResources",
            ApiKey::DescribeTopicPartitions => "DescribeTopicPartitions",
            ApiKey::AddRaftVoter => "AddRaftVoter",
            ApiKey::RemoveRaftVoter => "RemoveRaftVoter",
            ApiKey::UpdateRaftVoter => "UpdateRaftVoter",
        }
    }

    /// The versions that the schema knows. What is served is the server's choice.
    #[must_use]
    pub fn versions(self) -> RangeInclusive<i16> {
        match self {
            ApiKey::Produce => 3..=13,
            ApiKey::Fetch => 4..=18,
            ApiKey::ListOffsets => 1..=11,
            ApiKey::Metadata => 0..=13,
            ApiKey::OffsetCommit => 2..=10,
            ApiKey::OffsetFetch => 1..=10,
            ApiKey::FindCoordinator => 0..=6,
            ApiKey::JoinGroup => 0..=9,
            ApiKey::Heartbeat => 0..=4,
            ApiKey::LeaveGroup => 0..=5,
            ApiKey::SyncGroup => 0..=5,
            ApiKey::DescribeGroups => 0..=6,
            ApiKey::ListGroups => 0..=5,
            ApiKey::ApiVersions => 0..=5,
            ApiKey::CreateTopics => 2..=7,
            ApiKey::DeleteTopics => 1..=6,
            ApiKey::DeleteRecords => 0..=2,
            ApiKey::InitProducerId => 0..=6,
            ApiKey::OffsetForLeaderEpoch => 2..=4,
            ApiKey::DescribeConfigs => 1..=4,
            ApiKey::AlterConfigs => 0..=2,
            ApiKey::DescribeLogDirs => 1..=5,
            ApiKey::CreatePartitions => 0..=3,
            ApiKey::DeleteGroups => 0..=3,
            ApiKey::ElectLeaders => 0..=2,
            ApiKey::IncrementalAlterConfigs => 0..=1,
            ApiKey::AlterPartitionReassignments => 0..=1,
            ApiKey::ListPartitionReassignments => 0..=0,
            ApiKey::OffsetDelete => 0..=0,
            ApiKey::Vote => 0..=2,
            ApiKey::BeginQuorumEpoch => 0..=1,
            ApiKey::EndQuorumEpoch => 0..=1,
            ApiKey::DescribeQuorum => 0..=2,
            ApiKey::AlterPartition => 2..=3,
            ApiKey::UpdateFeatures => 0..=2,
            ApiKey::Envelope => 0..=0,
            ApiKey::FetchSnapshot => 0..=1,
            ApiKey::DescribeCluster => 0..=2,
            ApiKey::BrokerRegistration => 0..=4,
            ApiKey::BrokerHeartbeat => 0..=2,
            ApiKey::UnregisterBroker => 0..=0,
            ApiKey::AllocateProducerIds => 0..=0,
            ApiKey::ControllerRegistration => 0..=0,
            ApiKey::AssignReplicasToDirs => 0..=0,
            ApiKey::ListConfigResources => 0..=1,
            ApiKey::DescribeTopicPartitions => 0..=0,
            ApiKey::AddRaftVoter => 0..=1,
            ApiKey::RemoveRaftVoter => 0..=0,
            ApiKey::UpdateRaftVoter => 0..=0,
        }
    }

    /// The first version with compact lengths and tagged fields (KIP-482); `i16::MAX` when there is none.
    #[must_use]
    pub fn flexible_from(self) -> i16 {
        match self {
            ApiKey::Produce => 9,
            ApiKey::Fetch => 12,
            ApiKey::ListOffsets => 6,
            ApiKey::Metadata => 9,
            ApiKey::OffsetCommit => 8,
            ApiKey::OffsetFetch => 6,
            ApiKey::FindCoordinator => 3,
            ApiKey::JoinGroup => 6,
            ApiKey::Heartbeat => 4,
            ApiKey::LeaveGroup => 4,
            ApiKey::SyncGroup => 4,
            ApiKey::DescribeGroups => 5,
            ApiKey::ListGroups => 3,
            ApiKey::ApiVersions => 3,
            ApiKey::CreateTopics => 5,
            ApiKey::DeleteTopics => 4,
            ApiKey::DeleteRecords => 2,
            ApiKey::InitProducerId => 2,
            ApiKey::OffsetForLeaderEpoch => 4,
            ApiKey::DescribeConfigs => 4,
            ApiKey::AlterConfigs => 2,
            ApiKey::DescribeLogDirs => 2,
            ApiKey::CreatePartitions => 2,
            ApiKey::DeleteGroups => 2,
            ApiKey::ElectLeaders => 2,
            ApiKey::IncrementalAlterConfigs => 1,
            ApiKey::AlterPartitionReassignments => 0,
            ApiKey::ListPartitionReassignments => 0,
            ApiKey::OffsetDelete => i16::MAX,
            ApiKey::Vote => 0,
            ApiKey::BeginQuorumEpoch => 1,
            ApiKey::EndQuorumEpoch => 1,
            ApiKey::DescribeQuorum => 0,
            ApiKey::AlterPartition => 2,
            ApiKey::UpdateFeatures => 0,
            ApiKey::Envelope => 0,
            ApiKey::FetchSnapshot => 0,
            ApiKey::DescribeCluster => 0,
            ApiKey::BrokerRegistration => 0,
            ApiKey::BrokerHeartbeat => 0,
            ApiKey::UnregisterBroker => 0,
            ApiKey::AllocateProducerIds => 0,
            ApiKey::ControllerRegistration => 0,
            ApiKey::AssignReplicasToDirs => 0,
            ApiKey::ListConfigResources => 0,
            ApiKey::DescribeTopicPartitions => 0,
            ApiKey::AddRaftVoter => 0,
            ApiKey::RemoveRaftVoter => 0,
            ApiKey::UpdateRaftVoter => 0,
        }
    }
}
