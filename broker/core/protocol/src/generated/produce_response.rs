//! `ProduceResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `ProduceResponse`, versions 3–13.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProduceResponse {
    pub responses: Vec<TopicProduceResponse>,
    pub throttle_time_ms: i32,

    /// In versions 10–13. Tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl Structure for ProduceResponse {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let responses = reader.array(flexible, TopicProduceResponse::LEAST, |reader| {
            TopicProduceResponse::read(reader, version)
        })?;
        let throttle_time_ms = reader.i32()?;
        let mut node_endpoints = Vec::new();
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 if version >= 10 => {
                        node_endpoints = reader
                            .array(true, NodeEndpoint::LEAST, |reader| NodeEndpoint::read(reader, version))?
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self { responses, throttle_time_ms, node_endpoints })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        out.array(&self.responses, flexible, |out, element| element.write(out, version))?;
        out.i32(self.throttle_time_ms)?;
        if version < 10 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "ProduceResponse",
                field: "NodeEndpoints",
                version,
            });
        }
        if flexible {
            out.uvarint(u32::from(version >= 10 && !self.node_endpoints.is_empty()));
            if version >= 10 && !self.node_endpoints.is_empty() {
                out.tag(0, |out| {
                    out.array(&self.node_endpoints, true, |out, element| element.write(out, version))
                })?;
                out.array(&self.node_endpoints, true, |out, element| element.write(out, version))?;
            }
        }
        Ok(())
    }
}
/// A part of `ProduceResponse`, versions 3–13.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicProduceResponse {
    /// In versions 3–12.
    pub name: Str,

    /// In versions 13.
    pub topic_id: Uuid,
    pub partition_responses: Vec<PartitionProduceResponse>,
}

impl Structure for TopicProduceResponse {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let name = if version <= 12 { reader.str(flexible)? } else { Str::default() };
        let topic_id = if version >= 13 { reader.uuid()? } else { Uuid::ZERO };
        let partition_responses = reader.array(flexible, PartitionProduceResponse::LEAST, |reader| {
            PartitionProduceResponse::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, topic_id, partition_responses })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version <= 12 {
            out.str(&self.name, flexible)?;
        }
        if version >= 13 {
            out.uuid(&self.topic_id)?;
        }
        out.array(&self.partition_responses, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `ProduceResponse`, versions 3–13.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionProduceResponse {
    pub index: i32,
    pub error_code: i16,
    pub base_offset: i64,
    pub log_append_time_ms: i64,

    /// In versions 5–13.
    pub log_start_offset: i64,

    /// In versions 8–13.
    pub record_errors: Vec<BatchIndexAndErrorMessage>,

    /// In versions 8–13.
    pub error_message: Option<Str>,

    /// In versions 10–13. Tag 0.
    pub current_leader: LeaderIdAndEpoch,
}

impl Default for PartitionProduceResponse {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: 0,
            base_offset: 0,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            error_message: None,
            current_leader: LeaderIdAndEpoch::default(),
        }
    }
}

impl Structure for PartitionProduceResponse {
    const LEAST: usize = 22;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let index = reader.i32()?;
        let error_code = reader.i16()?;
        let base_offset = reader.i64()?;
        let log_append_time_ms = reader.i64()?;
        let log_start_offset = if version >= 5 { reader.i64()? } else { -1 };
        let record_errors = if version >= 8 {
            reader.array(flexible, BatchIndexAndErrorMessage::LEAST, |reader| {
                BatchIndexAndErrorMessage::read(reader, version)
            })?
        } else {
            Vec::new()
        };
        let error_message = if version >= 8 { reader.nullable_str(flexible)? } else { None };
        let mut current_leader = LeaderIdAndEpoch::default();
        if flexible {
            reader.tagged(|reader, tag| {
                match tag {
                    0 if version >= 10 => current_leader = LeaderIdAndEpoch::read(reader, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            index,
            error_code,
            base_offset,
            log_append_time_ms,
            log_start_offset,
            record_errors,
            error_message,
            current_leader,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        out.i32(self.index)?;
        out.i16(self.error_code)?;
        out.i64(self.base_offset)?;
        out.i64(self.log_append_time_ms)?;
        if version >= 5 {
            out.i64(self.log_start_offset)?;
        }
        if version >= 8 {
            out.array(&self.record_errors, flexible, |out, element| element.write(out, version))?;
        }
        if version >= 8 {
            out.nullable_str(self.error_message.as_ref(), flexible)?;
        }
        if version < 10 && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionProduceResponse",
                field: "CurrentLeader",
                version,
            });
        }
        if flexible {
            out.uvarint(u32::from(version >= 10 && self.current_leader != LeaderIdAndEpoch::default()));
            if version >= 10 && self.current_leader != LeaderIdAndEpoch::default() {
                out.tag(0, |out| self.current_leader.write(out, version))?;
                self.current_leader.write(out, version)?;
            }
        }
        Ok(())
    }
}
/// A part of `ProduceResponse`, versions 8–13.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchIndexAndErrorMessage {
    pub batch_index: i32,
    pub batch_index_error_message: Option<Str>,
}

impl Structure for BatchIndexAndErrorMessage {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let batch_index = reader.i32()?;
        let batch_index_error_message = reader.nullable_str(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { batch_index, batch_index_error_message })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        out.i32(self.batch_index)?;
        out.nullable_str(self.batch_index_error_message.as_ref(), flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `ProduceResponse`, versions 10–13.
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
/// A part of `ProduceResponse`, versions 10–13.
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
impl Message for ProduceResponse {
    const NAME: &'static str = "ProduceResponse";
    const VERSIONS: RangeInclusive<i16> = 3..=13;
    const FLEXIBLE_FROM: i16 = 9;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Response for ProduceResponse {
    const KEY: ApiKey = ApiKey::Produce;
}
