//! `DescribeTopicPartitionsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `DescribeTopicPartitionsResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeTopicPartitionsResponse {
    pub throttle_time_ms: i32,
    pub topics: Vec<DescribeTopicPartitionsResponseTopic>,
    pub next_cursor: Option<Cursor>,
}

impl Structure for DescribeTopicPartitionsResponse {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let topics = reader.array(true, DescribeTopicPartitionsResponseTopic::LEAST, |reader| {
            DescribeTopicPartitionsResponseTopic::read(reader, version)
        })?;
        let next_cursor = reader.nullable(|reader| Cursor::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { throttle_time_ms, topics, next_cursor })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.nullable(self.next_cursor.as_ref(), |out, value| value.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeTopicPartitionsResponse`, versions 0.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsResponseTopic {
    pub error_code: i16,
    pub name: Option<Str>,
    pub topic_id: Uuid,
    pub is_internal: bool,
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    pub topic_authorized_operations: i32,
}

impl Default for DescribeTopicPartitionsResponseTopic {
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

impl Structure for DescribeTopicPartitionsResponseTopic {
    const LEAST: usize = 26;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let error_code = reader.i16()?;
        let name = reader.nullable_str(true)?;
        let topic_id = reader.uuid()?;
        let is_internal = reader.bool()?;
        let partitions = reader.array(true, DescribeTopicPartitionsResponsePartition::LEAST, |reader| {
            DescribeTopicPartitionsResponsePartition::read(reader, version)
        })?;
        let topic_authorized_operations = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { error_code, name, topic_id, is_internal, partitions, topic_authorized_operations })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i16(self.error_code)?;
        out.nullable_str(self.name.as_ref(), true)?;
        out.uuid(&self.topic_id)?;
        out.bool(self.is_internal)?;
        out.array(&self.partitions, true, |out, element| element.write(out, version))?;
        out.i32(self.topic_authorized_operations)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeTopicPartitionsResponse`, versions 0.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsResponsePartition {
    pub error_code: i16,
    pub partition_index: i32,
    pub leader_id: i32,
    pub leader_epoch: i32,
    pub replica_nodes: Vec<i32>,
    pub isr_nodes: Vec<i32>,
    pub eligible_leader_replicas: Option<Vec<i32>>,
    pub last_known_elr: Option<Vec<i32>>,
    pub offline_replicas: Vec<i32>,
}

impl Default for DescribeTopicPartitionsResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
            offline_replicas: Vec::new(),
        }
    }
}

impl Structure for DescribeTopicPartitionsResponsePartition {
    const LEAST: usize = 20;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let error_code = reader.i16()?;
        let partition_index = reader.i32()?;
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let replica_nodes = reader.array(true, 4, |reader| reader.i32())?;
        let isr_nodes = reader.array(true, 4, |reader| reader.i32())?;
        let eligible_leader_replicas = reader.nullable_array(true, 4, |reader| reader.i32())?;
        let last_known_elr = reader.nullable_array(true, 4, |reader| reader.i32())?;
        let offline_replicas = reader.array(true, 4, |reader| reader.i32())?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            error_code,
            partition_index,
            leader_id,
            leader_epoch,
            replica_nodes,
            isr_nodes,
            eligible_leader_replicas,
            last_known_elr,
            offline_replicas,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i16(self.error_code)?;
        out.i32(self.partition_index)?;
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        out.array(&self.replica_nodes, true, |out, element| out.i32(*element))?;
        out.array(&self.isr_nodes, true, |out, element| out.i32(*element))?;
        out.nullable_array(self.eligible_leader_replicas.as_ref(), true, |out, element| out.i32(*element))?;
        out.nullable_array(self.last_known_elr.as_ref(), true, |out, element| out.i32(*element))?;
        out.array(&self.offline_replicas, true, |out, element| out.i32(*element))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeTopicPartitionsResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cursor {
    pub topic_name: Str,
    pub partition_index: i32,
}

impl Structure for Cursor {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let topic_name = reader.str(true)?;
        let partition_index = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { topic_name, partition_index })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.topic_name, true)?;
        out.i32(self.partition_index)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for DescribeTopicPartitionsResponse {
    const NAME: &'static str = "DescribeTopicPartitionsResponse";
    const VERSIONS: RangeInclusive<i16> = 0..=0;
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

impl Response for DescribeTopicPartitionsResponse {
    const KEY: ApiKey = ApiKey::DescribeTopicPartitions;
}
