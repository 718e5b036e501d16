//! `ClientQuotaRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ClientQuotaRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientQuotaRecord {
    pub entity: Vec<EntityData>,
    pub key: Str,
    pub value: f64,
    pub remove: bool,
}

impl Structure for ClientQuotaRecord {
    const LEAST: usize = 12;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let entity = reader.array(true, EntityData::LEAST, |reader| EntityData::read(reader, version))?;
        let key = reader.str(true)?;
        let value = reader.f64()?;
        let remove = reader.bool()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { entity, key, value, remove })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.array(&self.entity, true, |out, element| element.write(out, version))?;
        out.str(&self.key, true)?;
        out.f64(self.value)?;
        out.bool(self.remove)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `ClientQuotaRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntityData {
    pub entity_type: Str,
    pub entity_name: Option<Str>,
}

impl Structure for EntityData {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let entity_type = reader.str(true)?;
        let entity_name = reader.nullable_str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { entity_type, entity_name })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.entity_type, true)?;
        out.nullable_str(self.entity_name.as_ref(), true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for ClientQuotaRecord {
    const NAME: &'static str = "ClientQuotaRecord";
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

impl Metadata for ClientQuotaRecord {
    const TYPE: u32 = 14;
}
