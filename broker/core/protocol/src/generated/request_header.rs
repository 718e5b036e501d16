//! `RequestHeader`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `RequestHeader`, versions 1–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestHeader {
    pub request_api_key: i16,
    pub request_api_version: i16,
    pub correlation_id: i32,
    pub client_id: Option<Str>,
}

impl Structure for RequestHeader {
    const LEAST: usize = 10;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let request_api_key = reader.i16()?;
        let request_api_version = reader.i16()?;
        let correlation_id = reader.i32()?;
        let client_id = reader.nullable_str(false)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { request_api_key, request_api_version, correlation_id, client_id })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i16(self.request_api_key)?;
        out.i16(self.request_api_version)?;
        out.i32(self.correlation_id)?;
        out.nullable_str(self.client_id.as_ref(), false)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for RequestHeader {
    const NAME: &'static str = "RequestHeader";
    const VERSIONS: RangeInclusive<i16> = 1..=2;
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
