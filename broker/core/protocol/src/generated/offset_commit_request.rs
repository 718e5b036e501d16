//! `OffsetCommitRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `OffsetCommitRequest`, versions 2–10.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitRequest {
    pub group_id: Str,
    pub generation_id_or_member_epoch: i32,
    pub member_id: Str,

    /// In versions 7–10.
    pub group_instance_id: Option<Str>,

    /// In versions 2–4.
    pub retention_time_ms: i64,
    pub topics: Vec<OffsetCommitRequestTopic>,
}

impl Default for OffsetCommitRequest {
    fn default() -> Self {
        Self {
            group_id: Str::default(),
            generation_id_or_member_epoch: -1,
            member_id: Str::default(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}

impl Structure for OffsetCommitRequest {
    const LEAST: usize = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let group_id = reader.str(flexible)?;
        let generation_id_or_member_epoch = reader.i32()?;
        let member_id = reader.str(flexible)?;
        let group_instance_id = if version >= 7 { reader.nullable_str(flexible)? } else { None };
        let retention_time_ms = if version <= 4 { reader.i64()? } else { -1 };
        let topics = reader.array(flexible, OffsetCommitRequestTopic::LEAST, |reader| {
            OffsetCommitRequestTopic::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            group_id,
            generation_id_or_member_epoch,
            member_id,
            group_instance_id,
            retention_time_ms,
            topics,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        out.str(&self.group_id, flexible)?;
        out.i32(self.generation_id_or_member_epoch)?;
        out.str(&self.member_id, flexible)?;
        if version >= 7 {
            out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        }
        if version <= 4 {
            out.i64(self.retention_time_ms)?;
        }
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if version < 7 && self.group_instance_id.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "OffsetCommitRequest",
                field: "GroupInstanceId",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `OffsetCommitRequest`, versions 2–10.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitRequestTopic {
    /// In versions 2–9.
    pub name: Str,

    /// In versions 10.
    pub topic_id: Uuid,
    pub partitions: Vec<OffsetCommitRequestPartition>,
}

impl Structure for OffsetCommitRequestTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let name = if version <= 9 { reader.str(flexible)? } else { Str::default() };
        let topic_id = if version >= 10 { reader.uuid()? } else { Uuid::ZERO };
        let partitions = reader.array(flexible, OffsetCommitRequestPartition::LEAST, |reader| {
            OffsetCommitRequestPartition::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, topic_id, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        if version <= 9 {
            out.str(&self.name, flexible)?;
        }
        if version >= 10 {
            out.uuid(&self.topic_id)?;
        }
        out.array(&self.partitions, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `OffsetCommitRequest`, versions 2–10.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitRequestPartition {
    pub partition_index: i32,
    pub committed_offset: i64,

    /// In versions 6–10.
    pub committed_leader_epoch: i32,
    pub committed_metadata: Option<Str>,
}

impl Default for OffsetCommitRequestPartition {
    fn default() -> Self {
        Self { partition_index: 0, committed_offset: 0, committed_leader_epoch: -1, committed_metadata: None }
    }
}

impl Structure for OffsetCommitRequestPartition {
    const LEAST: usize = 14;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let partition_index = reader.i32()?;
        let committed_offset = reader.i64()?;
        let committed_leader_epoch = if version >= 6 { reader.i32()? } else { -1 };
        let committed_metadata = reader.nullable_str(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, committed_offset, committed_leader_epoch, committed_metadata })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        out.i32(self.partition_index)?;
        out.i64(self.committed_offset)?;
        if version >= 6 {
            out.i32(self.committed_leader_epoch)?;
        }
        out.nullable_str(self.committed_metadata.as_ref(), flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for OffsetCommitRequest {
    const NAME: &'static str = "OffsetCommitRequest";
    const VERSIONS: RangeInclusive<i16> = 2..=10;
    const FLEXIBLE_FROM: i16 = 8;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for OffsetCommitRequest {
    const KEY: ApiKey = ApiKey::OffsetCommit;
    type Response = super::offset_commit_response::OffsetCommitResponse;
}
