//! `FetchRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `FetchRequest`, versions 4–18.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchRequest {
    /// In versions 12–18. Tag 0.
    pub cluster_id: Option<Str>,

    /// In versions 4–14.
    pub replica_id: i32,

    /// In versions 15–18. Tag 1.
    pub replica_state: ReplicaState,
    pub max_wait_ms: i32,
    pub min_bytes: i32,
    pub max_bytes: i32,
    pub isolation_level: i8,

    /// In versions 7–18.
    pub session_id: i32,

    /// In versions 7–18.
    pub session_epoch: i32,
    pub topics: Vec<FetchTopic>,

    /// In versions 7–18.
    pub forgotten_topics_data: Vec<ForgottenTopic>,

    /// In versions 11–18.
    pub rack_id: Str,
}

impl Default for FetchRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: -1,
            replica_state: ReplicaState::default(),
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: i32::MAX,
            isolation_level: 0,
            session_id: 0,
            session_epoch: -1,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
            rack_id: Str::default(),
        }
    }
}

impl Structure for FetchRequest {
    const LEAST: usize = 21;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let replica_id = if version <= 14 { reader.i32()? } else { -1 };
        let max_wait_ms = reader.i32()?;
        let min_bytes = reader.i32()?;
        let max_bytes = reader.i32()?;
        let isolation_level = reader.i8()?;
        let session_id = if version >= 7 { reader.i32()? } else { 0 };
        let session_epoch = if version >= 7 { reader.i32()? } else { -1 };
        let topics = reader.array(flexible, FetchTopic::LEAST, |reader| FetchTopic::read(reader, version))?;
        let forgotten_topics_data = if version >= 7 {
            reader.array(flexible, ForgottenTopic::LEAST, |reader| ForgottenTopic::read(reader, version))?
        } else {
            Vec::new()
        };
        let rack_id = if version >= 11 { reader.str(flexible)? } else { Str::default() };
        let mut cluster_id = None;
        let mut replica_state = ReplicaState::default();
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 => cluster_id = reader.nullable_str(true)?,
                    1 if version >= 15 => replica_state = ReplicaState::read(reader, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            cluster_id,
            replica_id,
            replica_state,
            max_wait_ms,
            min_bytes,
            max_bytes,
            isolation_level,
            session_id,
            session_epoch,
            topics,
            forgotten_topics_data,
            rack_id,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        if version <= 14 {
            out.i32(self.replica_id)?;
        }
        out.i32(self.max_wait_ms)?;
        out.i32(self.min_bytes)?;
        out.i32(self.max_bytes)?;
        out.i8(self.isolation_level)?;
        if version >= 7 {
            out.i32(self.session_id)?;
        }
        if version >= 7 {
            out.i32(self.session_epoch)?;
        }
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if version >= 7 {
            out.array(&self.forgotten_topics_data, flexible, |out, element| element.write(out, version))?;
        }
        if version >= 11 {
            out.str(&self.rack_id, flexible)?;
        }
        if version > 14 && self.replica_id != -1 {
            return Err(EncodeError::FieldAbsent { structure: "FetchRequest", field: "ReplicaId", version });
        }
        if version < 15 && self.replica_state != ReplicaState::default() {
            return Err(EncodeError::FieldAbsent {
                structure: "FetchRequest",
                field: "ReplicaState",
                version,
            });
        }
        if version < 7 && !self.forgotten_topics_data.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "FetchRequest",
                field: "ForgottenTopicsData",
                version,
            });
        }
        if flexible {
            out.uvarint(
                u32::from(self.cluster_id.is_some())
                    + u32::from(version >= 15 && self.replica_state != ReplicaState::default()),
            );
            if self.cluster_id.is_some() {
                out.tag(0, |out| out.nullable_str(self.cluster_id.as_ref(), true))?;
                out.nullable_str(self.cluster_id.as_ref(), true)?;
            }
            if version >= 15 && self.replica_state != ReplicaState::default() {
                out.tag(1, |out| self.replica_state.write(out, version))?;
                self.replica_state.write(out, version)?;
            }
        }
        Ok(())
    }
}
/// A part of `FetchRequest`, versions 15–18.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaState {
    pub replica_id: i32,
    pub replica_epoch: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self { replica_id: -1, replica_epoch: -1 }
    }
}

impl Structure for ReplicaState {
    const LEAST: usize = 13;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let replica_id = reader.i32()?;
        let replica_epoch = reader.i64()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { replica_id, replica_epoch })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.replica_id)?;
        out.i64(self.replica_epoch)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `FetchRequest`, versions 4–18.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchTopic {
    /// In versions 4–12.
    pub topic: Str,

    /// In versions 13–18.
    pub topic_id: Uuid,
    pub partitions: Vec<FetchPartition>,
}

impl Structure for FetchTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let topic = if version <= 12 { reader.str(flexible)? } else { Str::default() };
        let topic_id = if version >= 13 { reader.uuid()? } else { Uuid::ZERO };
        let partitions =
            reader.array(flexible, FetchPartition::LEAST, |reader| FetchPartition::read(reader, version))?;
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
/// A part of `FetchRequest`, versions 4–18.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchPartition {
    pub partition: i32,

    /// In versions 9–18.
    pub current_leader_epoch: i32,
    pub fetch_offset: i64,

    /// In versions 12–18.
    pub last_fetched_epoch: i32,

    /// In versions 5–18.
    pub log_start_offset: i64,
    pub partition_max_bytes: i32,

    /// In versions 17–18. Tag 0.
    pub replica_directory_id: Uuid,

    /// In versions 18. Tag 1.
    pub high_watermark: i64,
}

impl Default for FetchPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            fetch_offset: 0,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 0,
            replica_directory_id: Uuid::ZERO,
            high_watermark: i64::MAX,
        }
    }
}

impl Structure for FetchPartition {
    const LEAST: usize = 16;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let partition = reader.i32()?;
        let current_leader_epoch = if version >= 9 { reader.i32()? } else { -1 };
        let fetch_offset = reader.i64()?;
        let last_fetched_epoch = if version >= 12 { reader.i32()? } else { -1 };
        let log_start_offset = if version >= 5 { reader.i64()? } else { -1 };
        let partition_max_bytes = reader.i32()?;
        let mut replica_directory_id = Uuid::ZERO;
        let mut high_watermark = i64::MAX;
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 if version >= 17 => replica_directory_id = reader.uuid()?,
                    1 if version >= 18 => high_watermark = reader.i64()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            partition,
            current_leader_epoch,
            fetch_offset,
            last_fetched_epoch,
            log_start_offset,
            partition_max_bytes,
            replica_directory_id,
            high_watermark,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        out.i32(self.partition)?;
        if version >= 9 {
            out.i32(self.current_leader_epoch)?;
        }
        out.i64(self.fetch_offset)?;
        if version >= 12 {
            out.i32(self.last_fetched_epoch)?;
        }
        if version >= 5 {
            out.i64(self.log_start_offset)?;
        }
        out.i32(self.partition_max_bytes)?;
        if version < 12 && self.last_fetched_epoch != -1 {
            return Err(EncodeError::FieldAbsent {
                structure: "FetchPartition",
                field: "LastFetchedEpoch",
                version,
            });
        }
        if flexible {
            out.uvarint(
                u32::from(version >= 17 && self.replica_directory_id != Uuid::ZERO)
                    + u32::from(version >= 18 && self.high_watermark != i64::MAX),
            );
            if version >= 17 && self.replica_directory_id != Uuid::ZERO {
                out.uvarint(0);
                out.uvarint(16);
                out.uuid(&self.replica_directory_id)?;
            }
            if version >= 18 && self.high_watermark != i64::MAX {
                out.uvarint(1);
                out.uvarint(8);
                out.i64(self.high_watermark)?;
            }
        }
        Ok(())
    }
}
/// A part of `FetchRequest`, versions 7–18.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForgottenTopic {
    /// In versions 7–12.
    pub topic: Str,

    /// In versions 13–18.
    pub topic_id: Uuid,
    pub partitions: Vec<i32>,
}

impl Structure for ForgottenTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let topic = if version <= 12 { reader.str(flexible)? } else { Str::default() };
        let topic_id = if version >= 13 { reader.uuid()? } else { Uuid::ZERO };
        let partitions = reader.array(flexible, 4, |reader| reader.i32())?;
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
        out.array(&self.partitions, flexible, |out, element| out.i32(*element))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for FetchRequest {
    const NAME: &'static str = "FetchRequest";
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

impl Request for FetchRequest {
    const KEY: ApiKey = ApiKey::Fetch;
    type Response = super::fetch_response::FetchResponse;
}
