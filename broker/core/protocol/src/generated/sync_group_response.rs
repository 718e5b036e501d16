//! `SyncGroupResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `SyncGroupResponse`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupResponse {
    /// In versions 1–5.
    pub throttle_time_ms: i32,
    pub error_code: i16,

    /// In versions 5.
    pub protocol_type: Option<Str>,

    /// In versions 5.
    pub protocol_name: Option<Str>,
    pub assignment: Bytes,
}

impl Structure for SyncGroupResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let throttle_time_ms = if version >= 1 { reader.i32()? } else { 0 };
        let error_code = reader.i16()?;
        let protocol_type = if version >= 5 { reader.nullable_str(true)? } else { None };
        let protocol_name = if version >= 5 { reader.nullable_str(true)? } else { None };
        let assignment = reader.bytes(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, error_code, protocol_type, protocol_name, assignment })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        if version >= 1 {
            out.i32(self.throttle_time_ms)?;
        }
        out.i16(self.error_code)?;
        if version >= 5 {
            out.nullable_str(self.protocol_type.as_ref(), true)?;
        }
        if version >= 5 {
            out.nullable_str(self.protocol_name.as_ref(), true)?;
        }
        out.bytes(&self.assignment, flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for SyncGroupResponse {
    const NAME: &'static str = "SyncGroupResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=5;
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

impl Response for SyncGroupResponse {
    const KEY: ApiKey = ApiKey::SyncGroup;
}
