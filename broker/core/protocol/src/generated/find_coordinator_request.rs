//! `FindCoordinatorRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `FindCoordinatorRequest`, versions 0–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindCoordinatorRequest {
    /// In versions 0–3.
    pub key: Str,

    /// In versions 1–6.
    pub key_type: i8,

    /// In versions 4–6.
    pub coordinator_keys: Vec<Str>,
}

impl Structure for FindCoordinatorRequest {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let key = if version <= 3 { reader.str(flexible)? } else { Str::default() };
        let key_type = if version >= 1 { reader.i8()? } else { 0 };
        let coordinator_keys =
            if version >= 4 { reader.array(true, 1, |reader| reader.str(true))? } else { Vec::new() };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { key, key_type, coordinator_keys })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        if version <= 3 {
            out.str(&self.key, flexible)?;
        }
        if version >= 1 {
            out.i8(self.key_type)?;
        }
        if version >= 4 {
            out.array(&self.coordinator_keys, true, |out, element| out.str(element, true))?;
        }
        if version > 3 && !self.key.bytes().is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "FindCoordinatorRequest",
                field: "Key",
                version,
            });
        }
        if version < 1 && self.key_type != 0 {
            return Err(EncodeError::FieldAbsent {
                structure: "FindCoordinatorRequest",
                field: "KeyType",
                version,
            });
        }
        if version < 4 && !self.coordinator_keys.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "FindCoordinatorRequest",
                field: "CoordinatorKeys",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for FindCoordinatorRequest {
    const NAME: &'static str = "FindCoordinatorRequest";
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

impl Request for FindCoordinatorRequest {
    const KEY: ApiKey = ApiKey::FindCoordinator;
    type Response = super::find_coordinator_response::FindCoordinatorResponse;
}
