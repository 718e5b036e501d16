//! `OffsetDeleteRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `OffsetDeleteRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetDeleteRequest {
    pub group_id: Str,
    pub topics: Vec<OffsetDeleteRequestTopic>,
}

impl Structure for OffsetDeleteRequest {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let group_id = reader.str(false)?;
        let topics = reader.array(false, OffsetDeleteRequestTopic::LEAST, |reader| {
            OffsetDeleteRequestTopic::read(reader, version)
        })?;
        Ok(Self { group_id, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.group_id, false)?;
        out.array(&self.topics, false, |out, element| element.write(out, version))?;
        Ok(())
    }
}
/// A part of `OffsetDeleteRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetDeleteRequestTopic {
    pub name: Str,
    pub partitions: Vec<OffsetDeleteRequestPartition>,
}

impl Structure for OffsetDeleteRequestTopic {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(false)?;
        let partitions = reader.array(false, OffsetDeleteRequestPartition::LEAST, |reader| {
            OffsetDeleteRequestPartition::read(reader, version)
        })?;
        Ok(Self { name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, false)?;
        out.array(&self.partitions, false, |out, element| element.write(out, version))?;
        Ok(())
    }
}
/// A part of `OffsetDeleteRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetDeleteRequestPartition {
    pub partition_index: i32,
}

impl Structure for OffsetDeleteRequestPartition {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        Ok(Self { partition_index })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        Ok(())
    }
}
impl Message for OffsetDeleteRequest {
    const NAME: &'static str = "OffsetDeleteRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=0;
    const FLEXIBLE_FROM: i16 = i16::MAX;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for OffsetDeleteRequest {
    const KEY: ApiKey = ApiKey::OffsetDelete;
    type Response = super::offset_delete_response::OffsetDeleteResponse;
}
