//! `ConfigRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ConfigRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigRecord {
    pub resource_type: i8,
    pub resource_name: Str,
    pub name: Str,
    pub value: Option<Str>,
}

impl Structure for ConfigRecord {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let resource_type = reader.i8()?;
        let resource_name = reader.str(true)?;
        let name = reader.str(true)?;
        let value = reader.nullable_str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { resource_type, resource_name, name, value })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i8(self.resource_type)?;
        out.str(&self.resource_name, true)?;
        out.str(&self.name, true)?;
        out.nullable_str(self.value.as_ref(), true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for ConfigRecord {
    const NAME: &'static str = "ConfigRecord";
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

impl Metadata for ConfigRecord {
    const TYPE: u32 = 4;
}
