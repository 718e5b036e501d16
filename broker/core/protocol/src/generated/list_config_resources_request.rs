//! `ListConfigResourcesRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `ListConfigResourcesRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListConfigResourcesRequest {
    /// In versions 1.
    pub resource_types: Vec<i8>,
}

impl Structure for ListConfigResourcesRequest {
    const LEAST: usize = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let resource_types =
            if version >= 1 { reader.array(true, 1, |reader| reader.i8())? } else { Vec::new() };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { resource_types })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        if version >= 1 {
            out.array(&self.resource_types, true, |out, element| out.i8(*element))?;
        }
        if version < 1 && !self.resource_types.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "ListConfigResourcesRequest",
                field: "ResourceTypes",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
impl Message for ListConfigResourcesRequest {
    const NAME: &'static str = "ListConfigResourcesRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=1;
    const FLEXIBLE_FROM: i16 = 0;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for ListConfigResourcesRequest {
    const KEY: ApiKey = ApiKey::ListConfigResources;
    type Response = super::list_config_resources_response::ListConfigResourcesResponse;
}
