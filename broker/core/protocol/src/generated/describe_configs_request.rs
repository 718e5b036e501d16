//! `DescribeConfigsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DescribeConfigsRequest`, versions 1–4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeConfigsRequest {
    pub resources: Vec<DescribeConfigsResource>,
    pub include_synonyms: bool,

    /// In versions 3–4.
    pub include_documentation: bool,
}

impl Structure for DescribeConfigsRequest {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let resources = reader.array(flexible, DescribeConfigsResource::LEAST, |reader| {
            DescribeConfigsResource::read(reader, version)
        })?;
        let include_synonyms = reader.bool()?;
        let include_documentation = if version >= 3 { reader.bool()? } else { false };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { resources, include_synonyms, include_documentation })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.array(&self.resources, flexible, |out, element| element.write(out, version))?;
        out.bool(self.include_synonyms)?;
        if version >= 3 {
            out.bool(self.include_documentation)?;
        }
        if version < 3 && self.include_documentation {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribeConfigsRequest",
                field: "IncludeDocumentation",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeConfigsRequest`, versions 1–4.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsResource {
    pub resource_type: i8,
    pub resource_name: Str,
    pub configuration_keys: Option<Vec<Str>>,
}

impl Default for DescribeConfigsResource {
    fn default() -> Self {
        Self { resource_type: 0, resource_name: Str::default(), configuration_keys: Some(Vec::new()) }
    }
}

impl Structure for DescribeConfigsResource {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let resource_type = reader.i8()?;
        let resource_name = reader.str(flexible)?;
        let configuration_keys = reader.nullable_array(flexible, 1, |reader| reader.str(flexible))?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { resource_type, resource_name, configuration_keys })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.i8(self.resource_type)?;
        out.str(&self.resource_name, flexible)?;
        out.nullable_array(self.configuration_keys.as_ref(), flexible, |out, element| {
            out.str(element, flexible)
        })?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for DescribeConfigsRequest {
    const NAME: &'static str = "DescribeConfigsRequest";
    const VERSIONS: RangeInclusive<i16> = 1..=4;
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

impl Request for DescribeConfigsRequest {
    const KEY: ApiKey = ApiKey::DescribeConfigs;
    type Response = super::describe_configs_response::DescribeConfigsResponse;
}
