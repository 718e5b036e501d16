//! `ProducerIdsRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `ProducerIdsRecord`, versions 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerIdsRecord {
    pub broker_id: i32,
    pub broker_epoch: i64,
    pub next_producer_id: i64,
}

impl Default for ProducerIdsRecord {
    fn default() -> Self {
        Self { broker_id: 0, broker_epoch: -1, next_producer_id: 0 }
    }
}

impl Structure for ProducerIdsRecord {
    const LEAST: usize = 21;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let broker_id = reader.i32()?;
        let broker_epoch = reader.i64()?;
        let next_producer_id = reader.i64()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { broker_id, broker_epoch, next_producer_id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.broker_id)?;
        out.i64(self.broker_epoch)?;
        out.i64(self.next_producer_id)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for ProducerIdsRecord {
    const NAME: &'static str = "ProducerIdsRecord";
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

impl Metadata for ProducerIdsRecord {
    const TYPE: u32 = 15;
}
