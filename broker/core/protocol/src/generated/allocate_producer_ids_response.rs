//! `AllocateProducerIdsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `AllocateProducerIdsResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllocateProducerIdsResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub producer_id_start: i64,
    pub producer_id_len: i32,
}

impl Structure for AllocateProducerIdsResponse {
    const LEAST: usize = 19;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let producer_id_start = reader.i64()?;
        let producer_id_len = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { throttle_time_ms, error_code, producer_id_start, producer_id_len })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.i64(self.producer_id_start)?;
        out.i32(self.producer_id_len)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for AllocateProducerIdsResponse {
    const NAME: &'static str = "AllocateProducerIdsResponse";
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

impl Response for AllocateProducerIdsResponse {
    const KEY: ApiKey = ApiKey::AllocateProducerIds;
}
