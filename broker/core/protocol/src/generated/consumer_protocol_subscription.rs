//! `ConsumerProtocolSubscription`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `ConsumerProtocolSubscription`, versions 0–3.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerProtocolSubscription {
    pub topics: Vec<Str>,
    pub user_data: Option<Bytes>,

    /// In versions 1–3.
    pub owned_partitions: Vec<TopicPartition>,

    /// In versions 2–3.
    pub generation_id: i32,

    /// In versions 3.
    pub rack_id: Option<Str>,
}

impl Default for ConsumerProtocolSubscription {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            user_data: None,
            owned_partitions: Vec::new(),
            generation_id: -1,
            rack_id: None,
        }
    }
}

impl Structure for ConsumerProtocolSubscription {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let topics = reader.array(false, 2, |reader| reader.str(false))?;
        let user_data = reader.nullable_bytes(false)?;
        let owned_partitions = if version >= 1 {
            reader.array(false, TopicPartition::LEAST, |reader| TopicPartition::read(reader, version))?
        } else {
            Vec::new()
        };
        let generation_id = if version >= 2 { reader.i32()? } else { -1 };
        let rack_id = if version >= 3 { reader.nullable_str(false)? } else { None };
        Ok(Self { topics, user_data, owned_partitions, generation_id, rack_id })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.array(&self.topics, false, |out, element| out.str(element, false))?;
        out.nullable_bytes(self.user_data.as_ref(), false)?;
        if version >= 1 {
            out.array(&self.owned_partitions, false, |out, element| element.write(out, version))?;
        }
        if version >= 2 {
            out.i32(self.generation_id)?;
        }
        if version >= 3 {
            out.nullable_str(self.rack_id.as_ref(), false)?;
        }
        Ok(())
    }
}
/// A part of `ConsumerProtocolSubscription`, versions 1–3.
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
impl Message for ConsumerProtocolSubscription {
    const NAME: &'static str = "ConsumerProtocolSubscription";
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
