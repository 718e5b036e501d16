//! `HeartbeatRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `HeartbeatRequest`, versions 0–4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeartbeatRequest {
    pub group_id: Str,
    pub generation_id: i32,
    pub member_id: Str,

    /// In versions 3–4.
    pub group_instance_id: Option<Str>,
}

impl Structure for HeartbeatRequest {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let group_id = reader.str(flexible)?;
        let generation_id = reader.i32()?;
        let member_id = reader.str(flexible)?;
        let group_instance_id = if version >= 3 { reader.nullable_str(flexible)? } else { None };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { group_id, generation_id, member_id, group_instance_id })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.group_id, flexible)?;
        out.i32(self.generation_id)?;
        out.str(&self.member_id, flexible)?;
        if version >= 3 {
            out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        }
        if version < 3 && self.group_instance_id.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "HeartbeatRequest",
                field: "GroupInstanceId",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for HeartbeatRequest {
    const NAME: &'static str = "HeartbeatRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=4;
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

impl Request for HeartbeatRequest {
    const KEY: ApiKey = ApiKey::Heartbeat;
    type Response = super::heartbeat_response::HeartbeatResponse;
}
