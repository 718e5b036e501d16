//! `ClearElrRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ClearElrRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClearElrRecord {
    pub topic_name: Str,
}

impl Structure for ClearElrRecord {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let topic_name = reader.str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { topic_name })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.topic_name, true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for ClearElrRecord {
    const NAME: &'static str = "ClearElrRecord";
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

impl Metadata for ClearElrRecord {
    const TYPE: u32 = 28;
}
