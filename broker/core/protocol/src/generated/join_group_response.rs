//! `JoinGroupResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `JoinGroupResponse`, versions 0–9.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupResponse {
    /// In versions 2–9.
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub generation_id: i32,

    /// In versions 7–9.
    pub protocol_type: Option<Str>,
    pub protocol_name: Option<Str>,
    pub leader: Str,

    /// In versions 9.
    pub skip_assignment: bool,
    pub member_id: Str,
    pub members: Vec<JoinGroupResponseMember>,
}

impl Default for JoinGroupResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            generation_id: -1,
            protocol_type: None,
            protocol_name: None,
            leader: Str::default(),
            skip_assignment: false,
            member_id: Str::default(),
            members: Vec::new(),
        }
    }
}

impl Structure for JoinGroupResponse {
    const LEAST: usize = 15;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let throttle_time_ms = if version >= 2 { reader.i32()? } else { 0 };
        let error_code = reader.i16()?;
        let generation_id = reader.i32()?;
        let protocol_type = if version >= 7 { reader.nullable_str(true)? } else { None };
        let protocol_name =
            (if version >= 7 { reader.nullable_str(flexible) } else { reader.str(flexible).map(Some) })?;
        let leader = reader.str(flexible)?;
        let skip_assignment = if version >= 9 { reader.bool()? } else { false };
        let member_id = reader.str(flexible)?;
        let members = reader.array(flexible, JoinGroupResponseMember::LEAST, |reader| {
            JoinGroupResponseMember::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            throttle_time_ms,
            error_code,
            generation_id,
            protocol_type,
            protocol_name,
            leader,
            skip_assignment,
            member_id,
            members,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        if version >= 2 {
            out.i32(self.throttle_time_ms)?;
        }
        out.i16(self.error_code)?;
        out.i32(self.generation_id)?;
        if version >= 7 {
            out.nullable_str(self.protocol_type.as_ref(), true)?;
        }
        (if version >= 7 {
            out.nullable_str(self.protocol_name.as_ref(), flexible)
        } else {
            let Some(value) = &self.protocol_name else {
                return Err(EncodeError::Null {
                    structure: "JoinGroupResponse",
                    field: "ProtocolName",
                    version,
                });
            };
            out.str(value, flexible)
        })?;
        out.str(&self.leader, flexible)?;
        if version >= 9 {
            out.bool(self.skip_assignment)?;
        }
        out.str(&self.member_id, flexible)?;
        out.array(&self.members, flexible, |out, element| element.write(out, version))?;
        if version < 9 && self.skip_assignment {
            return Err(EncodeError::FieldAbsent {
                structure: "JoinGroupResponse",
                field: "SkipAssignment",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `JoinGroupResponse`, versions 0–9.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinGroupResponseMember {
    pub member_id: Str,

    /// In versions 5–9.
    pub group_instance_id: Option<Str>,
    pub metadata: Bytes,
}

impl Structure for JoinGroupResponseMember {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let member_id = reader.str(flexible)?;
        let group_instance_id = if version >= 5 { reader.nullable_str(flexible)? } else { None };
        let metadata = reader.bytes(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { member_id, group_instance_id, metadata })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.str(&self.member_id, flexible)?;
        if version >= 5 {
            out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        }
        out.bytes(&self.metadata, flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for JoinGroupResponse {
    const NAME: &'static str = "JoinGroupResponse";
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

impl Response for JoinGroupResponse {
    const KEY: ApiKey = ApiKey::JoinGroup;
}
