//! `BeginTransactionRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `BeginTransactionRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BeginTransactionRecord {
    /// Tag 0.
    pub name: Option<Str>,
}

impl Structure for BeginTransactionRecord {
    const LEAST: usize = 1;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let mut name = None;
        reader.tagged(|reader, tag| {
            match tag {
                0 => name = reader.nullable_str(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { name })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.uvarint(u32::from(self.name.is_some()));
        if self.name.is_some() {
            out.tag(0, |out| out.nullable_str(self.name.as_ref(), true))?;
            out.nullable_str(self.name.as_ref(), true)?;
        }
        Ok(())
    }
}
impl Message for BeginTransactionRecord {
    const NAME: &'static str = "BeginTransactionRecord";
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

impl Metadata for BeginTransactionRecord {
    const TYPE: u32 = 23;
}
