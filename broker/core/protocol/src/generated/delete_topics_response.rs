//! `DeleteTopicsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `DeleteTopicsResponse`, versions 1–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicsResponse {
    pub throttle_time_ms: i32,
    pub responses: Vec<DeletableTopicResult>,
}

impl Structure for DeleteTopicsResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let throttle_time_ms = reader.i32()?;
        let responses = reader.array(flexible, DeletableTopicResult::LEAST, |reader| {
            DeletableTopicResult::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, responses })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.i32(self.throttle_time_ms)?;
        out.array(&self.responses, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DeleteTopicsResponse`, versions 1–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeletableTopicResult {
    pub name: Option<Str>,

    /// In versions 6.
    pub topic_id: Uuid,
    pub error_code: i16,

    /// In versions 5–6.
    pub error_message: Option<Str>,
}

impl Structure for DeletableTopicResult {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let name =
            (if version >= 6 { reader.nullable_str(flexible) } else { reader.str(flexible).map(Some) })?;
        let topic_id = if version >= 6 { reader.uuid()? } else { Uuid::ZERO };
        let error_code = reader.i16()?;
        let error_message = if version >= 5 { reader.nullable_str(true)? } else { None };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, topic_id, error_code, error_message })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        (if version >= 6 {
            out.nullable_str(self.name.as_ref(), flexible)
        } else {
            let Some(value) = &self.name else {
                return Err(EncodeError::Null { structure: "DeletableTopicResult", field: "Name", version });
            };
            out.str(value, flexible)
        })?;
        if version >= 6 {
            out.uuid(&self.topic_id)?;
        }
        out.i16(self.error_code)?;
        if version >= 5 {
            out.nullable_str(self.error_message.as_ref(), true)?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for DeleteTopicsResponse {
    const NAME: &'static str = "DeleteTopicsResponse";
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

impl Response for DeleteTopicsResponse {
    const KEY: ApiKey = ApiKey::DeleteTopics;
}
