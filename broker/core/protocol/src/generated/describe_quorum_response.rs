//! `DescribeQuorumResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `DescribeQuorumResponse`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeQuorumResponse {
    pub error_code: i16,

    /// In versions 2.
    pub error_message: Option<Str>,
    pub topics: Vec<TopicData>,

    /// In versions 2.
    pub nodes: Vec<Node>,
}

impl Structure for DescribeQuorumResponse {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let error_code = reader.i16()?;
        let error_message = if version >= 2 { reader.nullable_str(true)? } else { None };
        let topics = reader.array(true, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        let nodes = if version >= 2 {
            reader.array(true, Node::LEAST, |reader| Node::read(reader, version))?
        } else {
            Vec::new()
        };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { error_code, error_message, topics, nodes })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i16(self.error_code)?;
        if version >= 2 {
            out.nullable_str(self.error_message.as_ref(), true)?;
        }
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        if version >= 2 {
            out.array(&self.nodes, true, |out, element| element.write(out, version))?;
        }
        if version < 2 && !self.nodes.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribeQuorumResponse",
                field: "Nodes",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeQuorumResponse`, versions 0–2.
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
/// A part of `DescribeQuorumResponse`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub error_code: i16,

    /// In versions 2.
    pub error_message: Option<Str>,
    pub leader_id: i32,
    pub leader_epoch: i32,
    pub high_watermark: i64,
    pub current_voters: Vec<ReplicaState>,
    pub observers: Vec<ReplicaState>,
}

impl Structure for PartitionData {
    const LEAST: usize = 25;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let error_code = reader.i16()?;
        let error_message = if version >= 2 { reader.nullable_str(true)? } else { None };
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let high_watermark = reader.i64()?;
        let current_voters =
            reader.array(true, ReplicaState::LEAST, |reader| ReplicaState::read(reader, version))?;
        let observers =
            reader.array(true, ReplicaState::LEAST, |reader| ReplicaState::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            partition_index,
            error_code,
            error_message,
            leader_id,
            leader_epoch,
            high_watermark,
            current_voters,
            observers,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.i16(self.error_code)?;
        if version >= 2 {
            out.nullable_str(self.error_message.as_ref(), true)?;
        }
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        out.i64(self.high_watermark)?;
        out.array(&self.current_voters, true, |out, element| element.write(out, version))?;
        out.array(&self.observers, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeQuorumResponse`, versions 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    pub node_id: i32,
    pub listeners: Vec<Listener>,
}

impl Structure for Node {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let node_id = reader.i32()?;
        let listeners = reader.array(true, Listener::LEAST, |reader| Listener::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { node_id, listeners })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.node_id)?;
        out.array(&self.listeners, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeQuorumResponse`, versions 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener {
    pub name: Str,
    pub host: Str,
    pub port: u16,
}

impl Structure for Listener {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let host = reader.str(true)?;
        let port = reader.u16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, host, port })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.str(&self.host, true)?;
        out.u16(self.port)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeQuorumResponse`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaState {
    pub replica_id: i32,

    /// In versions 2.
    pub replica_directory_id: Uuid,
    pub log_end_offset: i64,

    /// In versions 1–2.
    pub last_fetch_timestamp: i64,

    /// In versions 1–2.
    pub last_caught_up_timestamp: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: 0,
            replica_directory_id: Uuid::ZERO,
            log_end_offset: 0,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: -1,
        }
    }
}

impl Structure for ReplicaState {
    const LEAST: usize = 13;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let replica_id = reader.i32()?;
        let replica_directory_id = if version >= 2 { reader.uuid()? } else { Uuid::ZERO };
        let log_end_offset = reader.i64()?;
        let last_fetch_timestamp = if version >= 1 { reader.i64()? } else { -1 };
        let last_caught_up_timestamp = if version >= 1 { reader.i64()? } else { -1 };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            replica_id,
            replica_directory_id,
            log_end_offset,
            last_fetch_timestamp,
            last_caught_up_timestamp,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.replica_id)?;
        if version >= 2 {
            out.uuid(&self.replica_directory_id)?;
        }
        out.i64(self.log_end_offset)?;
        if version >= 1 {
            out.i64(self.last_fetch_timestamp)?;
        }
        if version >= 1 {
            out.i64(self.last_caught_up_timestamp)?;
        }
        if version < 2 && self.replica_directory_id != Uuid::ZERO {
            return Err(EncodeError::FieldAbsent {
                structure: "ReplicaState",
                field: "ReplicaDirectoryId",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
impl Message for DescribeQuorumResponse {
    const NAME: &'static str = "DescribeQuorumResponse";
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

impl Response for DescribeQuorumResponse {
    const KEY: ApiKey = ApiKey::DescribeQuorum;
}
