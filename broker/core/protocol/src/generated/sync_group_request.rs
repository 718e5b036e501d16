//! `SyncGroupRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `SyncGroupRequest`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupRequest {
    pub group_id: Str,
    pub generation_id: i32,
    pub member_id: Str,

    /// In versions 3–5.
    pub group_instance_id: Option<Str>,

    /// In versions 5.
    pub protocol_type: Option<Str>,

    /// In versions 5.
    pub protocol_name: Option<Str>,
    pub assignments: Vec<SyncGroupRequestAssignment>,
}

impl Structure for SyncGroupRequest {
    const LEAST: usize = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let group_id = reader.str(flexible)?;
        let generation_id = reader.i32()?;
        let member_id = reader.str(flexible)?;
        let group_instance_id = if version >= 3 { reader.nullable_str(flexible)? } else { None };
        let protocol_type = if version >= 5 { reader.nullable_str(true)? } else { None };
        let protocol_name = if version >= 5 { reader.nullable_str(true)? } else { None };
        let assignments = reader.array(flexible, SyncGroupRequestAssignment::LEAST, |reader| {
            SyncGroupRequestAssignment::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            group_id,
            generation_id,
            member_id,
            group_instance_id,
            protocol_type,
            protocol_name,
            assignments,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.group_id, flexible)?;
        out.i32(self.generation_id)?;
        out.str(&self.member_id, flexible)?;
        if version >= 3 {
            out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        }
        if version >= 5 {
            out.nullable_str(self.protocol_type.as_ref(), true)?;
        }
        if version >= 5 {
            out.nullable_str(self.protocol_name.as_ref(), true)?;
        }
        out.array(&self.assignments, flexible, |out, element| element.write(out, version))?;
        if version < 3 && self.group_instance_id.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "SyncGroupRequest",
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
/// A part of `SyncGroupRequest`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupRequestAssignment {
    pub member_id: Str,
    pub assignment: Bytes,
}

impl Structure for SyncGroupRequestAssignment {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let member_id = reader.str(flexible)?;
        let assignment = reader.bytes(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { member_id, assignment })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.member_id, flexible)?;
        out.bytes(&self.assignment, flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for SyncGroupRequest {
    const NAME: &'static str = "SyncGroupRequest";
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

impl Request for SyncGroupRequest {
    const KEY: ApiKey = ApiKey::SyncGroup;
    type Response = super::sync_group_response::SyncGroupResponse;
}
