//! `ApiVersionsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ApiVersionsResponse`, versions 0–5.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiVersionsResponse {
    pub error_code: i16,
    pub api_keys: Vec<ApiVersion>,

    /// In versions 1–5.
    pub throttle_time_ms: i32,

    /// In versions 3–5. Tag 0.
    pub supported_features: Vec<SupportedFeatureKey>,

    /// In versions 3–5. Tag 1.
    pub finalized_features_epoch: i64,

    /// In versions 3–5. Tag 2.
    pub finalized_features: Vec<FinalizedFeatureKey>,

    /// In versions 3–5. Tag 3.
    pub zk_migration_ready: bool,
}

impl Default for ApiVersionsResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            api_keys: Vec::new(),
            throttle_time_ms: 0,
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
        }
    }
}

impl Structure for ApiVersionsResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let error_code = reader.i16()?;
        let api_keys =
            reader.array(flexible, ApiVersion::LEAST, |reader| ApiVersion::read(reader, version))?;
        let throttle_time_ms = if version >= 1 { reader.i32()? } else { 0 };
        let mut supported_features = Vec::new();
        let mut finalized_features_epoch = -1;
        let mut finalized_features = Vec::new();
        let mut zk_migration_ready = false;
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 => {
                        supported_features = reader.array(true, SupportedFeatureKey::LEAST, |reader| {
                            SupportedFeatureKey::read(reader, version)
                        })?
                    }
                    1 => finalized_features_epoch = reader.i64()?,
                    2 => {
                        finalized_features = reader.array(true, FinalizedFeatureKey::LEAST, |reader| {
                            FinalizedFeatureKey::read(reader, version)
                        })?
                    }
                    3 => zk_migration_ready = reader.bool()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            error_code,
            api_keys,
            throttle_time_ms,
            supported_features,
            finalized_features_epoch,
            finalized_features,
            zk_migration_ready,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        out.i16(self.error_code)?;
        out.array(&self.api_keys, flexible, |out, element| element.write(out, version))?;
        if version >= 1 {
            out.i32(self.throttle_time_ms)?;
        }
        if flexible {
            out.uvarint(
                u32::from(!self.supported_features.is_empty())
                    + u32::from(self.finalized_features_epoch != -1)
                    + u32::from(!self.finalized_features.is_empty())
                    + u32::from(self.zk_migration_ready),
            );
            if !self.supported_features.is_empty() {
                out.tag(0, |out| {
                    out.array(&self.supported_features, true, |out, element| element.write(out, version))
                })?;
                out.array(&self.supported_features, true, |out, element| element.write(out, version))?;
            }
            if self.finalized_features_epoch != -1 {
                out.uvarint(1);
                out.uvarint(8);
                out.i64(self.finalized_features_epoch)?;
            }
            if !self.finalized_features.is_empty() {
                out.tag(2, |out| {
                    out.array(&self.finalized_features, true, |out, element| element.write(out, version))
                })?;
                out.array(&self.finalized_features, true, |out, element| element.write(out, version))?;
            }
            if self.zk_migration_ready {
                out.uvarint(3);
                out.uvarint(1);
                out.bool(self.zk_migration_ready)?;
            }
        }
        Ok(())
    }
}
/// A part of `ApiVersionsResponse`, versions 0–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiVersion {
    pub api_key: i16,
    pub min_version: i16,
    pub max_version: i16,
}

impl Structure for ApiVersion {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let api_key = reader.i16()?;
        let min_version = reader.i16()?;
        let max_version = reader.i16()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { api_key, min_version, max_version })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        out.i16(self.api_key)?;
        out.i16(self.min_version)?;
        out.i16(self.max_version)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `ApiVersionsResponse`, versions 3–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SupportedFeatureKey {
    pub name: Str,
    pub min_version: i16,
    pub max_version: i16,
}

impl Structure for SupportedFeatureKey {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let min_version = reader.i16()?;
        let max_version = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, min_version, max_version })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.i16(self.min_version)?;
        out.i16(self.max_version)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `ApiVersionsResponse`, versions 3–5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalizedFeatureKey {
    pub name: Str,
    pub max_version_level: i16,
    pub min_version_level: i16,
}

impl Structure for FinalizedFeatureKey {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let max_version_level = reader.i16()?;
        let min_version_level = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, max_version_level, min_version_level })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.i16(self.max_version_level)?;
        out.i16(self.min_version_level)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for ApiVersionsResponse {
    const NAME: &'static str = "ApiVersionsResponse";
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

impl Response for ApiVersionsResponse {
    const KEY: ApiKey = ApiKey::ApiVersions;
}
