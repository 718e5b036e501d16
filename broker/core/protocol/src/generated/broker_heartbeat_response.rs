//! `BrokerHeartbeatResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `BrokerHeartbeatResponse`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerHeartbeatResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub is_caught_up: bool,
    pub is_fenced: bool,
    pub should_shut_down: bool,
}

impl Default for BrokerHeartbeatResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            is_caught_up: false,
            is_fenced: true,
            should_shut_down: false,
        }
    }
}

impl Structure for BrokerHeartbeatResponse {
    const LEAST: usize = 10;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let is_caught_up = reader.bool()?;
        let is_fenced = reader.bool()?;
        let should_shut_down = reader.bool()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { throttle_time_ms, error_code, is_caught_up, is_fenced, should_shut_down })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.bool(self.is_caught_up)?;
        out.bool(self.is_fenced)?;
        out.bool(self.should_shut_down)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for BrokerHeartbeatResponse {
    const NAME: &'static str = "BrokerHeartbeatResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=2;
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

impl Response for BrokerHeartbeatResponse {
    const KEY: ApiKey = ApiKey::BrokerHeartbeat;
}
