//! `ListGroupsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ListGroupsResponse`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListGroupsResponse {
    /// In versions 1–5.
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub groups: Vec<ListedGroup>,
}

impl Structure for ListGroupsResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let throttle_time_ms = if version >= 1 { reader.i32()? } else { 0 };
        let error_code = reader.i16()?;
        let groups =
            reader.array(flexible, ListedGroup::LEAST, |reader| ListedGroup::read(reader, version))?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, error_code, groups })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        if version >= 1 {
            out.i32(self.throttle_time_ms)?;
        }
        out.i16(self.error_code)?;
        out.array(&self.groups, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `ListGroupsResponse`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListedGroup {
    pub group_id: Str,
    pub protocol_type: Str,

    /// In versions 4–5.
    pub group_state: Str,

    /// In versions 5.
    pub group_type: Str,
}

impl Structure for ListedGroup {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let group_id = reader.str(flexible)?;
        let protocol_type = reader.str(flexible)?;
        let group_state = if version >= 4 { reader.str(true)? } else { Str::default() };
        let group_type = if version >= 5 { reader.str(true)? } else { Str::default() };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { group_id, protocol_type, group_state, group_type })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        out.str(&self.group_id, flexible)?;
        out.str(&self.protocol_type, flexible)?;
        if version >= 4 {
            out.str(&self.group_state, true)?;
        }
        if version >= 5 {
            out.str(&self.group_type, true)?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for ListGroupsResponse {
    const NAME: &'static str = "ListGroupsResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=5;
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

impl Response for ListGroupsResponse {
    const KEY: ApiKey = ApiKey::ListGroups;
}
