//! `AlterPartitionRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `AlterPartitionRequest`, versions 2–3.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterPartitionRequest {
    pub broker_id: i32,
    pub broker_epoch: i64,
    pub topics: Vec<TopicData>,
}

impl Default for AlterPartitionRequest {
    fn default() -> Self {
        Self { broker_id: 0, broker_epoch: -1, topics: Vec::new() }
    }
}

impl Structure for AlterPartitionRequest {
    const LEAST: usize = 14;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let broker_id = reader.i32()?;
        let broker_epoch = reader.i64()?;
        let topics = reader.array(true, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { broker_id, broker_epoch, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.broker_id)?;
        out.i64(self.broker_epoch)?;
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AlterPartitionRequest`, versions 2–3.
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
/// A part of `AlterPartitionRequest`, versions 2–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub leader_epoch: i32,

    /// In versions 2.
    pub new_isr: Vec<i32>,

    /// In versions 3.
    pub new_isr_with_epochs: Vec<BrokerState>,
    pub leader_recovery_state: i8,
    pub partition_epoch: i32,
}

impl Structure for PartitionData {
    const LEAST: usize = 15;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let new_isr = if version <= 2 { reader.array(true, 4, |reader| reader.i32())? } else { Vec::new() };
        let new_isr_with_epochs = if version >= 3 {
            reader.array(true, BrokerState::LEAST, |reader| BrokerState::read(reader, version))?
        } else {
            Vec::new()
        };
        let leader_recovery_state = reader.i8()?;
        let partition_epoch = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            partition_index,
            leader_epoch,
            new_isr,
            new_isr_with_epochs,
            leader_recovery_state,
            partition_epoch,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.i32(self.leader_epoch)?;
        if version <= 2 {
            out.array(&self.new_isr, true, |out, element| out.i32(*element))?;
        }
        if version >= 3 {
            out.array(&self.new_isr_with_epochs, true, |out, element| element.write(out, version))?;
        }
        out.i8(self.leader_recovery_state)?;
        out.i32(self.partition_epoch)?;
        if version > 2 && !self.new_isr.is_empty() {
            return Err(EncodeError::FieldAbsent { structure: "PartitionData", field: "NewIsr", version });
        }
        if version < 3 && !self.new_isr_with_epochs.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionData",
                field: "NewIsrWithEpochs",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AlterPartitionRequest`, versions 3.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerState {
    pub broker_id: i32,
    pub broker_epoch: i64,
}

impl Default for BrokerState {
    fn default() -> Self {
        Self { broker_id: 0, broker_epoch: -1 }
    }
}

impl Structure for BrokerState {
    const LEAST: usize = 13;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let broker_id = reader.i32()?;
        let broker_epoch = reader.i64()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { broker_id, broker_epoch })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.broker_id)?;
        out.i64(self.broker_epoch)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for AlterPartitionRequest {
    const NAME: &'static str = "AlterPartitionRequest";
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

impl Request for AlterPartitionRequest {
    const KEY: ApiKey = ApiKey::AlterPartition;
    type Response = super::alter_partition_response::AlterPartitionResponse;
}
