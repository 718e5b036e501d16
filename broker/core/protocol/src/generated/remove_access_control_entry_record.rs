//! `RemoveAccessControlEntryRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `RemoveAccessControlEntryRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveAccessControlEntryRecord {
    pub id: Uuid,
}

impl Structure for RemoveAccessControlEntryRecord {
    const LEAST: usize = 17;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let id = reader.uuid()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.uuid(&self.id)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for RemoveAccessControlEntryRecord {
    const NAME: &'static str = "RemoveAccessControlEntryRecord";
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

impl Metadata for RemoveAccessControlEntryRecord {
    const TYPE: u32 = 19;
}
