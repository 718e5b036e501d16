//! `AlterPartitionResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `AlterPartitionResponse`, versions 2–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterPartitionResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub topics: Vec<TopicData>,
}

impl Structure for AlterPartitionResponse {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let topics = reader.array(true, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { throttle_time_ms, error_code, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AlterPartitionResponse`, versions 2–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData {
    pub topic_id: Uuid,
    pub partitions: Vec<PartitionData>,
}

impl Structure for TopicData {
    const LEAST: usize = 18;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let topic_id = reader.uuid()?;
        let partitions =
            reader.array(true, PartitionData::LEAST, |reader| PartitionData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { topic_id, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.uuid(&self.topic_id)?;
        out.array(&self.partitions, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AlterPartitionResponse`, versions 2–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub error_code: i16,
    pub leader_id: i32,
    pub leader_epoch: i32,
    pub isr: Vec<i32>,
    pub leader_recovery_state: i8,
    pub partition_epoch: i32,
}

impl Structure for PartitionData {
    const LEAST: usize = 21;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let error_code = reader.i16()?;
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let isr = reader.array(true, 4, |reader| reader.i32())?;
        let leader_recovery_state = reader.i8()?;
        let partition_epoch = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            partition_index,
            error_code,
            leader_id,
            leader_epoch,
            isr,
            leader_recovery_state,
            partition_epoch,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.i16(self.error_code)?;
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        out.array(&self.isr, true, |out, element| out.i32(*element))?;
        out.i8(self.leader_recovery_state)?;
        out.i32(self.partition_epoch)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for AlterPartitionResponse {
    const NAME: &'static str = "AlterPartitionResponse";
    const VERSIONS: RangeInclusive<i16> = 2..=3;
    const FLEXIBLE_FROM: i16 = 2;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Response for AlterPartitionResponse {
    const KEY: ApiKey = ApiKey::AlterPartition;
}
