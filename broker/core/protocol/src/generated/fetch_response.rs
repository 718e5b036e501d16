//! `FetchResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Records, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `FetchResponse`, versions 4–18.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchResponse {
    pub throttle_time_ms: i32,

    /// In versions 7–18.
    pub error_code: i16,

    /// In versions 7–18.
    pub session_id: i32,
    pub responses: Vec<FetchableTopicResponse>,

    /// In versions 16–18. Tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Structure for FetchResponse {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let throttle_time_ms = reader.i32()?;
        let error_code = if version >= 7 { reader.i16()? } else { 0 };
        let session_id = if version >= 7 { reader.i32()? } else { 0 };
        let responses = reader.array(flexible, FetchableTopicResponse::LEAST, |reader| {
            FetchableTopicResponse::read(reader, version)
        })?;
        let mut node_endpoints = Vec::new();
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 if version >= 16 => {
                        node_endpoints = reader
                            .array(true, NodeEndpoint::LEAST, |reader| NodeEndpoint::read(reader, version))?
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self { throttle_time_ms, error_code, session_id, responses, node_endpoints })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        out.i32(self.throttle_time_ms)?;
        if version >= 7 {
            out.i16(self.error_code)?;
        }
        if version >= 7 {
            out.i32(self.session_id)?;
        }
        out.array(&self.responses, flexible, |out, element| element.write(out, version))?;
        if version < 7 && self.session_id != 0 {
            return Err(EncodeError::FieldAbsent { structure: "FetchResponse", field: "SessionId", version });
        }
        if version < 16 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "FetchResponse",
                field: "NodeEndpoints",
                version,
            });
        }
        if flexible {
            out.uvarint(u32::from(version >= 16 && !self.node_endpoints.is_empty()));
            if version >= 16 && !self.node_endpoints.is_empty() {
                out.tag(0, |out| {
                    out.array(&self.node_endpoints, true, |out, element| element.write(out, version))
                })?;
                out.array(&self.node_endpoints, true, |out, element| element.write(out, version))?;
            }
        }
        Ok(())
    }
}
/// A part of `FetchResponse`, versions 4–18.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchableTopicResponse {
    /// In versions 4–12.
    pub topic: Str,

    /// In versions 13–18.
    pub topic_id: Uuid,
    pub partitions: Vec<PartitionData>,
}

impl Structure for FetchableTopicResponse {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let topic = if version <= 12 { reader.str(flexible)? } else { Str::default() };
        let topic_id = if version >= 13 { reader.uuid()? } else { Uuid::ZERO };
        let partitions =
            reader.array(flexible, PartitionData::LEAST, |reader| PartitionData::read(reader, version))?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topic, topic_id, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        if version <= 12 {
            out.str(&self.topic, flexible)?;
        }
        if version >= 13 {
            out.uuid(&self.topic_id)?;
        }
        out.array(&self.partitions, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `FetchResponse`, versions 4–18.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub error_code: i16,
    pub high_watermark: i64,
    pub last_stable_offset: i64,

    /// In versions 5–18.
    pub log_start_offset: i64,

    /// In versions 12–18. Tag 0.
    pub diverging_epoch: EpochEndOffset,

    /// In versions 12–18. Tag 1.
    pub current_leader: LeaderIdAndEpoch,

    /// In versions 12–18. Tag 2.
    pub snapshot_id: SnapshotId,
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,

    /// In versions 11–18.
    pub preferred_read_replica: i32,
    pub records: Option<Records>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            high_watermark: 0,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
            aborted_transactions: Some(Vec::new()),
            preferred_read_replica: -1,
            records: None,
        }
    }
}

impl Structure for PartitionData {
    const LEAST: usize = 30;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let partition_index = reader.i32()?;
        let error_code = reader.i16()?;
        let high_watermark = reader.i64()?;
        let last_stable_offset = reader.i64()?;
        let log_start_offset = if version >= 5 { reader.i64()? } else { -1 };
        let aborted_transactions = reader.nullable_array(flexible, AbortedTransaction::LEAST, |reader| {
            AbortedTransaction::read(reader, version)
        })?;
        let preferred_read_replica = if version >= 11 { reader.i32()? } else { -1 };
        let records = reader.nullable_records(flexible)?;
        let mut diverging_epoch = EpochEndOffset::default();
        let mut current_leader = LeaderIdAndEpoch::default();
        let mut snapshot_id = SnapshotId::default();
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 => diverging_epoch = EpochEndOffset::read(reader, version)?,
                    1 => current_leader = LeaderIdAndEpoch::read(reader, version)?,
                    2 => snapshot_id = SnapshotId::read(reader, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            partition_index,
            error_code,
            high_watermark,
            last_stable_offset,
            log_start_offset,
            diverging_epoch,
            current_leader,
            snapshot_id,
            aborted_transactions,
            preferred_read_replica,
            records,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        out.i32(self.partition_index)?;
        out.i16(self.error_code)?;
        out.i64(self.high_watermark)?;
        out.i64(self.last_stable_offset)?;
        if version >= 5 {
            out.i64(self.log_start_offset)?;
        }
        out.nullable_array(self.aborted_transactions.as_ref(), flexible, |out, element| {
            element.write(out, version)
        })?;
        if version >= 11 {
            out.i32(self.preferred_read_replica)?;
        }
        out.nullable_records(self.records.as_ref(), flexible)?;
        if version < 12 && self.diverging_epoch != EpochEndOffset::default() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionData",
                field: "DivergingEpoch",
                version,
            });
        }
        if version < 12 && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionData",
                field: "CurrentLeader",
                version,
            });
        }
        if version < 12 && self.snapshot_id != SnapshotId::default() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionData",
                field: "SnapshotId",
                version,
            });
        }
        if version < 11 && self.preferred_read_replica != -1 {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionData",
                field: "PreferredReadReplica",
                version,
            });
        }
        if flexible {
            out.uvarint(
                u32::from(self.diverging_epoch != EpochEndOffset::default())
                    + u32::from(self.current_leader != LeaderIdAndEpoch::default())
                    + u32::from(self.snapshot_id != SnapshotId::default()),
            );
            if self.diverging_epoch != EpochEndOffset::default() {
                out.tag(0, |out| self.diverging_epoch.write(out, version))?;
                self.diverging_epoch.write(out, version)?;
            }
            if self.current_leader != LeaderIdAndEpoch::default() {
                out.tag(1, |out| self.current_leader.write(out, version))?;
                self.current_leader.write(out, version)?;
            }
            if self.snapshot_id != SnapshotId::default() {
                out.tag(2, |out| self.snapshot_id.write(out, version))?;
                self.snapshot_id.write(out, version)?;
            }
        }
        Ok(())
    }
}
/// A part of `FetchResponse`, versions 12–18.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochEndOffset {
    pub epoch: i32,
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self { epoch: -1, end_offset: -1 }
    }
}

impl Structure for EpochEndOffset {
    const LEAST: usize = 13;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let epoch = reader.i32()?;
        let end_offset = reader.i64()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { epoch, end_offset })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.epoch)?;
        out.i64(self.end_offset)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `FetchResponse`, versions 12–18.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderIdAndEpoch {
    pub leader_id: i32,
    pub leader_epoch: i32,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self { leader_id: -1, leader_epoch: -1 }
    }
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
/// A part of `FetchResponse`, versions 12–18.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotId {
    pub end_offset: i64,
    pub epoch: i32,
}

impl Default for SnapshotId {
    fn default() -> Self {
        Self { end_offset: -1, epoch: -1 }
    }
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
/// A part of `FetchResponse`, versions 4–18.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AbortedTransaction {
    pub producer_id: i64,
    pub first_offset: i64,
}

impl Structure for AbortedTransaction {
    const LEAST: usize = 16;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let producer_id = reader.i64()?;
        let first_offset = reader.i64()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { producer_id, first_offset })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        out.i64(self.producer_id)?;
        out.i64(self.first_offset)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `FetchResponse`, versions 16–18.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeEndpoint {
    pub node_id: i32,
    pub host: Str,
    pub port: i32,
    pub rack: Option<Str>,
}

impl Structure for NodeEndpoint {
    const LEAST: usize = 11;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let node_id = reader.i32()?;
        let host = reader.str(true)?;
        let port = reader.i32()?;
        let rack = reader.nullable_str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { node_id, host, port, rack })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.node_id)?;
        out.str(&self.host, true)?;
        out.i32(self.port)?;
        out.nullable_str(self.rack.as_ref(), true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for FetchResponse {
    const NAME: &'static str = "FetchResponse";
    const VERSIONS: RangeInclusive<i16> = 4..=18;
    const FLEXIBLE_FROM: i16 = 12;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Response for FetchResponse {
    const KEY: ApiKey = ApiKey::Fetch;
}
