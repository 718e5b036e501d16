//! `VoteRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `VoteRequest`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct VoteRequest {
    pub cluster_id: Option<Str>,

    /// In versions 1–2.
    pub voter_id: i32,
    pub topics: Vec<TopicData>,
}

impl Default for VoteRequest {
    fn default() -> Self {
        Self { cluster_id: None, voter_id: -1, topics: Vec::new() }
    }
}

impl Structure for VoteRequest {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let cluster_id = reader.nullable_str(true)?;
        let voter_id = if version >= 1 { reader.i32()? } else { -1 };
        let topics = reader.array(true, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { cluster_id, voter_id, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.nullable_str(self.cluster_id.as_ref(), true)?;
        if version >= 1 {
            out.i32(self.voter_id)?;
        }
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `VoteRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData {
    pub topic_name: Str,
    pub partitions: Vec<PartitionData>,
}

impl Structure for TopicData {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let topic_name = reader.str(true)?;
        let partitions =
            reader.array(true, PartitionData::LEAST, |reader| PartitionData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { topic_name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.topic_name, true)?;
        out.array(&self.partitions, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `VoteRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub replica_epoch: i32,
    pub replica_id: i32,

    /// In versions 1–2.
    pub replica_directory_id: Uuid,

    /// In versions 1–2.
    pub voter_directory_id: Uuid,
    pub last_offset_epoch: i32,
    pub last_offset: i64,

    /// In versions 2.
    pub pre_vote: bool,
}

impl Structure for PartitionData {
    const LEAST: usize = 25;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let replica_epoch = reader.i32()?;
        let replica_id = reader.i32()?;
        let replica_directory_id = if version >= 1 { reader.uuid()? } else { Uuid::ZERO };
        let voter_directory_id = if version >= 1 { reader.uuid()? } else { Uuid::ZERO };
        let last_offset_epoch = reader.i32()?;
        let last_offset = reader.i64()?;
        let pre_vote = if version >= 2 { reader.bool()? } else { false };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            partition_index,
            replica_epoch,
            replica_id,
            replica_directory_id,
            voter_directory_id,
            last_offset_epoch,
            last_offset,
            pre_vote,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.i32(self.replica_epoch)?;
        out.i32(self.replica_id)?;
        if version >= 1 {
            out.uuid(&self.replica_directory_id)?;
        }
        if version >= 1 {
            out.uuid(&self.voter_directory_id)?;
        }
        out.i32(self.last_offset_epoch)?;
        out.i64(self.last_offset)?;
        if version >= 2 {
            out.bool(self.pre_vote)?;
        }
        if version < 2 && self.pre_vote {
            return Err(EncodeError::FieldAbsent { structure: "PartitionData", field: "PreVote", version });
        }
        out.uvarint(0);
        Ok(())
    }
}
impl Message for VoteRequest {
    const NAME: &'static str = "VoteRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=2;
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

impl Request for VoteRequest {
    const KEY: ApiKey = ApiKey::Vote;
    type Response = super::vote_response::VoteResponse;
}
