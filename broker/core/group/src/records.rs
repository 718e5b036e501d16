//! The records of `__consumer_offsets`: Kafka's own keys and values.
//!
//! Owns which versions are written and how unknown ones are met: what this broker does not know (groups of the newer
//! protocols) is left alone, in the log and out of memory.

use crate::{
    event::LogRecord,
    offsets::{CommittedOffset, OffsetChange},
};
use klamm_protocol::{
    Coordinator, DecodeError, EncodeError, Message,
    coordinator::{decode_key, decode_value, encode_key, encode_value, key_type},
    group_metadata_key::GroupMetadataKey,
    group_metadata_value::GroupMetadataValue,
    offset_commit_key::OffsetCommitKey,
    offset_commit_value::OffsetCommitValue,
};
use klamm_types::{Bytes, Offset, Str, Wall};

/// The key of an offset as Kafka wrote it before 0.9: the same but for its type.
const OLD_OFFSET_KEY: i16 = 0;
/// Every Kafka since 2.3 reads it; later versions add nothing that we have.
const GROUP_VERSION: i16 = 3;
/// Offsets with an end of their own, from clients of old versions.
const OFFSET_VERSION_WITH_EXPIRY: i16 = 1;
const OFFSET_VERSION: i16 = 3;
/// With the topic's id. Kafka reads it since 4.0.
const OFFSET_VERSION_WITH_TOPIC_ID: i16 = 4;

/// What a record says.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    Offset(Str, OffsetChange),
    /// A group of the classic protocol; nothing is its tombstone.
    Group(Str, Option<GroupMetadataValue>),
    /// A record of another kind of group.
    Other,
}

/// The record of an offset, or its tombstone.
pub(crate) fn offset(group: &Str, change: &OffsetChange) -> Result<LogRecord, EncodeError> {
    let key =
        OffsetCommitKey { group: group.clone(), topic: change.topic.clone(), partition: change.partition };
    Ok(LogRecord { key: encode_key(&key)?, value: change.offset.as_ref().map(offset_value).transpose()? })
}

fn offset_value(offset: &CommittedOffset) -> Result<Bytes, EncodeError> {
    let version = if offset.expires_at.is_some() {
        OFFSET_VERSION_WITH_EXPIRY
    } else if offset.topic_id.is_zero() {
        OFFSET_VERSION
    } else {
        OFFSET_VERSION_WITH_TOPIC_ID
    };
    let value = OffsetCommitValue {
        offset: offset.offset.0,
        leader_epoch: offset.leader_epoch,
        metadata: offset.metadata.clone(),
        commit_timestamp: offset.committed_at.0,
        expire_timestamp: offset.expires_at.map_or(-1, |at| at.0),
        topic_id: offset.topic_id,
    };
    encode_value(&value, version)
}

/// The record of a group's membership.
pub(crate) fn group(id: &Str, value: &GroupMetadataValue) -> Result<LogRecord, EncodeError> {
    Ok(LogRecord { value: Some(encode_value(value, GROUP_VERSION)?), ..no_group(id)? })
}

/// The tombstone of a group's membership.
pub(crate) fn no_group(id: &Str) -> Result<LogRecord, EncodeError> {
    let key = GroupMetadataKey { group: id.clone() };
    Ok(LogRecord { key: encode_key(&key)?, value: None })
}

/// Reads a record.
///
/// # Errors
/// When it claims to be of a kind that is known, but cannot be read.
pub(crate) fn read(record: &LogRecord) -> Result<Change, DecodeError> {
    let (key, value) = (record.key.clone(), record.value.clone());
    match key_type(&key)? {
        OLD_OFFSET_KEY => read_offset(OffsetCommitKey::from_bytes(key.slice(2..), 0)?, value),
        OffsetCommitKey::TYPE => read_offset(decode_key(key)?, value),
        GroupMetadataKey::TYPE => {
            let key: GroupMetadataKey = decode_key(key)?;
            Ok(Change::Group(key.group.detached(), value.map(decode_value).transpose()?))
        }
        _ => Ok(Change::Other),
    }
}

fn read_offset(key: OffsetCommitKey, value: Option<Bytes>) -> Result<Change, DecodeError> {
    let value: Option<OffsetCommitValue> = value.map(decode_value).transpose()?;
    let offset = value.map(|value| CommittedOffset {
        offset: Offset(value.offset),
        leader_epoch: value.leader_epoch,
        metadata: value.metadata.detached(),
        committed_at: Wall(value.commit_timestamp),
        expires_at: (value.expire_timestamp >= 0).then_some(Wall(value.expire_timestamp)),
        topic_id: value.topic_id,
    });
    let change = OffsetChange { topic: key.topic.detached(), partition: key.partition, offset };
    Ok(Change::Offset(key.group.detached(), change))
}
