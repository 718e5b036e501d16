//! `AlterConfigsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `AlterConfigsRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsRequest {
    pub resources: Vec<AlterConfigsResource>,
    pub validate_only: bool,
}

impl Structure for AlterConfigsRequest {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
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
        let flexible = version >= 2;
        out.array(&self.resources, flexible, |out, element| element.write(out, version))?;
        out.bool(self.validate_only)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `AlterConfigsRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsResource {
    pub resource_type: i8,
    pub resource_name: Str,
    pub configs: Vec<AlterableConfig>,
}

impl Structure for AlterConfigsResource {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
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
        let flexible = version >= 2;
        out.i8(self.resource_type)?;
        out.str(&self.resource_name, flexible)?;
        out.array(&self.configs, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `AlterConfigsRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterableConfig {
    pub name: Str,
    pub value: Option<Str>,
}

impl Structure for AlterableConfig {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let name = reader.str(flexible)?;
        let value = reader.nullable_str(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, value })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.str(&self.name, flexible)?;
        out.nullable_str(self.value.as_ref(), flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for AlterConfigsRequest {
    const NAME: &'static str = "AlterConfigsRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=2;
    const FLEXIBLE_FROM: i16 = 2;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for AlterConfigsRequest {
    const KEY: ApiKey = ApiKey::AlterConfigs;
    type Response = super::alter_configs_response::AlterConfigsResponse;
}
