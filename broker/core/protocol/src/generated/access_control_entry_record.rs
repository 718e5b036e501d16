//! `AccessControlEntryRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `AccessControlEntryRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccessControlEntryRecord {
    pub id: Uuid,
    pub resource_type: i8,
    pub resource_name: Str,
    pub pattern_type: i8,
    pub principal: Str,
    pub host: Str,
    pub operation: i8,
    pub permission_type: i8,
}

impl Structure for AccessControlEntryRecord {
    const LEAST: usize = 24;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let id = reader.uuid()?;
        let resource_type = reader.i8()?;
        let resource_name = reader.str(true)?;
        let pattern_type = reader.i8()?;
        let principal = reader.str(true)?;
        let host = reader.str(true)?;
        let operation = reader.i8()?;
        let permission_type = reader.i8()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            id,
            resource_type,
            resource_name,
            pattern_type,
            principal,
            host,
            operation,
            permission_type,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.uuid(&self.id)?;
        out.i8(self.resource_type)?;
        out.str(&self.resource_name, true)?;
        out.i8(self.pattern_type)?;
        out.str(&self.principal, true)?;
        out.str(&self.host, true)?;
        out.i8(self.operation)?;
        out.i8(self.permission_type)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for AccessControlEntryRecord {
    const NAME: &'static str = "AccessControlEntryRecord";
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

impl Metadata for AccessControlEntryRecord {
    const TYPE: u32 = 18;
}
