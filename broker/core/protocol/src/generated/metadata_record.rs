//! Any record of the metadata log: generated from the schema by `cargo xtask gen protocol`.

use super::{
    AbortTransactionRecord, AccessControlEntryRecord, BeginTransactionRecord, BrokerRegistrationChangeRecord,
    ClearElrRecord, ClientQuotaRecord, ConfigRecord, DelegationTokenRecord, EndTransactionRecord,
    FeatureLevelRecord, FenceBrokerRecord, NoOpRecord, PartitionChangeRecord, PartitionRecord,
    ProducerIdsRecord, RegisterBrokerRecord, RegisterControllerRecord, RemoveAccessControlEntryRecord,
    RemoveDelegationTokenRecord, RemoveTopicRecord, RemoveUserScramCredentialRecord, TopicRecord,
    UnfenceBrokerRecord, UnregisterBrokerRecord, UnregisterControllerRecord, UserScramCredentialRecord,
    ZkMigrationStateRecord,
};
use crate::{DecodeError, EncodeError, Message as _, Reader, Size, Writer};

/// Any record of the metadata log.
#[derive(Clone, Debug, PartialEq)]
pub enum MetadataRecord {
    #[doc = "Type 0."]
    RegisterBroker(RegisterBrokerRecord),
    #[doc = "Type 1."]
    UnregisterBroker(UnregisterBrokerRecord),
    #[doc = "Type 2."]
    Topic(TopicRecord),
    #[doc = "Type 3."]
    Partition(PartitionRecord),
    #[doc = "Type 4."]
    Config(ConfigRecord),
    #[doc = "Type 5."]
    PartitionChange(PartitionChangeRecord),
    #[doc = "Type 7."]
    FenceBroker(FenceBrokerRecord),
    #[doc = "Type 8."]
    UnfenceBroker(UnfenceBrokerRecord),
    #[doc = "Type 9."]
    RemoveTopic(RemoveTopicRecord),
    #[doc = "Type 10."]
    DelegationToken(DelegationTokenRecord),
    #[doc = "Type 11."]
    UserScramCredential(UserScramCredentialRecord),
    #[doc = "Type 12."]
    FeatureLevel(FeatureLevelRecord),
    #[doc = "Type 14."]
    ClientQuota(ClientQuotaRecord),
    #[doc = "Type 15."]
    ProducerIds(ProducerIdsRecord),
    #[doc = "Type 17."]
    BrokerRegistrationChange(BrokerRegistrationChangeRecord),
    #[doc = "Type 18."]
    AccessControlEntry(AccessControlEntryRecord),
    #[doc = "Type 19."]
    RemoveAccessControlEntry(RemoveAccessControlEntryRecord),
    #[doc = "Type 20."]
    NoOp(NoOpRecord),
    #[doc = "Type 21."]
    ZkMigrationState(ZkMigrationStateRecord),
    #[doc = "Type 22."]
    RemoveUserScramCredential(RemoveUserScramCredentialRecord),
    #[doc = "Type 23."]
    BeginTransaction(BeginTransactionRecord),
    #[doc = "Type 24."]
    EndTransaction(EndTransactionRecord),
    #[doc = "Type 25."]
    AbortTransaction(AbortTransactionRecord),
    #[doc = "Type 26."]
    RemoveDelegationToken(RemoveDelegationTokenRecord),
    #[doc = "Type 27."]
    RegisterController(RegisterControllerRecord),
    #[doc = "Type 28."]
    ClearElr(ClearElrRecord),
    #[doc = "Type 29."]
    UnregisterController(UnregisterControllerRecord),
}

impl MetadataRecord {
    /// Its type, as its frame says it.
    #[must_use]
    pub fn kind(&self) -> u32 {
        match self {
            MetadataRecord::RegisterBroker(_) => 0,
            MetadataRecord::UnregisterBroker(_) => 1,
            MetadataRecord::Topic(_) => 2,
            MetadataRecord::Partition(_) => 3,
            MetadataRecord::Config(_) => 4,
            MetadataRecord::PartitionChange(_) => 5,
            MetadataRecord::FenceBroker(_) => 7,
            MetadataRecord::UnfenceBroker(_) => 8,
            MetadataRecord::RemoveTopic(_) => 9,
            MetadataRecord::DelegationToken(_) => 10,
            MetadataRecord::UserScramCredential(_) => 11,
            MetadataRecord::FeatureLevel(_) => 12,
            MetadataRecord::ClientQuota(_) => 14,
            MetadataRecord::ProducerIds(_) => 15,
            MetadataRecord::BrokerRegistrationChange(_) => 17,
            MetadataRecord::AccessControlEntry(_) => 18,
            MetadataRecord::RemoveAccessControlEntry(_) => 19,
            MetadataRecord::NoOp(_) => 20,
            MetadataRecord::ZkMigrationState(_) => 21,
            MetadataRecord::RemoveUserScramCredential(_) => 22,
            MetadataRecord::BeginTransaction(_) => 23,
            MetadataRecord::EndTransaction(_) => 24,
            MetadataRecord::AbortTransaction(_) => 25,
            MetadataRecord::RemoveDelegationToken(_) => 26,
            MetadataRecord::RegisterController(_) => 27,
            MetadataRecord::ClearElr(_) => 28,
            MetadataRecord::UnregisterController(_) => 29,
        }
    }

    /// Kafka's name for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            MetadataRecord::RegisterBroker(_) => "RegisterBrokerRecord",
            MetadataRecord::UnregisterBroker(_) => "UnregisterBrokerRecord",
            MetadataRecord::Topic(_) => "TopicRecord",
            MetadataRecord::Partition(_) => "PartitionRecord",
            MetadataRecord::Config(_) => "ConfigRecord",
            MetadataRecord::PartitionChange(_) => "PartitionChangeRecord",
            MetadataRecord::FenceBroker(_) => "FenceBrokerRecord",
            MetadataRecord::UnfenceBroker(_) => "UnfenceBrokerRecord",
            MetadataRecord::RemoveTopic(_) => "RemoveTopicRecord",
            MetadataRecord::DelegationToken(_) => "DelegationTokenRecord",
            MetadataRecord::UserScramCredential(_) => "UserScramCredentialRecord",
            MetadataRecord::FeatureLevel(_) => "FeatureLevelRecord",
            MetadataRecord::ClientQuota(_) => "ClientQuotaRecord",
            MetadataRecord::ProducerIds(_) => "ProducerIdsRecord",
            MetadataRecord::BrokerRegistrationChange(_) => "BrokerRegistrationChangeRecord",
            MetadataRecord::AccessControlEntry(_) => "AccessControlEntryRecord",
            MetadataRecord::RemoveAccessControlEntry(_) => "RemoveAccessControlEntryRecord",
            MetadataRecord::NoOp(_) => "NoOpRecord",
            MetadataRecord::ZkMigrationState(_) => "ZkMigrationStateRecord",
            MetadataRecord::RemoveUserScramCredential(_) => "RemoveUserScramCredentialRecord",
            MetadataRecord::BeginTransaction(_) => "BeginTransactionRecord",
            MetadataRecord::EndTransaction(_) => "EndTransactionRecord",
            MetadataRecord::AbortTransaction(_) => "AbortTransactionRecord",
            MetadataRecord::RemoveDelegationToken(_) => "RemoveDelegationTokenRecord",
            MetadataRecord::RegisterController(_) => "RegisterControllerRecord",
            MetadataRecord::ClearElr(_) => "ClearElrRecord",
            MetadataRecord::UnregisterController(_) => "UnregisterControllerRecord",
        }
    }

    pub(crate) fn read(reader: &mut Reader, kind: u32, version: i16) -> Result<Self, DecodeError> {
        Ok(match kind {
            0 => MetadataRecord::RegisterBroker(RegisterBrokerRecord::decode(reader, version)?),
            1 => MetadataRecord::UnregisterBroker(UnregisterBrokerRecord::decode(reader, version)?),
            2 => MetadataRecord::Topic(TopicRecord::decode(reader, version)?),
            3 => MetadataRecord::Partition(PartitionRecord::decode(reader, version)?),
            4 => MetadataRecord::Config(ConfigRecord::decode(reader, version)?),
            5 => MetadataRecord::PartitionChange(PartitionChangeRecord::decode(reader, version)?),
            7 => MetadataRecord::FenceBroker(FenceBrokerRecord::decode(reader, version)?),
            8 => MetadataRecord::UnfenceBroker(UnfenceBrokerRecord::decode(reader, version)?),
            9 => MetadataRecord::RemoveTopic(RemoveTopicRecord::decode(reader, version)?),
            10 => MetadataRecord::DelegationToken(DelegationTokenRecord::decode(reader, version)?),
            11 => MetadataRecord::UserScramCredential(UserScramCredentialRecord::decode(reader, version)?),
            12 => MetadataRecord::FeatureLevel(FeatureLevelRecord::decode(reader, version)?),
            14 => MetadataRecord::ClientQuota(ClientQuotaRecord::decode(reader, version)?),
            15 => MetadataRecord::ProducerIds(ProducerIdsRecord::decode(reader, version)?),
            17 => MetadataRecord::BrokerRegistrationChange(BrokerRegistrationChangeRecord::decode(
                reader, version,
            )?),
            18 => MetadataRecord::AccessControlEntry(AccessControlEntryRecord::decode(reader, version)?),
            19 => MetadataRecord::RemoveAccessControlEntry(RemoveAccessControlEntryRecord::decode(
                reader, version,
            )?),
            20 => MetadataRecord::NoOp(NoOpRecord::decode(reader, version)?),
            21 => MetadataRecord::ZkMigrationState(ZkMigrationStateRecord::decode(reader, version)?),
            22 => MetadataRecord::RemoveUserScramCredential(RemoveUserScramCredentialRecord::decode(
                reader, version,
            )?),
            23 => MetadataRecord::BeginTransaction(BeginTransactionRecord::decode(reader, version)?),
            24 => MetadataRecord::EndTransaction(EndTransactionRecord::decode(reader, version)?),
            25 => MetadataRecord::AbortTransaction(AbortTransactionRecord::decode(reader, version)?),
            26 => {
                MetadataRecord::RemoveDelegationToken(RemoveDelegationTokenRecord::decode(reader, version)?)
            }
            27 => MetadataRecord::RegisterController(RegisterControllerRecord::decode(reader, version)?),
            28 => MetadataRecord::ClearElr(ClearElrRecord::decode(reader, version)?),
            29 => MetadataRecord::UnregisterController(UnregisterControllerRecord::decode(reader, version)?),
            _ => return Err(DecodeError::UnknownRecord { kind: i64::from(kind) }),
        })
    }

    pub(crate) fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        match self {
            MetadataRecord::RegisterBroker(record) => record.encode(writer, version),
            MetadataRecord::UnregisterBroker(record) => record.encode(writer, version),
            MetadataRecord::Topic(record) => record.encode(writer, version),
            MetadataRecord::Partition(record) => record.encode(writer, version),
            MetadataRecord::Config(record) => record.encode(writer, version),
            MetadataRecord::PartitionChange(record) => record.encode(writer, version),
            MetadataRecord::FenceBroker(record) => record.encode(writer, version),
            MetadataRecord::UnfenceBroker(record) => record.encode(writer, version),
            MetadataRecord::RemoveTopic(record) => record.encode(writer, version),
            MetadataRecord::DelegationToken(record) => record.encode(writer, version),
            MetadataRecord::UserScramCredential(record) => record.encode(writer, version),
            MetadataRecord::FeatureLevel(record) => record.encode(writer, version),
            MetadataRecord::ClientQuota(record) => record.encode(writer, version),
            MetadataRecord::ProducerIds(record) => record.encode(writer, version),
            MetadataRecord::BrokerRegistrationChange(record) => record.encode(writer, version),
            MetadataRecord::AccessControlEntry(record) => record.encode(writer, version),
            MetadataRecord::RemoveAccessControlEntry(record) => record.encode(writer, version),
            MetadataRecord::NoOp(record) => record.encode(writer, version),
            MetadataRecord::ZkMigrationState(record) => record.encode(writer, version),
            MetadataRecord::RemoveUserScramCredential(record) => record.encode(writer, version),
            MetadataRecord::BeginTransaction(record) => record.encode(writer, version),
            MetadataRecord::EndTransaction(record) => record.encode(writer, version),
            MetadataRecord::AbortTransaction(record) => record.encode(writer, version),
            MetadataRecord::RemoveDelegationToken(record) => record.encode(writer, version),
            MetadataRecord::RegisterController(record) => record.encode(writer, version),
            MetadataRecord::ClearElr(record) => record.encode(writer, version),
            MetadataRecord::UnregisterController(record) => record.encode(writer, version),
        }
    }

    pub(crate) fn size(&self, version: i16) -> Result<Size, EncodeError> {
        match self {
            MetadataRecord::RegisterBroker(record) => record.encoded_size(version),
            MetadataRecord::UnregisterBroker(record) => record.encoded_size(version),
            MetadataRecord::Topic(record) => record.encoded_size(version),
            MetadataRecord::Partition(record) => record.encoded_size(version),
            MetadataRecord::Config(record) => record.encoded_size(version),
            MetadataRecord::PartitionChange(record) => record.encoded_size(version),
            MetadataRecord::FenceBroker(record) => record.encoded_size(version),
            MetadataRecord::UnfenceBroker(record) => record.encoded_size(version),
            MetadataRecord::RemoveTopic(record) => record.encoded_size(version),
            MetadataRecord::DelegationToken(record) => record.encoded_size(version),
            MetadataRecord::UserScramCredential(record) => record.encoded_size(version),
            MetadataRecord::FeatureLevel(record) => record.encoded_size(version),
            MetadataRecord::ClientQuota(record) => record.encoded_size(version),
            MetadataRecord::ProducerIds(record) => record.encoded_size(version),
            MetadataRecord::BrokerRegistrationChange(record) => record.encoded_size(version),
            MetadataRecord::AccessControlEntry(record) => record.encoded_size(version),
            MetadataRecord::RemoveAccessControlEntry(record) => record.encoded_size(version),
            MetadataRecord::NoOp(record) => record.encoded_size(version),
            MetadataRecord::ZkMigrationState(record) => record.encoded_size(version),
            MetadataRecord::RemoveUserScramCredential(record) => record.encoded_size(version),
            MetadataRecord::BeginTransaction(record) => record.encoded_size(version),
            MetadataRecord::EndTransaction(record) => record.encoded_size(version),
            MetadataRecord::AbortTransaction(record) => record.encoded_size(version),
            MetadataRecord::RemoveDelegationToken(record) => record.encoded_size(version),
            MetadataRecord::RegisterController(record) => record.encoded_size(version),
            MetadataRecord::ClearElr(record) => record.encoded_size(version),
            MetadataRecord::UnregisterController(record) => record.encoded_size(version),
        }
    }
}

impl From<RegisterBrokerRecord> for MetadataRecord {
    fn from(record: RegisterBrokerRecord) -> Self {
        MetadataRecord::RegisterBroker(record)
    }
}

impl From<UnregisterBrokerRecord> for MetadataRecord {
    fn from(record: UnregisterBrokerRecord) -> Self {
        MetadataRecord::UnregisterBroker(record)
    }
}

impl From<TopicRecord> for MetadataRecord {
    fn from(record: TopicRecord) -> Self {
        MetadataRecord::Topic(record)
    }
}

impl From<PartitionRecord> for MetadataRecord {
    fn from(record: PartitionRecord) -> Self {
        MetadataRecord::Partition(record)
    }
}

impl From<ConfigRecord> for MetadataRecord {
    fn from(record: ConfigRecord) -> Self {
        MetadataRecord::Config(record)
    }
}

impl From<PartitionChangeRecord> for MetadataRecord {
    fn from(record: PartitionChangeRecord) -> Self {
        MetadataRecord::PartitionChange(record)
    }
}

impl From<FenceBrokerRecord> for MetadataRecord {
    fn from(record: FenceBrokerRecord) -> Self {
        MetadataRecord::FenceBroker(record)
    }
}

impl From<UnfenceBrokerRecord> for MetadataRecord {
    fn from(record: UnfenceBrokerRecord) -> Self {
        MetadataRecord::UnfenceBroker(record)
    }
}

impl From<RemoveTopicRecord> for MetadataRecord {
    fn from(record: RemoveTopicRecord) -> Self {
        MetadataRecord::RemoveTopic(record)
    }
}

impl From<DelegationTokenRecord> for MetadataRecord {
    fn from(record: DelegationTokenRecord) -> Self {
        MetadataRecord::DelegationToken(record)
    }
}

impl From<UserScramCredentialRecord> for MetadataRecord {
    fn from(record: UserScramCredentialRecord) -> Self {
        MetadataRecord::UserScramCredential(record)
    }
}

impl From<FeatureLevelRecord> for MetadataRecord {
    fn from(record: FeatureLevelRecord) -> Self {
        MetadataRecord::FeatureLevel(record)
    }
}

impl From<ClientQuotaRecord> for MetadataRecord {
    fn from(record: ClientQuotaRecord) -> Self {
        MetadataRecord::ClientQuota(record)
    }
}

impl From<ProducerIdsRecord> for MetadataRecord {
    fn from(record: ProducerIdsRecord) -> Self {
        MetadataRecord::ProducerIds(record)
    }
}

impl From<BrokerRegistrationChangeRecord> for MetadataRecord {
    fn from(record: BrokerRegistrationChangeRecord) -> Self {
        MetadataRecord::BrokerRegistrationChange(record)
    }
}

impl From<AccessControlEntryRecord> for MetadataRecord {
    fn from(record: AccessControlEntryRecord) -> Self {
        MetadataRecord::AccessControlEntry(record)
    }
}

impl From<RemoveAccessControlEntryRecord> for MetadataRecord {
    fn from(record: RemoveAccessControlEntryRecord) -> Self {
        MetadataRecord::RemoveAccessControlEntry(record)
    }
}

impl From<NoOpRecord> for MetadataRecord {
    fn from(record: NoOpRecord) -> Self {
        MetadataRecord::NoOp(record)
    }
}

impl From<ZkMigrationStateRecord> for MetadataRecord {
    fn from(record: ZkMigrationStateRecord) -> Self {
        MetadataRecord::ZkMigrationState(record)
    }
}

impl From<RemoveUserScramCredentialRecord> for MetadataRecord {
    fn from(record: RemoveUserScramCredentialRecord) -> Self {
        MetadataRecord::RemoveUserScramCredential(record)
    }
}

impl From<BeginTransactionRecord> for MetadataRecord {
    fn from(record: BeginTransactionRecord) -> Self {
        MetadataRecord::BeginTransaction(record)
    }
}

impl From<EndTransactionRecord> for MetadataRecord {
    fn from(record: EndTransactionRecord) -> Self {
        MetadataRecord::EndTransaction(record)
    }
}

impl From<AbortTransactionRecord> for MetadataRecord {
    fn from(record: AbortTransactionRecord) -> Self {
        MetadataRecord::AbortTransaction(record)
    }
}

impl From<RemoveDelegationTokenRecord> for MetadataRecord {
    fn from(record: RemoveDelegationTokenRecord) -> Self {
        MetadataRecord::RemoveDelegationToken(record)
    }
}

impl From<RegisterControllerRecord> for MetadataRecord {
    fn from(record: RegisterControllerRecord) -> Self {
        MetadataRecord::RegisterController(record)
    }
}

impl From<ClearElrRecord> for MetadataRecord {
    fn from(record: ClearElrRecord) -> Self {
        MetadataRecord::ClearElr(record)
    }
}

impl From<UnregisterControllerRecord> for MetadataRecord {
    fn from(record: UnregisterControllerRecord) -> Self {
        MetadataRecord::UnregisterController(record)
    }
}
