//! `JoinGroupRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `JoinGroupRequest`, versions 0–9.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupRequest {
    pub group_id: Str,
    pub session_timeout_ms: i32,

    /// In versions 1–9.
    pub rebalance_timeout_ms: i32,
    pub member_id: Str,

    /// In versions 5–9.
    pub group_instance_id: Option<Str>,
    pub protocol_type: Str,
    pub protocols: Vec<JoinGroupRequestProtocol>,

    /// In versions 8–9.
    pub reason: Option<Str>,
}

impl Default for JoinGroupRequest {
    fn default() -> Self {
        Self {
            group_id: Str::default(),
            session_timeout_ms: 0,
            rebalance_timeout_ms: -1,
            member_id: Str::default(),
            group_instance_id: None,
            protocol_type: Str::default(),
            protocols: Vec::new(),
            reason: None,
        }
    }
}

impl Structure for JoinGroupRequest {
    const LEAST: usize = 14;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let group_id = reader.str(flexible)?;
        let session_timeout_ms = reader.i32()?;
        let rebalance_timeout_ms = if version >= 1 { reader.i32()? } else { -1 };
        let member_id = reader.str(flexible)?;
        let group_instance_id = if version >= 5 { reader.nullable_str(flexible)? } else { None };
        let protocol_type = reader.str(flexible)?;
        let protocols = reader.array(flexible, JoinGroupRequestProtocol::LEAST, |reader| {
            JoinGroupRequestProtocol::read(reader, version)
        })?;
        let reason = if version >= 8 { reader.nullable_str(true)? } else { None };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            group_id,
            session_timeout_ms,
            rebalance_timeout_ms,
            member_id,
            group_instance_id,
            protocol_type,
            protocols,
            reason,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.str(&self.group_id, flexible)?;
        out.i32(self.session_timeout_ms)?;
        if version >= 1 {
            out.i32(self.rebalance_timeout_ms)?;
        }
        out.str(&self.member_id, flexible)?;
        if version >= 5 {
            out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        }
        out.str(&self.protocol_type, flexible)?;
        out.array(&self.protocols, flexible, |out, element| element.write(out, version))?;
        if version >= 8 {
            out.nullable_str(self.reason.as_ref(), true)?;
        }
        if version < 5 && self.group_instance_id.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "JoinGroupRequest",
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
/// A part of `JoinGroupRequest`, versions 0–9.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinGroupRequestProtocol {
    pub name: Str,
    pub metadata: Bytes,
}

impl Structure for JoinGroupRequestProtocol {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = reader.str(flexible)?;
        let metadata = reader.bytes(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, metadata })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.str(&self.name, flexible)?;
        out.bytes(&self.metadata, flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for JoinGroupRequest {
    const NAME: &'static str = "JoinGroupRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=9;
    const FLEXIBLE_FROM: i16 = 6;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for JoinGroupRequest {
    const KEY: ApiKey = ApiKey::JoinGroup;
    type Response = super::join_group_response::JoinGroupResponse;
}
