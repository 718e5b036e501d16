//! `EnvelopeResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Bytes;
use std::ops::RangeInclusive;

/// Kafka's `EnvelopeResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvelopeResponse {
    pub response_data: Option<Bytes>,
    pub error_code: i16,
}

impl Structure for EnvelopeResponse {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let response_data = reader.nullable_bytes(true)?;
        let error_code = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { response_data, error_code })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.nullable_bytes(self.response_data.as_ref(), true)?;
        out.i16(self.error_code)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for EnvelopeResponse {
    const NAME: &'static str = "EnvelopeResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=0;
    const FLEXIBLE_FROM: i16 = 0;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Response for EnvelopeResponse {
    const KEY: ApiKey = ApiKey::Envelope;
}
