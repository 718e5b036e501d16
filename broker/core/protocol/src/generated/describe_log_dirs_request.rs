//! `DescribeLogDirsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DescribeLogDirsRequest`, versions 1–5.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeLogDirsRequest {
    pub topics: Option<Vec<DescribableLogDirTopic>>,
}

impl Default for DescribeLogDirsRequest {
    fn default() -> Self {
        Self { topics: Some(Vec::new()) }
    }
}

impl Structure for DescribeLogDirsRequest {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let topics = reader.nullable_array(flexible, DescribableLogDirTopic::LEAST, |reader| {
            DescribableLogDirTopic::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.nullable_array(self.topics.as_ref(), flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeLogDirsRequest`, versions 1–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribableLogDirTopic {
    pub topic: Str,
    pub partitions: Vec<i32>,
}

impl Structure for DescribableLogDirTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let topic = reader.str(flexible)?;
        let partitions = reader.array(flexible, 4, |reader| reader.i32())?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topic, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.str(&self.topic, flexible)?;
        out.array(&self.partitions, flexible, |out, element| out.i32(*element))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for DescribeLogDirsRequest {
    const NAME: &'static str = "DescribeLogDirsRequest";
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

impl Request for DescribeLogDirsRequest {
    const KEY: ApiKey = ApiKey::DescribeLogDirs;
    type Response = super::describe_log_dirs_response::DescribeLogDirsResponse;
}
