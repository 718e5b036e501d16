//! `EndQuorumEpochResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `EndQuorumEpochResponse`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndQuorumEpochResponse {
    pub error_code: i16,
    pub topics: Vec<TopicData>,

    /// In versions 1. Tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Structure for EndQuorumEpochResponse {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let error_code = reader.i16()?;
        let topics = reader.array(flexible, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        let mut node_endpoints = Vec::new();
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 => {
                        node_endpoints = reader
                            .array(true, NodeEndpoint::LEAST, |reader| NodeEndpoint::read(reader, version))?
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self { error_code, topics, node_endpoints })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.i16(self.error_code)?;
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if version < 1 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "EndQuorumEpochResponse",
                field: "NodeEndpoints",
                version,
            });
        }
        if flexible {
            out.uvarint(u32::from(!self.node_endpoints.is_empty()));
            if !self.node_endpoints.is_empty() {
                out.tag(0, |out| {
                    out.array(&self.node_endpoints, true, |out, element| element.write(out, version))
                })?;
                out.array(&self.node_endpoints, true, |out, element| element.write(out, version))?;
            }
        }
        Ok(())
    }
}
/// A part of `EndQuorumEpochResponse`, versions 0–1.
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
/// A part of `EndQuorumEpochResponse`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub error_code: i16,
    pub leader_id: i32,
    pub leader_epoch: i32,
}

impl Structure for PartitionData {
    const LEAST: usize = 14;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let partition_index = reader.i32()?;
        let error_code = reader.i16()?;
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, error_code, leader_id, leader_epoch })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.i32(self.partition_index)?;
        out.i16(self.error_code)?;
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `EndQuorumEpochResponse`, versions 1.
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
impl Message for EndQuorumEpochResponse {
    const NAME: &'static str = "EndQuorumEpochResponse";
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

impl Response for EndQuorumEpochResponse {
    const KEY: ApiKey = ApiKey::EndQuorumEpoch;
}
