//! `DescribeConfigsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DescribeConfigsResponse`, versions 1–4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeConfigsResponse {
    pub throttle_time_ms: i32,
    pub results: Vec<DescribeConfigsResult>,
}

impl Structure for DescribeConfigsResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let throttle_time_ms = reader.i32()?;
        let results = reader.array(flexible, DescribeConfigsResult::LEAST, |reader| {
            DescribeConfigsResult::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { throttle_time_ms, results })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.i32(self.throttle_time_ms)?;
        out.array(&self.results, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeConfigsResponse`, versions 1–4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeConfigsResult {
    pub error_code: i16,
    pub error_message: Option<Str>,
    pub resource_type: i8,
    pub resource_name: Str,
    pub configs: Vec<DescribeConfigsResourceResult>,
}

impl Structure for DescribeConfigsResult {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let error_code = reader.i16()?;
        let error_message = reader.nullable_str(flexible)?;
        let resource_type = reader.i8()?;
        let resource_name = reader.str(flexible)?;
        let configs = reader.array(flexible, DescribeConfigsResourceResult::LEAST, |reader| {
            DescribeConfigsResourceResult::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { error_code, error_message, resource_type, resource_name, configs })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.i16(self.error_code)?;
        out.nullable_str(self.error_message.as_ref(), flexible)?;
        out.i8(self.resource_type)?;
        out.str(&self.resource_name, flexible)?;
        out.array(&self.configs, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeConfigsResponse`, versions 1–4.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsResourceResult {
    pub name: Str,
    pub value: Option<Str>,
    pub read_only: bool,
    pub config_source: i8,
    pub is_sensitive: bool,
    pub synonyms: Vec<DescribeConfigsSynonym>,

    /// In versions 3–4.
    pub config_type: i8,

    /// In versions 3–4.
    pub documentation: Option<Str>,
}

impl Default for DescribeConfigsResourceResult {
    fn default() -> Self {
        Self {
            name: Str::default(),
            value: None,
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            synonyms: Vec::new(),
            config_type: 0,
            documentation: None,
        }
    }
}

impl Structure for DescribeConfigsResourceResult {
    const LEAST: usize = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let name = reader.str(flexible)?;
        let value = reader.nullable_str(flexible)?;
        let read_only = reader.bool()?;
        let config_source = reader.i8()?;
        let is_sensitive = reader.bool()?;
        let synonyms = reader.array(flexible, DescribeConfigsSynonym::LEAST, |reader| {
            DescribeConfigsSynonym::read(reader, version)
        })?;
        let config_type = if version >= 3 { reader.i8()? } else { 0 };
        let documentation = if version >= 3 { reader.nullable_str(flexible)? } else { None };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, value, read_only, config_source, is_sensitive, synonyms, config_type, documentation })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.name, flexible)?;
        out.nullable_str(self.value.as_ref(), flexible)?;
        out.bool(self.read_only)?;
        out.i8(self.config_source)?;
        out.bool(self.is_sensitive)?;
        out.array(&self.synonyms, flexible, |out, element| element.write(out, version))?;
        if version >= 3 {
            out.i8(self.config_type)?;
        }
        if version >= 3 {
            out.nullable_str(self.documentation.as_ref(), flexible)?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DescribeConfigsResponse`, versions 1–4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeConfigsSynonym {
    pub name: Str,
    pub value: Option<Str>,
    pub source: i8,
}

impl Structure for DescribeConfigsSynonym {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let name = reader.str(flexible)?;
        let value = reader.nullable_str(flexible)?;
        let source = reader.i8()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, value, source })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.name, flexible)?;
        out.nullable_str(self.value.as_ref(), flexible)?;
        out.i8(self.source)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for DescribeConfigsResponse {
    const NAME: &'static str = "DescribeConfigsResponse";
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

impl Response for DescribeConfigsResponse {
    const KEY: ApiKey = ApiKey::DescribeConfigs;
}
