//! `CreateTopicsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `CreateTopicsRequest`, versions 2–7.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTopicsRequest {
    pub topics: Vec<CreatableTopic>,
    pub timeout_ms: i32,
    pub validate_only: bool,
}

impl Default for CreateTopicsRequest {
    fn default() -> Self {
        Self { topics: Vec::new(), timeout_ms: 60000, validate_only: false }
    }
}

impl Structure for CreateTopicsRequest {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let topics =
            reader.array(flexible, CreatableTopic::LEAST, |reader| CreatableTopic::read(reader, version))?;
        let timeout_ms = reader.i32()?;
        let validate_only = reader.bool()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topics, timeout_ms, validate_only })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        out.i32(self.timeout_ms)?;
        out.bool(self.validate_only)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `CreateTopicsRequest`, versions 2–7.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableTopic {
    pub name: Str,
    pub num_partitions: i32,
    pub replication_factor: i16,
    pub assignments: Vec<CreatableReplicaAssignment>,
    pub configs: Vec<CreatableTopicConfig>,
}

impl Structure for CreatableTopic {
    const LEAST: usize = 10;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let name = reader.str(flexible)?;
        let num_partitions = reader.i32()?;
        let replication_factor = reader.i16()?;
        let assignments = reader.array(flexible, CreatableReplicaAssignment::LEAST, |reader| {
            CreatableReplicaAssignment::read(reader, version)
        })?;
        let configs = reader.array(flexible, CreatableTopicConfig::LEAST, |reader| {
            CreatableTopicConfig::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, num_partitions, replication_factor, assignments, configs })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.str(&self.name, flexible)?;
        out.i32(self.num_partitions)?;
        out.i16(self.replication_factor)?;
        out.array(&self.assignments, flexible, |out, element| element.write(out, version))?;
        out.array(&self.configs, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `CreateTopicsRequest`, versions 2–7.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableReplicaAssignment {
    pub partition_index: i32,
    pub broker_ids: Vec<i32>,
}

impl Structure for CreatableReplicaAssignment {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let partition_index = reader.i32()?;
        let broker_ids = reader.array(flexible, 4, |reader| reader.i32())?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, broker_ids })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.i32(self.partition_index)?;
        out.array(&self.broker_ids, flexible, |out, element| out.i32(*element))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `CreateTopicsRequest`, versions 2–7.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableTopicConfig {
    pub name: Str,
    pub value: Option<Str>,
}

impl Structure for CreatableTopicConfig {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let name = reader.str(flexible)?;
        let value = reader.nullable_str(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, value })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.str(&self.name, flexible)?;
        out.nullable_str(self.value.as_ref(), flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for CreateTopicsRequest {
    const NAME: &'static str = "CreateTopicsRequest";
    const VERSIONS: RangeInclusive<i16> = 2..=7;
    const FLEXIBLE_FROM: i16 = 5;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for CreateTopicsRequest {
    const KEY: ApiKey = ApiKey::CreateTopics;
    type Response = super::create_topics_response::CreateTopicsResponse;
}
