//! `GroupMetadataKey`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    Coordinator, DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `GroupMetadataKey`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupMetadataKey {
    pub group: Str,
}

impl Structure for GroupMetadataKey {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let group = reader.str(false)?;
        Ok(Self { group })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.group, false)?;
        Ok(())
    }
}
impl Message for GroupMetadataKey {
    const NAME: &'static str = "GroupMetadataKey";
    const VERSIONS: RangeInclusive<i16> = 0..=0;
    const FLEXIBLE_FROM: i16 = i16::MAX;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Coordinator for GroupMetadataKey {
    const TYPE: i16 = 2;
}
