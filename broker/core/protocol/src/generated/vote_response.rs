//! `VoteResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `VoteResponse`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoteResponse {
    pub error_code: i16,
    pub topics: Vec<TopicData>,

    /// In versions 1–2. Tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Structure for VoteResponse {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let error_code = reader.i16()?;
        let topics = reader.array(true, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        let mut node_endpoints = Vec::new();
        reader.tagged(|reader, tag| {
            match tag {
                0 if version >= 1 => {
                    node_endpoints = reader
                        .array(true, NodeEndpoint::LEAST, |reader| NodeEndpoint::read(reader, version))?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { error_code, topics, node_endpoints })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i16(self.error_code)?;
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        if version < 1 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "VoteResponse",
                field: "NodeEndpoints",
                version,
            });
        }
        out.uvarint(u32::from(version >= 1 && !self.node_endpoints.is_empty()));
        if version >= 1 && !self.node_endpoints.is_empty() {
            out.tag(0, |out| {
                out.array(&self.node_endpoints, true, |out, element| element.write(out, version))
            })?;
            out.array(&self.node_endpoints, true, |out, element| element.write(out, version))?;
        }
        Ok(())
    }
}
/// A part of `VoteResponse`, versions 0–2.
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
/// A part of `VoteResponse`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub error_code: i16,
    pub leader_id: i32,
    pub leader_epoch: i32,
    pub vote_granted: bool,
}

impl Structure for PartitionData {
    const LEAST: usize = 16;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let error_code = reader.i16()?;
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let vote_granted = reader.bool()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { partition_index, error_code, leader_id, leader_epoch, vote_granted })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.i16(self.error_code)?;
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        out.bool(self.vote_granted)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `VoteResponse`, versions 1–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeEndpoint {
    pub node_id: i32,
    pub host: Str,
    pub port: u16,
}

impl Structure for NodeEndpoint {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let node_id = reader.i32()?;
        let host = reader.str(true)?;
        let port = reader.u16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { node_id, host, port })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.node_id)?;
        out.str(&self.host, true)?;
        out.u16(self.port)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for VoteResponse {
    const NAME: &'static str = "VoteResponse";
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

impl Response for VoteResponse {
    const KEY: ApiKey = ApiKey::Vote;
}
