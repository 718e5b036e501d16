//! `ListOffsetsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ListOffsetsResponse`, versions 1–11.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsResponse {
    /// In versions 2–11.
    pub throttle_time_ms: i32,
    pub topics: Vec<ListOffsetsTopicResponse>,
}

impl Structure for ListOffsetsResponse {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let throttle_time_ms = if version >= 2 { reader.i32()? } else { 0 };
        let topics = reader.array(flexible, ListOffsetsTopicResponse::LEAST, |reader| {
            ListOffsetsTopicResponse::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        if version >= 2 {
            out.i32(self.throttle_time_ms)?;
        }
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `ListOffsetsResponse`, versions 1–11.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsTopicResponse {
    pub name: Str,
    pub partitions: Vec<ListOffsetsPartitionResponse>,
}

impl Structure for ListOffsetsTopicResponse {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = reader.str(flexible)?;
        let partitions = reader.array(flexible, ListOffsetsPartitionResponse::LEAST, |reader| {
            ListOffsetsPartitionResponse::read(reader, version)
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
/// A part of `ListOffsetsResponse`, versions 1–11.
#[derive(Clone, Debug, PartialEq)]
pub struct ListOffsetsPartitionResponse {
    pub partition_index: i32,
    pub error_code: i16,
    pub timestamp: i64,
    pub offset: i64,

    /// In versions 4–11.
    pub leader_epoch: i32,
}

impl Default for ListOffsetsPartitionResponse {
    fn default() -> Self {
        Self { partition_index: 0, error_code: 0, timestamp: -1, offset: -1, leader_epoch: -1 }
    }
}

impl Structure for ListOffsetsPartitionResponse {
    const LEAST: usize = 22;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let partition_index = reader.i32()?;
        let error_code = reader.i16()?;
        let timestamp = reader.i64()?;
        let offset = reader.i64()?;
        let leader_epoch = if version >= 4 { reader.i32()? } else { -1 };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, error_code, timestamp, offset, leader_epoch })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.i32(self.partition_index)?;
        out.i16(self.error_code)?;
        out.i64(self.timestamp)?;
        out.i64(self.offset)?;
        if version >= 4 {
            out.i32(self.leader_epoch)?;
        }
        if version < 4 && self.leader_epoch != -1 {
            return Err(EncodeError::FieldAbsent {
                structure: "ListOffsetsPartitionResponse",
                field: "LeaderEpoch",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for ListOffsetsResponse {
    const NAME: &'static str = "ListOffsetsResponse";
    const VERSIONS: RangeInclusive<i16> = 1..=11;
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

impl Response for ListOffsetsResponse {
    const KEY: ApiKey = ApiKey::ListOffsets;
}
