//! `ConsumerProtocolAssignment`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `ConsumerProtocolAssignment`, versions 0–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerProtocolAssignment {
    pub assigned_partitions: Vec<TopicPartition>,
    pub user_data: Option<Bytes>,
}

impl Structure for ConsumerProtocolAssignment {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let assigned_partitions =
            reader.array(false, TopicPartition::LEAST, |reader| TopicPartition::read(reader, version))?;
        let user_data = reader.nullable_bytes(false)?;
        Ok(Self { assigned_partitions, user_data })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.array(&self.assigned_partitions, false, |out, element| element.write(out, version))?;
        out.nullable_bytes(self.user_data.as_ref(), false)?;
        Ok(())
    }
}
/// A part of `ConsumerProtocolAssignment`, versions 0–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartition {
    pub topic: Str,
    pub partitions: Vec<i32>,
}

impl Structure for TopicPartition {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let topic = reader.str(false)?;
        let partitions = reader.array(false, 4, |reader| reader.i32())?;
        Ok(Self { topic, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.topic, false)?;
        out.array(&self.partitions, false, |out, element| out.i32(*element))?;
        Ok(())
    }
}
impl Message for ConsumerProtocolAssignment {
    const NAME: &'static str = "ConsumerProtocolAssignment";
    const VERSIONS: RangeInclusive<i16> = 0..=3;
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
