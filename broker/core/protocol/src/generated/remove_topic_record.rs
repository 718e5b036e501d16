//! `RemoveTopicRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `RemoveTopicRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveTopicRecord {
    pub topic_id: Uuid,
}

impl Structure for RemoveTopicRecord {
    const LEAST: usize = 17;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let topic_id = reader.uuid()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { topic_id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.uuid(&self.topic_id)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for RemoveTopicRecord {
    const NAME: &'static str = "RemoveTopicRecord";
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

impl Metadata for RemoveTopicRecord {
    const TYPE: u32 = 9;
}
