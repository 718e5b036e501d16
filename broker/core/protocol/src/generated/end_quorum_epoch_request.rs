//! `EndQuorumEpochRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `EndQuorumEpochRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndQuorumEpochRequest {
    pub cluster_id: Option<Str>,
    pub topics: Vec<TopicData>,

    /// In versions 1.
    pub leader_endpoints: Vec<LeaderEndpoint>,
}

impl Structure for EndQuorumEpochRequest {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let cluster_id = reader.nullable_str(flexible)?;
        let topics = reader.array(flexible, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        let leader_endpoints = if version >= 1 {
            reader.array(true, LeaderEndpoint::LEAST, |reader| LeaderEndpoint::read(reader, version))?
        } else {
            Vec::new()
        };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { cluster_id, topics, leader_endpoints })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.nullable_str(self.cluster_id.as_ref(), flexible)?;
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if version >= 1 {
            out.array(&self.leader_endpoints, true, |out, element| element.write(out, version))?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `EndQuorumEpochRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData {
    pub topic_name: Str,
    pub partitions: Vec<PartitionData>,
}

impl Structure for TopicData {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let topic_name = reader.str(flexible)?;
        let partitions =
            reader.array(flexible, PartitionData::LEAST, |reader| PartitionData::read(reader, version))?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topic_name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.str(&self.topic_name, flexible)?;
        out.array(&self.partitions, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `EndQuorumEpochRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub leader_id: i32,
    pub leader_epoch: i32,

    /// In versions 0.
    pub preferred_successors: Vec<i32>,

    /// In versions 1.
    pub preferred_candidates: Vec<ReplicaInfo>,
}

impl Structure for PartitionData {
    const LEAST: usize = 14;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let partition_index = reader.i32()?;
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let preferred_successors =
            if version <= 0 { reader.array(false, 4, |reader| reader.i32())? } else { Vec::new() };
        let preferred_candidates = if version >= 1 {
            reader.array(true, ReplicaInfo::LEAST, |reader| ReplicaInfo::read(reader, version))?
        } else {
            Vec::new()
        };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, leader_id, leader_epoch, preferred_successors, preferred_candidates })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.i32(self.partition_index)?;
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        if version <= 0 {
            out.array(&self.preferred_successors, false, |out, element| out.i32(*element))?;
        }
        if version >= 1 {
            out.array(&self.preferred_candidates, true, |out, element| element.write(out, version))?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `EndQuorumEpochRequest`, versions 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaInfo {
    pub candidate_id: i32,
    pub candidate_directory_id: Uuid,
}

impl Structure for ReplicaInfo {
    const LEAST: usize = 21;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let candidate_id = reader.i32()?;
        let candidate_directory_id = reader.uuid()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { candidate_id, candidate_directory_id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.candidate_id)?;
        out.uuid(&self.candidate_directory_id)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `EndQuorumEpochRequest`, versions 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderEndpoint {
    pub name: Str,
    pub host: Str,
    pub port: u16,
}

impl Structure for LeaderEndpoint {
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
impl Message for EndQuorumEpochRequest {
    const NAME: &'static str = "EndQuorumEpochRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=1;
    const FLEXIBLE_FROM: i16 = 1;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for EndQuorumEpochRequest {
    const KEY: ApiKey = ApiKey::EndQuorumEpoch;
    type Response = super::end_quorum_epoch_response::EndQuorumEpochResponse;
}
