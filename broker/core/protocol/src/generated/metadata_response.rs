//! `MetadataResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `MetadataResponse`, versions 0–13.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponse {
    /// In versions 3–13.
    pub throttle_time_ms: i32,
    pub brokers: Vec<MetadataResponseBroker>,

    /// In versions 2–13.
    pub cluster_id: Option<Str>,

    /// In versions 1–13.
    pub controller_id: i32,
    pub topics: Vec<MetadataResponseTopic>,

    /// In versions 8–10.
    pub cluster_authorized_operations: i32,

    /// In versions 13.
    pub error_code: i16,
}

impl Default for MetadataResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            brokers: Vec::new(),
            cluster_id: None,
            controller_id: -1,
            topics: Vec::new(),
            cluster_authorized_operations: i32::MIN,
            error_code: 0,
        }
    }
}

impl Structure for MetadataResponse {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let throttle_time_ms = if version >= 3 { reader.i32()? } else { 0 };
        let brokers = reader.array(flexible, MetadataResponseBroker::LEAST, |reader| {
            MetadataResponseBroker::read(reader, version)
        })?;
        let cluster_id = if version >= 2 { reader.nullable_str(flexible)? } else { None };
        let controller_id = if version >= 1 { reader.i32()? } else { -1 };
        let topics = reader.array(flexible, MetadataResponseTopic::LEAST, |reader| {
            MetadataResponseTopic::read(reader, version)
        })?;
        let cluster_authorized_operations =
            if (8..=10).contains(&version) { reader.i32()? } else { i32::MIN };
        let error_code = if version >= 13 { reader.i16()? } else { 0 };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            throttle_time_ms,
            brokers,
            cluster_id,
            controller_id,
            topics,
            cluster_authorized_operations,
            error_code,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version >= 3 {
            out.i32(self.throttle_time_ms)?;
        }
        out.array(&self.brokers, flexible, |out, element| element.write(out, version))?;
        if version >= 2 {
            out.nullable_str(self.cluster_id.as_ref(), flexible)?;
        }
        if version >= 1 {
            out.i32(self.controller_id)?;
        }
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        if (8..=10).contains(&version) {
            out.i32(self.cluster_authorized_operations)?;
        }
        if version >= 13 {
            out.i16(self.error_code)?;
        }
        if !(8..=10).contains(&version) && self.cluster_authorized_operations != i32::MIN {
            return Err(EncodeError::FieldAbsent {
                structure: "MetadataResponse",
                field: "ClusterAuthorizedOperations",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `MetadataResponse`, versions 0–13.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataResponseBroker {
    pub node_id: i32,
    pub host: Str,
    pub port: i32,

    /// In versions 1–13.
    pub rack: Option<Str>,
}

impl Structure for MetadataResponseBroker {
    const LEAST: usize = 10;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let node_id = reader.i32()?;
        let host = reader.str(flexible)?;
        let port = reader.i32()?;
        let rack = if version >= 1 { reader.nullable_str(flexible)? } else { None };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { node_id, host, port, rack })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        out.i32(self.node_id)?;
        out.str(&self.host, flexible)?;
        out.i32(self.port)?;
        if version >= 1 {
            out.nullable_str(self.rack.as_ref(), flexible)?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `MetadataResponse`, versions 0–13.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponseTopic {
    pub error_code: i16,
    pub name: Option<Str>,

    /// In versions 10–13.
    pub topic_id: Uuid,

    /// In versions 1–13.
    pub is_internal: bool,
    pub partitions: Vec<MetadataResponsePartition>,

    /// In versions 8–13.
    pub topic_authorized_operations: i32,
}

impl Default for MetadataResponseTopic {
    fn default() -> Self {
        Self {
            error_code: 0,
            name: None,
            topic_id: Uuid::ZERO,
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: i32::MIN,
        }
    }
}

impl Structure for MetadataResponseTopic {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let error_code = reader.i16()?;
        let name =
            (if version >= 12 { reader.nullable_str(flexible) } else { reader.str(flexible).map(Some) })?;
        let topic_id = if version >= 10 { reader.uuid()? } else { Uuid::ZERO };
        let is_internal = if version >= 1 { reader.bool()? } else { false };
        let partitions = reader.array(flexible, MetadataResponsePartition::LEAST, |reader| {
            MetadataResponsePartition::read(reader, version)
        })?;
        let topic_authorized_operations = if version >= 8 { reader.i32()? } else { i32::MIN };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { error_code, name, topic_id, is_internal, partitions, topic_authorized_operations })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        out.i16(self.error_code)?;
        (if version >= 12 {
            out.nullable_str(self.name.as_ref(), flexible)
        } else {
            let Some(value) = &self.name else {
                return Err(EncodeError::Null { structure: "MetadataResponseTopic", field: "Name", version });
            };
            out.str(value, flexible)
        })?;
        if version >= 10 {
            out.uuid(&self.topic_id)?;
        }
        if version >= 1 {
            out.bool(self.is_internal)?;
        }
        out.array(&self.partitions, flexible, |out, element| element.write(out, version))?;
        if version >= 8 {
            out.i32(self.topic_authorized_operations)?;
        }
        if version < 8 && self.topic_authorized_operations != i32::MIN {
            return Err(EncodeError::FieldAbsent {
                structure: "MetadataResponseTopic",
                field: "TopicAuthorizedOperations",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `MetadataResponse`, versions 0–13.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponsePartition {
    pub error_code: i16,
    pub partition_index: i32,
    pub leader_id: i32,

    /// In versions 7–13.
    pub leader_epoch: i32,
    pub replica_nodes: Vec<i32>,
    pub isr_nodes: Vec<i32>,

    /// In versions 5–13.
    pub offline_replicas: Vec<i32>,
}

impl Default for MetadataResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            offline_replicas: Vec::new(),
        }
    }
}

impl Structure for MetadataResponsePartition {
    const LEAST: usize = 18;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let error_code = reader.i16()?;
        let partition_index = reader.i32()?;
        let leader_id = reader.i32()?;
        let leader_epoch = if version >= 7 { reader.i32()? } else { -1 };
        let replica_nodes = reader.array(flexible, 4, |reader| reader.i32())?;
        let isr_nodes = reader.array(flexible, 4, |reader| reader.i32())?;
        let offline_replicas =
            if version >= 5 { reader.array(flexible, 4, |reader| reader.i32())? } else { Vec::new() };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            error_code,
            partition_index,
            leader_id,
            leader_epoch,
            replica_nodes,
            isr_nodes,
            offline_replicas,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        out.i16(self.error_code)?;
        out.i32(self.partition_index)?;
        out.i32(self.leader_id)?;
        if version >= 7 {
            out.i32(self.leader_epoch)?;
        }
        out.array(&self.replica_nodes, flexible, |out, element| out.i32(*element))?;
        out.array(&self.isr_nodes, flexible, |out, element| out.i32(*element))?;
        if version >= 5 {
            out.array(&self.offline_replicas, flexible, |out, element| out.i32(*element))?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for MetadataResponse {
    const NAME: &'static str = "MetadataResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=13;
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

impl Response for MetadataResponse {
    const KEY: ApiKey = ApiKey::Metadata;
}
