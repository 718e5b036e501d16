//! `OffsetCommitValue`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    Coordinator, DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `OffsetCommitValue`, versions 0–4.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitValue {
    pub offset: i64,

    /// In versions 3–4.
    pub leader_epoch: i32,
    pub metadata: Str,
    pub commit_timestamp: i64,

    /// In versions 1.
    pub expire_timestamp: i64,

    /// In versions 4. Tag 0.
    pub topic_id: Uuid,
}

impl Default for OffsetCommitValue {
    fn default() -> Self {
        Self {
            offset: 0,
            leader_epoch: -1,
            metadata: Str::default(),
            commit_timestamp: 0,
            expire_timestamp: -1,
            topic_id: Uuid::ZERO,
        }
    }
}

impl Structure for OffsetCommitValue {
    const LEAST: usize = 18;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let offset = reader.i64()?;
        let leader_epoch = if version >= 3 { reader.i32()? } else { -1 };
        let metadata = reader.str(flexible)?;
        let commit_timestamp = reader.i64()?;
        let expire_timestamp = if version == 1 { reader.i64()? } else { -1 };
        let mut topic_id = Uuid::ZERO;
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 => topic_id = reader.uuid()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self { offset, leader_epoch, metadata, commit_timestamp, expire_timestamp, topic_id })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.i64(self.offset)?;
        if version >= 3 {
            out.i32(self.leader_epoch)?;
        }
        out.str(&self.metadata, flexible)?;
        out.i64(self.commit_timestamp)?;
        if version == 1 {
            out.i64(self.expire_timestamp)?;
        }
        if flexible {
            out.uvarint(u32::from(self.topic_id != Uuid::ZERO));
            if self.topic_id != Uuid::ZERO {
                out.uvarint(0);
                out.uvarint(16);
                out.uuid(&self.topic_id)?;
            }
        }
        Ok(())
    }
}
impl Message for OffsetCommitValue {
    const NAME: &'static str = "OffsetCommitValue";
    const VERSIONS: RangeInclusive<i16> = 0..=4;
    const FLEXIBLE_FROM: i16 = 4;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Coordinator for OffsetCommitValue {
    const TYPE: i16 = 1;
}
