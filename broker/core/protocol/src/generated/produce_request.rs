//! `ProduceRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Records, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `ProduceRequest`, versions 3–13.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProduceRequest {
    pub transactional_id: Option<Str>,
    pub acks: i16,
    pub timeout_ms: i32,
    pub topic_data: Vec<TopicProduceData>,
}

impl Structure for ProduceRequest {
    const LEAST: usize = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let transactional_id = reader.nullable_str(flexible)?;
        let acks = reader.i16()?;
        let timeout_ms = reader.i32()?;
        let topic_data = reader
            .array(flexible, TopicProduceData::LEAST, |reader| TopicProduceData::read(reader, version))?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { transactional_id, acks, timeout_ms, topic_data })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        out.nullable_str(self.transactional_id.as_ref(), flexible)?;
        out.i16(self.acks)?;
        out.i32(self.timeout_ms)?;
        out.array(&self.topic_data, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `ProduceRequest`, versions 3–13.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicProduceData {
    /// In versions 3–12.
    pub name: Str,

    /// In versions 13.
    pub topic_id: Uuid,
    pub partition_data: Vec<PartitionProduceData>,
}

impl Structure for TopicProduceData {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let name = if version <= 12 { reader.str(flexible)? } else { Str::default() };
        let topic_id = if version >= 13 { reader.uuid()? } else { Uuid::ZERO };
        let partition_data = reader.array(flexible, PartitionProduceData::LEAST, |reader| {
            PartitionProduceData::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, topic_id, partition_data })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version <= 12 {
            out.str(&self.name, flexible)?;
        }
        if version >= 13 {
            out.uuid(&self.topic_id)?;
        }
        out.array(&self.partition_data, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `ProduceRequest`, versions 3–13.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionProduceData {
    pub index: i32,
    pub records: Option<Records>,
}

impl Structure for PartitionProduceData {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let index = reader.i32()?;
        let records = reader.nullable_records(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { index, records })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        out.i32(self.index)?;
        out.nullable_records(self.records.as_ref(), flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for ProduceRequest {
    const NAME: &'static str = "ProduceRequest";
    const VERSIONS: RangeInclusive<i16> = 3..=13;
    const FLEXIBLE_FROM: i16 = 9;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for ProduceRequest {
    const KEY: ApiKey = ApiKey::Produce;
    type Response = super::produce_response::ProduceResponse;
}
