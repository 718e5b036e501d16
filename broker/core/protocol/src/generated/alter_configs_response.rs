//! `AlterConfigsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `AlterConfigsResponse`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsResponse {
    pub throttle_time_ms: i32,
    pub responses: Vec<AlterConfigsResourceResponse>,
}

impl Structure for AlterConfigsResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let throttle_time_ms = reader.i32()?;
        let responses = reader.array(flexible, AlterConfigsResourceResponse::LEAST, |reader| {
            AlterConfigsResourceResponse::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, responses })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i32(self.throttle_time_ms)?;
        out.array(&self.responses, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `AlterConfigsResponse`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsResourceResponse {
    pub error_code: i16,
    pub error_message: Option<Str>,
    pub resource_type: i8,
    pub resource_name: Str,
}

impl Structure for AlterConfigsResourceResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let error_code = reader.i16()?;
        let error_message = reader.nullable_str(flexible)?;
        let resource_type = reader.i8()?;
        let resource_name = reader.str(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { error_code, error_message, resource_type, resource_name })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i16(self.error_code)?;
        out.nullable_str(self.error_message.as_ref(), flexible)?;
        out.i8(self.resource_type)?;
        out.str(&self.resource_name, flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for AlterConfigsResponse {
    const NAME: &'static str = "AlterConfigsResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=2;
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

impl Response for AlterConfigsResponse {
    const KEY: ApiKey = ApiKey::AlterConfigs;
}
