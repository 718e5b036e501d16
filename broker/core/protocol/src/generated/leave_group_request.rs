//! `LeaveGroupRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `LeaveGroupRequest`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaveGroupRequest {
    pub group_id: Str,

    /// In versions 0–2.
    pub member_id: Str,

    /// In versions 3–5.
    pub members: Vec<MemberIdentity>,
}

impl Structure for LeaveGroupRequest {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let group_id = reader.str(flexible)?;
        let member_id = if version <= 2 { reader.str(false)? } else { Str::default() };
        let members = if version >= 3 {
            reader.array(flexible, MemberIdentity::LEAST, |reader| MemberIdentity::read(reader, version))?
        } else {
            Vec::new()
        };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { group_id, member_id, members })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.group_id, flexible)?;
        if version <= 2 {
            out.str(&self.member_id, false)?;
        }
        if version >= 3 {
            out.array(&self.members, flexible, |out, element| element.write(out, version))?;
        }
        if version > 2 && !self.member_id.bytes().is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "LeaveGroupRequest",
                field: "MemberId",
                version,
            });
        }
        if version < 3 && !self.members.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "LeaveGroupRequest",
                field: "Members",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `LeaveGroupRequest`, versions 3–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberIdentity {
    pub member_id: Str,
    pub group_instance_id: Option<Str>,

    /// In versions 5.
    pub reason: Option<Str>,
}

impl Structure for MemberIdentity {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let member_id = reader.str(flexible)?;
        let group_instance_id = reader.nullable_str(flexible)?;
        let reason = if version >= 5 { reader.nullable_str(true)? } else { None };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { member_id, group_instance_id, reason })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.member_id, flexible)?;
        out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        if version >= 5 {
            out.nullable_str(self.reason.as_ref(), true)?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for LeaveGroupRequest {
    const NAME: &'static str = "LeaveGroupRequest";
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

impl Request for LeaveGroupRequest {
    const KEY: ApiKey = ApiKey::LeaveGroup;
    type Response = super::leave_group_response::LeaveGroupResponse;
}
