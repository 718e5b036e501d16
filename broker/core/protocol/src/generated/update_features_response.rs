//! `UpdateFeaturesResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `UpdateFeaturesResponse`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateFeaturesResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub error_message: Option<Str>,

    /// In versions 0–1.
    pub results: Vec<UpdatableFeatureResult>,
}

impl Structure for UpdateFeaturesResponse {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let error_message = reader.nullable_str(true)?;
        let results = if version <= 1 {
            reader.array(true, UpdatableFeatureResult::LEAST, |reader| {
                UpdatableFeatureResult::read(reader, version)
            })?
        } else {
            Vec::new()
        };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { throttle_time_ms, error_code, error_message, results })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.nullable_str(self.error_message.as_ref(), true)?;
        if version <= 1 {
            out.array(&self.results, true, |out, element| element.write(out, version))?;
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `UpdateFeaturesResponse`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdatableFeatureResult {
    pub feature: Str,
    pub error_code: i16,
    pub error_message: Option<Str>,
}

impl Structure for UpdatableFeatureResult {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let feature = reader.str(true)?;
        let error_code = reader.i16()?;
        let error_message = reader.nullable_str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { feature, error_code, error_message })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.feature, true)?;
        out.i16(self.error_code)?;
        out.nullable_str(self.error_message.as_ref(), true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for UpdateFeaturesResponse {
    const NAME: &'static str = "UpdateFeaturesResponse";
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

impl Response for UpdateFeaturesResponse {
    const KEY: ApiKey = ApiKey::UpdateFeatures;
}
