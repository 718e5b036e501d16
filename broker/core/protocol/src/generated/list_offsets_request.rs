//! `ListOffsetsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ListOffsetsRequest`, versions 1–11.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsRequest {
    pub replica_id: i32,

    /// In versions 2–11.
    pub isolation_level: i8,
    pub topics: Vec<ListOffsetsTopic>,

    /// In versions 10–11.
    pub timeout_ms: i32,
}

impl Structure for ListOffsetsRequest {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let replica_id = reader.i32()?;
        let isolation_level = if version >= 2 { reader.i8()? } else { 0 };
        let topics = reader
            .array(flexible, ListOffsetsTopic::LEAST, |reader| ListOffsetsTopic::read(reader, version))?;
        let timeout_ms = if version >= 10 { reader.i32()? } else { 0 };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { replica_id, isolation_level, topics, timeout_ms })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.i32(self.replica_id)?;
        if version >= 2 {
            out.i8(self.isolation_level)?;
        }
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if version >= 10 {
            out.i32(self.timeout_ms)?;
        }
        if version < 2 && self.isolation_level != 0 {
            return Err(EncodeError::FieldAbsent {
                structure: "ListOffsetsRequest",
                field: "IsolationLevel",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `ListOffsetsRequest`, versions 1–11.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsTopic {
    pub name: Str,
    pub partitions: Vec<ListOffsetsPartition>,
}

impl Structure for ListOffsetsTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = reader.str(flexible)?;
        let partitions = reader.array(flexible, ListOffsetsPartition::LEAST, |reader| {
            ListOffsetsPartition::read(reader, version)
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
/// A part of `ListOffsetsRequest`, versions 1–11.
#[derive(Clone, Debug, PartialEq)]
pub struct ListOffsetsPartition {
    pub partition_index: i32,

    /// In versions 4–11.
    pub current_leader_epoch: i32,
    pub timestamp: i64,
}

impl Default for ListOffsetsPartition {
    fn default() -> Self {
        Self { partition_index: 0, current_leader_epoch: -1, timestamp: 0 }
    }
}

impl Structure for ListOffsetsPartition {
    const LEAST: usize = 12;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let partition_index = reader.i32()?;
        let current_leader_epoch = if version >= 4 { reader.i32()? } else { -1 };
        let timestamp = reader.i64()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, current_leader_epoch, timestamp })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.i32(self.partition_index)?;
        if version >= 4 {
            out.i32(self.current_leader_epoch)?;
        }
        out.i64(self.timestamp)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for ListOffsetsRequest {
    const NAME: &'static str = "ListOffsetsRequest";
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

impl Request for ListOffsetsRequest {
    const KEY: ApiKey = ApiKey::ListOffsets;
    type Response = super::list_offsets_response::ListOffsetsResponse;
}
