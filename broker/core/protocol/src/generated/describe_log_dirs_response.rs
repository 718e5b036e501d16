//! `DescribeLogDirsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DescribeLogDirsResponse`, versions 1–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeLogDirsResponse {
    pub throttle_time_ms: i32,

    /// In versions 3–5.
    pub error_code: i16,
    pub results: Vec<DescribeLogDirsResult>,
}

impl Structure for DescribeLogDirsResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let throttle_time_ms = reader.i32()?;
        let error_code = if version >= 3 { reader.i16()? } else { 0 };
        let results = reader.array(flexible, DescribeLogDirsResult::LEAST, |reader| {
            DescribeLogDirsResult::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, error_code, results })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i32(self.throttle_time_ms)?;
        if version >= 3 {
            out.i16(self.error_code)?;
        }
        out.array(&self.results, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeLogDirsResponse`, versions 1–5.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeLogDirsResult {
    pub error_code: i16,
    pub log_dir: Str,
    pub topics: Vec<DescribeLogDirsTopic>,

    /// In versions 4–5.
    pub total_bytes: i64,

    /// In versions 4–5.
    pub usable_bytes: i64,

    /// In versions 5.
    pub is_cordoned: bool,
}

impl Default for DescribeLogDirsResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            log_dir: Str::default(),
            topics: Vec::new(),
            total_bytes: -1,
            usable_bytes: -1,
            is_cordoned: false,
        }
    }
}

impl Structure for DescribeLogDirsResult {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let error_code = reader.i16()?;
        let log_dir = reader.str(flexible)?;
        let topics = reader.array(flexible, DescribeLogDirsTopic::LEAST, |reader| {
            DescribeLogDirsTopic::read(reader, version)
        })?;
        let total_bytes = if version >= 4 { reader.i64()? } else { -1 };
        let usable_bytes = if version >= 4 { reader.i64()? } else { -1 };
        let is_cordoned = if version >= 5 { reader.bool()? } else { false };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { error_code, log_dir, topics, total_bytes, usable_bytes, is_cordoned })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i16(self.error_code)?;
        out.str(&self.log_dir, flexible)?;
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if version >= 4 {
            out.i64(self.total_bytes)?;
        }
        if version >= 4 {
            out.i64(self.usable_bytes)?;
        }
        if version >= 5 {
            out.bool(self.is_cordoned)?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeLogDirsResponse`, versions 1–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeLogDirsTopic {
    pub name: Str,
    pub partitions: Vec<DescribeLogDirsPartition>,
}

impl Structure for DescribeLogDirsTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let name = reader.str(flexible)?;
        let partitions = reader.array(flexible, DescribeLogDirsPartition::LEAST, |reader| {
            DescribeLogDirsPartition::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.str(&self.name, flexible)?;
        out.array(&self.partitions, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeLogDirsResponse`, versions 1–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeLogDirsPartition {
    pub partition_index: i32,
    pub partition_size: i64,
    pub offset_lag: i64,
    pub is_future_key: bool,
}

impl Structure for DescribeLogDirsPartition {
    const LEAST: usize = 21;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let partition_index = reader.i32()?;
        let partition_size = reader.i64()?;
        let offset_lag = reader.i64()?;
        let is_future_key = reader.bool()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, partition_size, offset_lag, is_future_key })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i32(self.partition_index)?;
        out.i64(self.partition_size)?;
        out.i64(self.offset_lag)?;
        out.bool(self.is_future_key)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for DescribeLogDirsResponse {
    const NAME: &'static str = "DescribeLogDirsResponse";
    const VERSIONS: RangeInclusive<i16> = 1..=5;
    const FLEXIBLE_FROM: i16 = 2;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Response for DescribeLogDirsResponse {
    const KEY: ApiKey = ApiKey::DescribeLogDirs;
}
