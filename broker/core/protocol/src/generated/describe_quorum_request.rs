//! `DescribeQuorumRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DescribeQuorumRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeQuorumRequest {
    pub topics: Vec<TopicData>,
}

impl Structure for DescribeQuorumRequest {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let topics = reader.array(true, TopicData::LEAST, |reader| TopicData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeQuorumRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData {
    pub topic_name: Str,
    pub partitions: Vec<PartitionData>,
}

impl Structure for TopicData {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let topic_name = reader.str(true)?;
        let partitions =
            reader.array(true, PartitionData::LEAST, |reader| PartitionData::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { topic_name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.topic_name, true)?;
        out.array(&self.partitions, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeQuorumRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    pub partition_index: i32,
}

impl Structure for PartitionData {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { partition_index })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for DescribeQuorumRequest {
    const NAME: &'static str = "DescribeQuorumRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=2;
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

impl Request for DescribeQuorumRequest {
    const KEY: ApiKey = ApiKey::DescribeQuorum;
    type Response = super::describe_quorum_response::DescribeQuorumResponse;
}
