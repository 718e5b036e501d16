//! `FeatureLevelRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `FeatureLevelRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureLevelRecord {
    pub name: Str,
    pub feature_level: i16,
}

impl Structure for FeatureLevelRecord {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let feature_level = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, feature_level })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.i16(self.feature_level)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for FeatureLevelRecord {
    const NAME: &'static str = "FeatureLevelRecord";
    const VERSIONS: RangeInclusive<i16> = 0..=0;
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

impl Metadata for FeatureLevelRecord {
    const TYPE: u32 = 12;
}
