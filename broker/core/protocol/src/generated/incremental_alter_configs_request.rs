//! `IncrementalAlterConfigsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `IncrementalAlterConfigsRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncrementalAlterConfigsRequest {
    pub resources: Vec<AlterConfigsResource>,
    pub validate_only: bool,
}

impl Structure for IncrementalAlterConfigsRequest {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let resources = reader.array(flexible, AlterConfigsResource::LEAST, |reader| {
            AlterConfigsResource::read(reader, version)
        })?;
        let validate_only = reader.bool()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { resources, validate_only })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.array(&self.resources, flexible, |out, element| element.write(out, version))?;
        out.bool(self.validate_only)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `IncrementalAlterConfigsRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsResource {
    pub resource_type: i8,
    pub resource_name: Str,
    pub configs: Vec<AlterableConfig>,
}

impl Structure for AlterConfigsResource {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let resource_type = reader.i8()?;
        let resource_name = reader.str(flexible)?;
        let configs = reader
            .array(flexible, AlterableConfig::LEAST, |reader| AlterableConfig::read(reader, version))?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { resource_type, resource_name, configs })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.i8(self.resource_type)?;
        out.str(&self.resource_name, flexible)?;
        out.array(&self.configs, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `IncrementalAlterConfigsRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterableConfig {
    pub name: Str,
    pub config_operation: i8,
    pub value: Option<Str>,
}

impl Structure for AlterableConfig {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let name = reader.str(flexible)?;
        let config_operation = reader.i8()?;
        let value = reader.nullable_str(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, config_operation, value })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.str(&self.name, flexible)?;
        out.i8(self.config_operation)?;
        out.nullable_str(self.value.as_ref(), flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for IncrementalAlterConfigsRequest {
    const NAME: &'static str = "IncrementalAlterConfigsRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=1;
    const FLEXIBLE_FROM: i16 = 1;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for IncrementalAlterConfigsRequest {
    const KEY: ApiKey = ApiKey::IncrementalAlterConfigs;
    type Response = super::incremental_alter_configs_response::IncrementalAlterConfigsResponse;
}
