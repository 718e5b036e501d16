//! `CreateTopicsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `CreateTopicsResponse`, versions 2–7.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateTopicsResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<CreatableTopicResult>,
}

impl Structure for CreateTopicsResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let throttle_time_ms = reader.i32()?;
        let topics = reader.array(flexible, CreatableTopicResult::LEAST, |reader| {
            CreatableTopicResult::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.i32(self.throttle_time_ms)?;
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `CreateTopicsResponse`, versions 2–7.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicResult {
    pub name: Str,

    /// In versions 7.
    pub topic_id: Uuid,
    pub error_code: i16,
    pub error_message: Option<Str>,

    /// In versions 5–7. Tag 0.
    pub topic_config_error_code: i16,

    /// In versions 5–7.
    pub num_partitions: i32,

    /// In versions 5–7.
    pub replication_factor: i16,

    /// In versions 5–7.
    pub configs: Option<Vec<CreatableTopicConfigs>>,
}

impl Default for CreatableTopicResult {
    fn default() -> Self {
        Self {
            name: Str::default(),
            topic_id: Uuid::ZERO,
            error_code: 0,
            error_message: None,
            topic_config_error_code: 0,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
        }
    }
}

impl Structure for CreatableTopicResult {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let name = reader.str(flexible)?;
        let topic_id = if version >= 7 { reader.uuid()? } else { Uuid::ZERO };
        let error_code = reader.i16()?;
        let error_message = reader.nullable_str(flexible)?;
        let num_partitions = if version >= 5 { reader.i32()? } else { -1 };
        let replication_factor = if version >= 5 { reader.i16()? } else { -1 };
        let configs = if version >= 5 {
            reader.nullable_array(true, CreatableTopicConfigs::LEAST, |reader| {
                CreatableTopicConfigs::read(reader, version)
            })?
        } else {
            Some(Vec::new())
        };
        let mut topic_config_error_code = 0;
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 => topic_config_error_code = reader.i16()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            name,
            topic_id,
            error_code,
            error_message,
            topic_config_error_code,
            num_partitions,
            replication_factor,
            configs,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.str(&self.name, flexible)?;
        if version >= 7 {
            out.uuid(&self.topic_id)?;
        }
        out.i16(self.error_code)?;
        out.nullable_str(self.error_message.as_ref(), flexible)?;
        if version >= 5 {
            out.i32(self.num_partitions)?;
        }
        if version >= 5 {
            out.i16(self.replication_factor)?;
        }
        if version >= 5 {
            out.nullable_array(self.configs.as_ref(), true, |out, element| element.write(out, version))?;
        }
        if flexible {
            out.uvarint(u32::from(self.topic_config_error_code != 0));
            if self.topic_config_error_code != 0 {
                out.uvarint(0);
                out.uvarint(2);
                out.i16(self.topic_config_error_code)?;
            }
        }
        Ok(())
    }
}
/// A part of `CreateTopicsResponse`, versions 5–7.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicConfigs {
    pub name: Str,
    pub value: Option<Str>,
    pub read_only: bool,
    pub config_source: i8,
    pub is_sensitive: bool,
}

impl Default for CreatableTopicConfigs {
    fn default() -> Self {
        Self { name: Str::default(), value: None, read_only: false, config_source: -1, is_sensitive: false }
    }
}

impl Structure for CreatableTopicConfigs {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let value = reader.nullable_str(true)?;
        let read_only = reader.bool()?;
        let config_source = reader.i8()?;
        let is_sensitive = reader.bool()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, value, read_only, config_source, is_sensitive })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.nullable_str(self.value.as_ref(), true)?;
        out.bool(self.read_only)?;
        out.i8(self.config_source)?;
        out.bool(self.is_sensitive)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for CreateTopicsResponse {
    const NAME: &'static str = "CreateTopicsResponse";
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

impl Response for CreateTopicsResponse {
    const KEY: ApiKey = ApiKey::CreateTopics;
}
