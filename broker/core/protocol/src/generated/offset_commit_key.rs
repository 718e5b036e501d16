//! `OffsetCommitKey`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    Coordinator, DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `OffsetCommitKey`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitKey {
    pub group: Str,
    pub topic: Str,
    pub partition: i32,
}

impl Structure for OffsetCommitKey {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let group = reader.str(false)?;
        let topic = reader.str(false)?;
        let partition = reader.i32()?;
        Ok(Self { group, topic, partition })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.group, false)?;
        out.str(&self.topic, false)?;
        out.i32(self.partition)?;
        Ok(())
    }
}
impl Message for OffsetCommitKey {
    const NAME: &'static str = "OffsetCommitKey";
    const VERSIONS: RangeInclusive<i16> = 0..=0;
    const FLEXIBLE_FROM: i16 = i16::MAX;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Coordinator for OffsetCommitKey {
    const TYPE: i16 = 1;
}
