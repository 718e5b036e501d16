//! `AbortTransactionRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `AbortTransactionRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AbortTransactionRecord {
    /// Tag 0.
    pub reason: Option<Str>,
}

impl Structure for AbortTransactionRecord {
    const LEAST: usize = 1;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let mut reason = None;
        reader.tagged(|reader, tag| {
            match tag {
                0 => reason = reader.nullable_str(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { reason })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.uvarint(u32::from(self.reason.is_some()));
        if self.reason.is_some() {
            out.tag(0, |out| out.nullable_str(self.reason.as_ref(), true))?;
            out.nullable_str(self.reason.as_ref(), true)?;
        }
        Ok(())
    }
}
impl Message for AbortTransactionRecord {
    const NAME: &'static str = "AbortTransactionRecord";
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

impl Metadata for AbortTransactionRecord {
    const TYPE: u32 = 25;
}
