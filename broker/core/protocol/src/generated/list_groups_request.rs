//! `ListGroupsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ListGroupsRequest`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListGroupsRequest {
    /// In versions 4–5.
    pub states_filter: Vec<Str>,

    /// In versions 5.
    pub types_filter: Vec<Str>,
}

impl Structure for ListGroupsRequest {
    const LEAST: usize = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let states_filter =
            if version >= 4 { reader.array(true, 1, |reader| reader.str(true))? } else { Vec::new() };
        let types_filter =
            if version >= 5 { reader.array(true, 1, |reader| reader.str(true))? } else { Vec::new() };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { states_filter, types_filter })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        if version >= 4 {
            out.array(&self.states_filter, true, |out, element| out.str(element, true))?;
        }
        if version >= 5 {
            out.array(&self.types_filter, true, |out, element| out.str(element, true))?;
        }
        if version < 4 && !self.states_filter.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "ListGroupsRequest",
                field: "StatesFilter",
                version,
            });
        }
        if version < 5 && !self.types_filter.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "ListGroupsRequest",
                field: "TypesFilter",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for ListGroupsRequest {
    const NAME: &'static str = "ListGroupsRequest";
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

impl Request for ListGroupsRequest {
    const KEY: ApiKey = ApiKey::ListGroups;
    type Response = super::list_groups_response::ListGroupsResponse;
}
