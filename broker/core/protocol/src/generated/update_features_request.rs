//! `UpdateFeaturesRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `UpdateFeaturesRequest`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateFeaturesRequest {
    pub timeout_ms: i32,
    pub feature_updates: Vec<FeatureUpdateKey>,

    /// In versions 1–2.
    pub validate_only: bool,
}

impl Default for UpdateFeaturesRequest {
    fn default() -> Self {
        Self { timeout_ms: 60000, feature_updates: Vec::new(), validate_only: false }
    }
}

impl Structure for UpdateFeaturesRequest {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let timeout_ms = reader.i32()?;
        let feature_updates =
            reader.array(true, FeatureUpdateKey::LEAST, |reader| FeatureUpdateKey::read(reader, version))?;
        let validate_only = if version >= 1 { reader.bool()? } else { false };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { timeout_ms, feature_updates, validate_only })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.timeout_ms)?;
        out.array(&self.feature_updates, true, |out, element| element.write(out, version))?;
        if version >= 1 {
            out.bool(self.validate_only)?;
        }
        if version < 1 && self.validate_only {
            return Err(EncodeError::FieldAbsent {
                structure: "UpdateFeaturesRequest",
                field: "ValidateOnly",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `UpdateFeaturesRequest`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureUpdateKey {
    pub feature: Str,
    pub max_version_level: i16,

    /// In versions 0.
    pub allow_downgrade: bool,

    /// In versions 1–2.
    pub upgrade_type: i8,
}

impl Default for FeatureUpdateKey {
    fn default() -> Self {
        Self { feature: Str::default(), max_version_level: 0, allow_downgrade: false, upgrade_type: 1 }
    }
}

impl Structure for FeatureUpdateKey {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let feature = reader.str(true)?;
        let max_version_level = reader.i16()?;
        let allow_downgrade = if version <= 0 { reader.bool()? } else { false };
        let upgrade_type = if version >= 1 { reader.i8()? } else { 1 };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { feature, max_version_level, allow_downgrade, upgrade_type })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.feature, true)?;
        out.i16(self.max_version_level)?;
        if version <= 0 {
            out.bool(self.allow_downgrade)?;
        }
        if version >= 1 {
            out.i8(self.upgrade_type)?;
        }
        if version > 0 && self.allow_downgrade {
            return Err(EncodeError::FieldAbsent {
                structure: "FeatureUpdateKey",
                field: "AllowDowngrade",
                version,
            });
        }
        if version < 1 && self.upgrade_type != 1 {
            return Err(EncodeError::FieldAbsent {
                structure: "FeatureUpdateKey",
                field: "UpgradeType",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
impl Message for UpdateFeaturesRequest {
    const NAME: &'static str = "UpdateFeaturesRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=2;
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

impl Request for UpdateFeaturesRequest {
    const KEY: ApiKey = ApiKey::UpdateFeatures;
    type Response = super::update_features_response::UpdateFeaturesResponse;
}
