//! `UnregisterControllerRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `UnregisterControllerRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnregisterControllerRecord {
    pub controller_id: i32,
}

impl Structure for UnregisterControllerRecord {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let controller_id = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { controller_id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.controller_id)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for UnregisterControllerRecord {
    const NAME: &'static str = "UnregisterControllerRecord";
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

impl Metadata for UnregisterControllerRecord {
    const TYPE: u32 = 29;
}
