//! `DescribeGroupsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DescribeGroupsRequest`, versions 0–6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeGroupsRequest {
    pub groups: Vec<Str>,

    /// In versions 3–6.
    pub include_authorized_operations: bool,
}

impl Structure for DescribeGroupsRequest {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let groups = reader.array(flexible, 1, |reader| reader.str(flexible))?;
        let include_authorized_operations = if version >= 3 { reader.bool()? } else { false };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { groups, include_authorized_operations })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        out.array(&self.groups, flexible, |out, element| out.str(element, flexible))?;
        if version >= 3 {
            out.bool(self.include_authorized_operations)?;
        }
        if version < 3 && self.include_authorized_operations {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribeGroupsRequest",
                field: "IncludeAuthorizedOperations",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for DescribeGroupsRequest {
    const NAME: &'static str = "DescribeGroupsRequest";
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

impl Request for DescribeGroupsRequest {
    const KEY: ApiKey = ApiKey::DescribeGroups;
    type Response = super::describe_groups_response::DescribeGroupsResponse;
}
