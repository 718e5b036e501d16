//! `EndTransactionRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::Sink,
};
use std::ops::RangeInclusive;

/// Kafka's `EndTransactionRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndTransactionRecord {}

impl Structure for EndTransactionRecord {
    const LEAST: usize = 1;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {})
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.uvarint(0);
        Ok(())
    }
}
impl Message for EndTransactionRecord {
    const NAME: &'static str = "EndTransactionRecord";
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

impl Metadata for EndTransactionRecord {
    const TYPE: u32 = 24;
}
