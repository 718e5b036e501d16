//! `DeleteTopicsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `DeleteTopicsRequest`, versions 1–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicsRequest {
    /// In versions 6.
    pub topics: Vec<DeleteTopicState>,

    /// In versions 1–5.
    pub topic_names: Vec<Str>,
    pub timeout_ms: i32,
}

impl Structure for DeleteTopicsRequest {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let topics = if version >= 6 {
            reader.array(true, DeleteTopicState::LEAST, |reader| DeleteTopicState::read(reader, version))?
        } else {
            Vec::new()
        };
        let topic_names =
            if version <= 5 { reader.array(flexible, 1, |reader| reader.str(flexible))? } else { Vec::new() };
        let timeout_ms = reader.i32()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topics, topic_names, timeout_ms })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        if version >= 6 {
            out.array(&self.topics, true, |out, element| element.write(out, version))?;
        }
        if version <= 5 {
            out.array(&self.topic_names, flexible, |out, element| out.str(element, flexible))?;
        }
        out.i32(self.timeout_ms)?;
        if version < 6 && !self.topics.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "DeleteTopicsRequest",
                field: "Topics",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DeleteTopicsRequest`, versions 6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicState {
    pub name: Option<Str>,
    pub topic_id: Uuid,
}

impl Structure for DeleteTopicState {
    const LEAST: usize = 18;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.nullable_str(true)?;
        let topic_id = reader.uuid()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, topic_id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.nullable_str(self.name.as_ref(), true)?;
        out.uuid(&self.topic_id)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for DeleteTopicsRequest {
    const NAME: &'static str = "DeleteTopicsRequest";
    const VERSIONS: RangeInclusive<i16> = 1..=6;
    const FLEXIBLE_FROM: i16 = 4;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for DeleteTopicsRequest {
    const KEY: ApiKey = ApiKey::DeleteTopics;
    type Response = super::delete_topics_response::DeleteTopicsResponse;
}
