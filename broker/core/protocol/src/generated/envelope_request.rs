//! `EnvelopeRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Bytes;
use std::ops::RangeInclusive;

/// Kafka's `EnvelopeRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvelopeRequest {
    pub request_data: Bytes,
    pub request_principal: Option<Bytes>,
    pub client_host_address: Bytes,
}

impl Structure for EnvelopeRequest {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let request_data = reader.bytes(true)?;
        let request_principal = reader.nullable_bytes(true)?;
        let client_host_address = reader.bytes(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { request_data, request_principal, client_host_address })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.bytes(&self.request_data, true)?;
        out.nullable_bytes(self.request_principal.as_ref(), true)?;
        out.bytes(&self.client_host_address, true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for EnvelopeRequest {
    const NAME: &'static str = "EnvelopeRequest";
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

impl Request for EnvelopeRequest {
    const KEY: ApiKey = ApiKey::Envelope;
    type Response = super::envelope_response::EnvelopeResponse;
}
