//! `LeaveGroupResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `LeaveGroupResponse`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaveGroupResponse {
    /// In versions 1–5.
    pub throttle_time_ms: i32,
    pub error_code: i16,

    /// In versions 3–5.
    pub members: Vec<MemberResponse>,
}

impl Structure for LeaveGroupResponse {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let throttle_time_ms = if version >= 1 { reader.i32()? } else { 0 };
        let error_code = reader.i16()?;
        let members = if version >= 3 {
            reader.array(flexible, MemberResponse::LEAST, |reader| MemberResponse::read(reader, version))?
        } else {
            Vec::new()
        };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, error_code, members })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        if version >= 1 {
            out.i32(self.throttle_time_ms)?;
        }
        out.i16(self.error_code)?;
        if version >= 3 {
            out.array(&self.members, flexible, |out, element| element.write(out, version))?;
        }
        if version < 3 && !self.members.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "LeaveGroupResponse",
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
/// A part of `LeaveGroupResponse`, versions 3–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberResponse {
    pub member_id: Str,
    pub group_instance_id: Option<Str>,
    pub error_code: i16,
}

impl Structure for MemberResponse {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let member_id = reader.str(flexible)?;
        let group_instance_id = reader.nullable_str(flexible)?;
        let error_code = reader.i16()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { member_id, group_instance_id, error_code })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.member_id, flexible)?;
        out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        out.i16(self.error_code)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for LeaveGroupResponse {
    const NAME: &'static str = "LeaveGroupResponse";
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

impl Response for LeaveGroupResponse {
    const KEY: ApiKey = ApiKey::LeaveGroup;
}
