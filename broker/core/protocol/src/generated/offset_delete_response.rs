//! `OffsetDeleteResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `OffsetDeleteResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetDeleteResponse {
    pub error_code: i16,
    pub throttle_time_ms: i32,
    pub topics: Vec<OffsetDeleteResponseTopic>,
}

impl Structure for OffsetDeleteResponse {
    const LEAST: usize = 10;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let error_code = reader.i16()?;
        let throttle_time_ms = reader.i32()?;
        let topics = reader.array(false, OffsetDeleteResponseTopic::LEAST, |reader| {
            OffsetDeleteResponseTopic::read(reader, version)
        })?;
        Ok(Self { error_code, throttle_time_ms, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i16(self.error_code)?;
        out.i32(self.throttle_time_ms)?;
        out.array(&self.topics, false, |out, element| element.write(out, version))?;
        Ok(())
    }
}
/// A part of `OffsetDeleteResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetDeleteResponseTopic {
    pub name: Str,
    pub partitions: Vec<OffsetDeleteResponsePartition>,
}

impl Structure for OffsetDeleteResponseTopic {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(false)?;
        let partitions = reader.array(false, OffsetDeleteResponsePartition::LEAST, |reader| {
            OffsetDeleteResponsePartition::read(reader, version)
        })?;
        Ok(Self { name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, false)?;
        out.array(&self.partitions, false, |out, element| element.write(out, version))?;
        Ok(())
    }
}
/// A part of `OffsetDeleteResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetDeleteResponsePartition {
    pub partition_index: i32,
    pub error_code: i16,
}

impl Structure for OffsetDeleteResponsePartition {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let error_code = reader.i16()?;
        Ok(Self { partition_index, error_code })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.i16(self.error_code)?;
        Ok(())
    }
}
impl Message for OffsetDeleteResponse {
    const NAME: &'static str = "OffsetDeleteResponse";
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

impl Response for OffsetDeleteResponse {
    const KEY: ApiKey = ApiKey::OffsetDelete;
}
