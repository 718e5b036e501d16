//! `DescribeGroupsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `DescribeGroupsResponse`, versions 0–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeGroupsResponse {
    /// In versions 1–6.
    pub throttle_time_ms: i32,
    pub groups: Vec<DescribedGroup>,
}

impl Structure for DescribeGroupsResponse {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let throttle_time_ms = if version >= 1 { reader.i32()? } else { 0 };
        let groups =
            reader.array(flexible, DescribedGroup::LEAST, |reader| DescribedGroup::read(reader, version))?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, groups })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        if version >= 1 {
            out.i32(self.throttle_time_ms)?;
        }
        out.array(&self.groups, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeGroupsResponse`, versions 0–6.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedGroup {
    pub error_code: i16,

    /// In versions 6.
    pub error_message: Option<Str>,
    pub group_id: Str,
    pub group_state: Str,
    pub protocol_type: Str,
    pub protocol_data: Str,
    pub members: Vec<DescribedGroupMember>,

    /// In versions 3–6.
    pub authorized_operations: i32,
}

impl Default for DescribedGroup {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: None,
            group_id: Str::default(),
            group_state: Str::default(),
            protocol_type: Str::default(),
            protocol_data: Str::default(),
            members: Vec::new(),
            authorized_operations: i32::MIN,
        }
    }
}

impl Structure for DescribedGroup {
    const LEAST: usize = 12;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let error_code = reader.i16()?;
        let error_message = if version >= 6 { reader.nullable_str(true)? } else { None };
        let group_id = reader.str(flexible)?;
        let group_state = reader.str(flexible)?;
        let protocol_type = reader.str(flexible)?;
        let protocol_data = reader.str(flexible)?;
        let members = reader.array(flexible, DescribedGroupMember::LEAST, |reader| {
            DescribedGroupMember::read(reader, version)
        })?;
        let authorized_operations = if version >= 3 { reader.i32()? } else { i32::MIN };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            error_code,
            error_message,
            group_id,
            group_state,
            protocol_type,
            protocol_data,
            members,
            authorized_operations,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.i16(self.error_code)?;
        if version >= 6 {
            out.nullable_str(self.error_message.as_ref(), true)?;
        }
        out.str(&self.group_id, flexible)?;
        out.str(&self.group_state, flexible)?;
        out.str(&self.protocol_type, flexible)?;
        out.str(&self.protocol_data, flexible)?;
        out.array(&self.members, flexible, |out, element| element.write(out, version))?;
        if version >= 3 {
            out.i32(self.authorized_operations)?;
        }
        if version < 6 && self.error_message.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribedGroup",
                field: "ErrorMessage",
                version,
            });
        }
        if version < 3 && self.authorized_operations != i32::MIN {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribedGroup",
                field: "AuthorizedOperations",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeGroupsResponse`, versions 0–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribedGroupMember {
    pub member_id: Str,

    /// In versions 4–6.
    pub group_instance_id: Option<Str>,
    pub client_id: Str,
    pub client_host: Str,
    pub member_metadata: Bytes,
    pub member_assignment: Bytes,
}

impl Structure for DescribedGroupMember {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let member_id = reader.str(flexible)?;
        let group_instance_id = if version >= 4 { reader.nullable_str(flexible)? } else { None };
        let client_id = reader.str(flexible)?;
        let client_host = reader.str(flexible)?;
        let member_metadata = reader.bytes(flexible)?;
        let member_assignment = reader.bytes(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { member_id, group_instance_id, client_id, client_host, member_metadata, member_assignment })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.str(&self.member_id, flexible)?;
        if version >= 4 {
            out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        }
        out.str(&self.client_id, flexible)?;
        out.str(&self.client_host, flexible)?;
        out.bytes(&self.member_metadata, flexible)?;
        out.bytes(&self.member_assignment, flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for DescribeGroupsResponse {
    const NAME: &'static str = "DescribeGroupsResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=6;
    const FLEXIBLE_FROM: i16 = 5;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Response for DescribeGroupsResponse {
    const KEY: ApiKey = ApiKey::DescribeGroups;
}
