//! `FetchSnapshotResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Records, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `FetchSnapshotResponse`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchSnapshotResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub topics: Vec<TopicSnapshot>,

    /// In versions 1. Tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Structure for FetchSnapshotResponse {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let topics =
            reader.array(true, TopicSnapshot::LEAST, |reader| TopicSnapshot::read(reader, version))?;
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
        Ok(Self { throttle_time_ms, error_code, topics, node_endpoints })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        if version < 1 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "FetchSnapshotResponse",
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
/// A part of `FetchSnapshotResponse`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicSnapshot {
    pub name: Str,
    pub partitions: Vec<PartitionSnapshot>,
}

impl Structure for TopicSnapshot {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let partitions = reader
            .array(true, PartitionSnapshot::LEAST, |reader| PartitionSnapshot::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.array(&self.partitions, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `FetchSnapshotResponse`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionSnapshot {
    pub index: i32,
    pub error_code: i16,
    pub snapshot_id: SnapshotId,

    /// Tag 0.
    pub current_leader: LeaderIdAndEpoch,
    pub size: i64,
    pub position: i64,
    pub unaligned_records: Records,
}

impl Structure for PartitionSnapshot {
    const LEAST: usize = 37;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let index = reader.i32()?;
        let error_code = reader.i16()?;
        let snapshot_id = SnapshotId::read(reader, version)?;
        let size = reader.i64()?;
        let position = reader.i64()?;
        let unaligned_records = reader.records(true)?;
        let mut current_leader = LeaderIdAndEpoch::default();
        reader.tagged(|reader, tag| {
            match tag {
                0 => current_leader = LeaderIdAndEpoch::read(reader, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { index, error_code, snapshot_id, current_leader, size, position, unaligned_records })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.index)?;
        out.i16(self.error_code)?;
        self.snapshot_id.write(out, version)?;
        out.i64(self.size)?;
        out.i64(self.position)?;
        out.records(&self.unaligned_records, true)?;
        out.uvarint(u32::from(self.current_leader != LeaderIdAndEpoch::default()));
        if self.current_leader != LeaderIdAndEpoch::default() {
            out.tag(0, |out| self.current_leader.write(out, version))?;
            self.current_leader.write(out, version)?;
        }
        Ok(())
    }
}
/// A part of `FetchSnapshotResponse`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotId {
    pub end_offset: i64,
    pub epoch: i32,
}

impl Structure for SnapshotId {
    const LEAST: usize = 13;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let end_offset = reader.i64()?;
        let epoch = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { end_offset, epoch })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i64(self.end_offset)?;
        out.i32(self.epoch)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `FetchSnapshotResponse`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderIdAndEpoch {
    pub leader_id: i32,
    pub leader_epoch: i32,
}

impl Structure for LeaderIdAndEpoch {
    const LEAST: usize = 9;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { leader_id, leader_epoch })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `FetchSnapshotResponse`, versions 1.
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
impl Message for FetchSnapshotResponse {
    const NAME: &'static str = "FetchSnapshotResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=1;
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

impl Response for FetchSnapshotResponse {
    const KEY: ApiKey = ApiKey::FetchSnapshot;
}
