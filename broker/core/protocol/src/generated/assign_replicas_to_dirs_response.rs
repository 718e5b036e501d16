//! `AssignReplicasToDirsResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `AssignReplicasToDirsResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssignReplicasToDirsResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub directories: Vec<DirectoryData>,
}

impl Structure for AssignReplicasToDirsResponse {
    const LEAST: usize = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let directories =
            reader.array(true, DirectoryData::LEAST, |reader| DirectoryData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { throttle_time_ms, error_code, directories })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.array(&self.directories, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AssignReplicasToDirsResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DirectoryData {
    pub id: Uuid,
    pub topics: Vec<TopicData>,
}

impl Structure for DirectoryData {
    const LEAST: usize = 18;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let id = reader.uuid()?;
        let topics = reader.array(true, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { id, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.uuid(&self.id)?;
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AssignReplicasToDirsResponse`, versions 0.
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
/// A part of `AssignReplicasToDirsResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
    pub error_code: i16,
}

impl Structure for PartitionData {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let error_code = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { partition_index, error_code })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.i16(self.error_code)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for AssignReplicasToDirsResponse {
    const NAME: &'static str = "AssignReplicasToDirsResponse";
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

impl Response for AssignReplicasToDirsResponse {
    const KEY: ApiKey = ApiKey::AssignReplicasToDirs;
}
