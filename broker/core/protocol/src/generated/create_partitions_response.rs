//! `CreatePartitionsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `CreatePartitionsResponse`, versions 0–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatePartitionsResponse {
    pub throttle_time_ms: i32,
    pub results: Vec<CreatePartitionsTopicResult>,
}

impl Structure for CreatePartitionsResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let throttle_time_ms = reader.i32()?;
        let results = reader.array(flexible, CreatePartitionsTopicResult::LEAST, |reader| {
            CreatePartitionsTopicResult::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, results })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i32(self.throttle_time_ms)?;
        out.array(&self.results, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `CreatePartitionsResponse`, versions 0–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatePartitionsTopicResult {
    pub name: Str,
    pub error_code: i16,
    pub error_message: Option<Str>,
}

impl Structure for CreatePartitionsTopicResult {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let name = reader.str(flexible)?;
        let error_code = reader.i16()?;
        let error_message = reader.nullable_str(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, error_code, error_message })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.str(&self.name, flexible)?;
        out.i16(self.error_code)?;
        out.nullable_str(self.error_message.as_ref(), flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for CreatePartitionsResponse {
    const NAME: &'static str = "CreatePartitionsResponse";
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

impl Response for CreatePartitionsResponse {
    const KEY: ApiKey = ApiKey::CreatePartitions;
}
