//! `FetchSnapshotRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `FetchSnapshotRequest`, versions 0–1.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchSnapshotRequest {
    /// Tag 0.
    pub cluster_id: Option<Str>,
    pub replica_id: i32,
    pub max_bytes: i32,
    pub topics: Vec<TopicSnapshot>,
}

impl Default for FetchSnapshotRequest {
    fn default() -> Self {
        Self { cluster_id: None, replica_id: -1, max_bytes: i32::MAX, topics: Vec::new() }
    }
}

impl Structure for FetchSnapshotRequest {
    const LEAST: usize = 10;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let replica_id = reader.i32()?;
        let max_bytes = reader.i32()?;
        let topics =
            reader.array(true, TopicSnapshot::LEAST, |reader| TopicSnapshot::read(reader, version))?;
        let mut cluster_id = None;
        reader.tagged(|reader, tag| {
            match tag {
                0 => cluster_id = reader.nullable_str(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { cluster_id, replica_id, max_bytes, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.replica_id)?;
        out.i32(self.max_bytes)?;
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.uvarint(u32::from(self.cluster_id.is_some()));
        if self.cluster_id.is_some() {
            out.tag(0, |out| out.nullable_str(self.cluster_id.as_ref(), true))?;
            out.nullable_str(self.cluster_id.as_ref(), true)?;
        }
        Ok(())
    }
}
/// A part of `FetchSnapshotRequest`, versions 0–1.
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
/// A part of `FetchSnapshotRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionSnapshot {
    pub partition: i32,
    pub current_leader_epoch: i32,
    pub snapshot_id: SnapshotId,
    pub position: i64,

    /// In versions 1. Tag 0.
    pub replica_directory_id: Uuid,
}

impl Structure for PartitionSnapshot {
    const LEAST: usize = 30;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let partition = reader.i32()?;
        let current_leader_epoch = reader.i32()?;
        let snapshot_id = SnapshotId::read(reader, version)?;
        let position = reader.i64()?;
        let mut replica_directory_id = Uuid::ZERO;
        reader.tagged(|reader, tag| {
            match tag {
                0 if version >= 1 => replica_directory_id = reader.uuid()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { partition, current_leader_epoch, snapshot_id, position, replica_directory_id })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition)?;
        out.i32(self.current_leader_epoch)?;
        self.snapshot_id.write(out, version)?;
        out.i64(self.position)?;
        out.uvarint(u32::from(version >= 1 && self.replica_directory_id != Uuid::ZERO));
        if version >= 1 && self.replica_directory_id != Uuid::ZERO {
            out.uvarint(0);
            out.uvarint(16);
            out.uuid(&self.replica_directory_id)?;
        }
        Ok(())
    }
}
/// A part of `FetchSnapshotRequest`, versions 0–1.
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
impl Message for FetchSnapshotRequest {
    const NAME: &'static str = "FetchSnapshotRequest";
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

impl Request for FetchSnapshotRequest {
    const KEY: ApiKey = ApiKey::FetchSnapshot;
    type Response = super::fetch_snapshot_response::FetchSnapshotResponse;
}
