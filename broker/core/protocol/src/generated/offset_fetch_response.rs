//! `OffsetFetchResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `OffsetFetchResponse`, versions 1–10.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponse {
    /// In versions 3–10.
    pub throttle_time_ms: i32,

    /// In versions 1–7.
    pub topics: Vec<OffsetFetchResponseTopic>,

    /// In versions 2–7.
    pub error_code: i16,

    /// In versions 8–10.
    pub groups: Vec<OffsetFetchResponseGroup>,
}

impl Structure for OffsetFetchResponse {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let throttle_time_ms = if version >= 3 { reader.i32()? } else { 0 };
        let topics = if version <= 7 {
            reader.array(flexible, OffsetFetchResponseTopic::LEAST, |reader| {
                OffsetFetchResponseTopic::read(reader, version)
            })?
        } else {
            Vec::new()
        };
        let error_code = if (2..=7).contains(&version) { reader.i16()? } else { 0 };
        let groups = if version >= 8 {
            reader.array(true, OffsetFetchResponseGroup::LEAST, |reader| {
                OffsetFetchResponseGroup::read(reader, version)
            })?
        } else {
            Vec::new()
        };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, topics, error_code, groups })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        if version >= 3 {
            out.i32(self.throttle_time_ms)?;
        }
        if version <= 7 {
            out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        }
        if (2..=7).contains(&version) {
            out.i16(self.error_code)?;
        }
        if version >= 8 {
            out.array(&self.groups, true, |out, element| element.write(out, version))?;
        }
        if version > 7 && !self.topics.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "OffsetFetchResponse",
                field: "Topics",
                version,
            });
        }
        if version < 8 && !self.groups.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "OffsetFetchResponse",
                field: "Groups",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `OffsetFetchResponse`, versions 1–7.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseTopic {
    pub name: Str,
    pub partitions: Vec<OffsetFetchResponsePartition>,
}

impl Structure for OffsetFetchResponseTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = reader.str(flexible)?;
        let partitions = reader.array(flexible, OffsetFetchResponsePartition::LEAST, |reader| {
            OffsetFetchResponsePartition::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.str(&self.name, flexible)?;
        out.array(&self.partitions, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `OffsetFetchResponse`, versions 1–7.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponsePartition {
    pub partition_index: i32,
    pub committed_offset: i64,

    /// In versions 5–7.
    pub committed_leader_epoch: i32,
    pub metadata: Option<Str>,
    pub error_code: i16,
}

impl Default for OffsetFetchResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: None,
            error_code: 0,
        }
    }
}

impl Structure for OffsetFetchResponsePartition {
    const LEAST: usize = 16;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let partition_index = reader.i32()?;
        let committed_offset = reader.i64()?;
        let committed_leader_epoch = if version >= 5 { reader.i32()? } else { -1 };
        let metadata = reader.nullable_str(flexible)?;
        let error_code = reader.i16()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, committed_offset, committed_leader_epoch, metadata, error_code })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.i32(self.partition_index)?;
        out.i64(self.committed_offset)?;
        if version >= 5 {
            out.i32(self.committed_leader_epoch)?;
        }
        out.nullable_str(self.metadata.as_ref(), flexible)?;
        out.i16(self.error_code)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `OffsetFetchResponse`, versions 8–10.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseGroup {
    pub group_id: Str,
    pub topics: Vec<OffsetFetchResponseTopics>,
    pub error_code: i16,
}

impl Structure for OffsetFetchResponseGroup {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let group_id = reader.str(true)?;
        let topics = reader.array(true, OffsetFetchResponseTopics::LEAST, |reader| {
            OffsetFetchResponseTopics::read(reader, version)
        })?;
        let error_code = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { group_id, topics, error_code })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.group_id, true)?;
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.i16(self.error_code)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `OffsetFetchResponse`, versions 8–10.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseTopics {
    /// In versions 8–9.
    pub name: Str,

    /// In versions 10.
    pub topic_id: Uuid,
    pub partitions: Vec<OffsetFetchResponsePartitions>,
}

impl Structure for OffsetFetchResponseTopics {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let name = if version <= 9 { reader.str(true)? } else { Str::default() };
        let topic_id = if version >= 10 { reader.uuid()? } else { Uuid::ZERO };
        let partitions = reader.array(true, OffsetFetchResponsePartitions::LEAST, |reader| {
            OffsetFetchResponsePartitions::read(reader, version)
        })?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, topic_id, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            out.str(&self.name, true)?;
        }
        if version >= 10 {
            out.uuid(&self.topic_id)?;
        }
        out.array(&self.partitions, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `OffsetFetchResponse`, versions 8–10.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponsePartitions {
    pub partition_index: i32,
    pub committed_offset: i64,
    pub committed_leader_epoch: i32,
    pub metadata: Option<Str>,
    pub error_code: i16,
}

impl Default for OffsetFetchResponsePartitions {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: None,
            error_code: 0,
        }
    }
}

impl Structure for OffsetFetchResponsePartitions {
    const LEAST: usize = 20;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let committed_offset = reader.i64()?;
        let committed_leader_epoch = reader.i32()?;
        let metadata = reader.nullable_str(true)?;
        let error_code = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { partition_index, committed_offset, committed_leader_epoch, metadata, error_code })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.i64(self.committed_offset)?;
        out.i32(self.committed_leader_epoch)?;
        out.nullable_str(self.metadata.as_ref(), true)?;
        out.i16(self.error_code)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for OffsetFetchResponse {
    const NAME: &'static str = "OffsetFetchResponse";
    const VERSIONS: RangeInclusive<i16> = 1..=10;
    const FLEXIBLE_FROM: i16 = 6;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Response for OffsetFetchResponse {
    const KEY: ApiKey = ApiKey::OffsetFetch;
}
