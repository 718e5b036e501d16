//! `FindCoordinatorResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `FindCoordinatorResponse`, versions 0–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindCoordinatorResponse {
    /// In versions 1–6.
    pub throttle_time_ms: i32,

    /// In versions 0–3.
    pub error_code: i16,

    /// In versions 1–3.
    pub error_message: Option<Str>,

    /// In versions 0–3.
    pub node_id: i32,

    /// In versions 0–3.
    pub host: Str,

    /// In versions 0–3.
    pub port: i32,

    /// In versions 4–6.
    pub coordinators: Vec<Coordinator>,
}

impl Structure for FindCoordinatorResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let throttle_time_ms = if version >= 1 { reader.i32()? } else { 0 };
        let error_code = if version <= 3 { reader.i16()? } else { 0 };
        let error_message = if (1..=3).contains(&version) { reader.nullable_str(flexible)? } else { None };
        let node_id = if version <= 3 { reader.i32()? } else { 0 };
        let host = if version <= 3 { reader.str(flexible)? } else { Str::default() };
        let port = if version <= 3 { reader.i32()? } else { 0 };
        let coordinators = if version >= 4 {
            reader.array(true, Coordinator::LEAST, |reader| Coordinator::read(reader, version))?
        } else {
            Vec::new()
        };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, error_code, error_message, node_id, host, port, coordinators })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        if version >= 1 {
            out.i32(self.throttle_time_ms)?;
        }
        if version <= 3 {
            out.i16(self.error_code)?;
        }
        if (1..=3).contains(&version) {
            out.nullable_str(self.error_message.as_ref(), flexible)?;
        }
        if version <= 3 {
            out.i32(self.node_id)?;
        }
        if version <= 3 {
            out.str(&self.host, flexible)?;
        }
        if version <= 3 {
            out.i32(self.port)?;
        }
        if version >= 4 {
            out.array(&self.coordinators, true, |out, element| element.write(out, version))?;
        }
        if version > 3 && self.error_code != 0 {
            return Err(EncodeError::FieldAbsent {
                structure: "FindCoordinatorResponse",
                field: "ErrorCode",
                version,
            });
        }
        if version > 3 && self.node_id != 0 {
            return Err(EncodeError::FieldAbsent {
                structure: "FindCoordinatorResponse",
                field: "NodeId",
                version,
            });
        }
        if version > 3 && !self.host.bytes().is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "FindCoordinatorResponse",
                field: "Host",
                version,
            });
        }
        if version > 3 && self.port != 0 {
            return Err(EncodeError::FieldAbsent {
                structure: "FindCoordinatorResponse",
                field: "Port",
                version,
            });
        }
        if version < 4 && !self.coordinators.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "FindCoordinatorResponse",
                field: "Coordinators",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `FindCoordinatorResponse`, versions 4–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coordinator {
    pub key: Str,
    pub node_id: i32,
    pub host: Str,
    pub port: i32,
    pub error_code: i16,
    pub error_message: Option<Str>,
}

impl Structure for Coordinator {
    const LEAST: usize = 14;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let key = reader.str(true)?;
        let node_id = reader.i32()?;
        let host = reader.str(true)?;
        let port = reader.i32()?;
        let error_code = reader.i16()?;
        let error_message = reader.nullable_str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { key, node_id, host, port, error_code, error_message })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.key, true)?;
        out.i32(self.node_id)?;
        out.str(&self.host, true)?;
        out.i32(self.port)?;
        out.i16(self.error_code)?;
        out.nullable_str(self.error_message.as_ref(), true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for FindCoordinatorResponse {
    const NAME: &'static str = "FindCoordinatorResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=6;
    const FLEXIBLE_FROM: i16 = 3;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Response for FindCoordinatorResponse {
    const KEY: ApiKey = ApiKey::FindCoordinator;
}
