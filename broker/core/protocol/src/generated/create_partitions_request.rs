//! `CreatePartitionsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `CreatePartitionsRequest`, versions 0–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatePartitionsRequest {
    pub topics: Vec<CreatePartitionsTopic>,
    pub timeout_ms: i32,
    pub validate_only: bool,
}

impl Structure for CreatePartitionsRequest {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let topics = reader.array(flexible, CreatePartitionsTopic::LEAST, |reader| {
            CreatePartitionsTopic::read(reader, version)
        })?;
        let timeout_ms = reader.i32()?;
        let validate_only = reader.bool()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topics, timeout_ms, validate_only })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        out.i32(self.timeout_ms)?;
        out.bool(self.validate_only)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `CreatePartitionsRequest`, versions 0–3.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePartitionsTopic {
    pub name: Str,
    pub count: i32,
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
}

impl Default for CreatePartitionsTopic {
    fn default() -> Self {
        Self { name: Str::default(), count: 0, assignments: Some(Vec::new()) }
    }
}

impl Structure for CreatePartitionsTopic {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let name = reader.str(flexible)?;
        let count = reader.i32()?;
        let assignments = reader.nullable_array(flexible, CreatePartitionsAssignment::LEAST, |reader| {
            CreatePartitionsAssignment::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, count, assignments })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.str(&self.name, flexible)?;
        out.i32(self.count)?;
        out.nullable_array(self.assignments.as_ref(), flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `CreatePartitionsRequest`, versions 0–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatePartitionsAssignment {
    pub broker_ids: Vec<i32>,
}

impl Structure for CreatePartitionsAssignment {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let broker_ids = reader.array(flexible, 4, |reader| reader.i32())?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { broker_ids })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.array(&self.broker_ids, flexible, |out, element| out.i32(*element))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for CreatePartitionsRequest {
    const NAME: &'static str = "CreatePartitionsRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=3;
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

impl Request for CreatePartitionsRequest {
    const KEY: ApiKey = ApiKey::CreatePartitions;
    type Response = super::create_partitions_response::CreatePartitionsResponse;
}
