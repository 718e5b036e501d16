//! `SnapshotFooterRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `SnapshotFooterRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotFooterRecord {
    pub version: i16,
}

impl Structure for SnapshotFooterRecord {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let version_ = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { version: version_ })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i16(self.version)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for SnapshotFooterRecord {
    const NAME: &'static str = "SnapshotFooterRecord";
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
