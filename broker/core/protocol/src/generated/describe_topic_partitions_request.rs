//! `DescribeTopicPartitionsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DescribeTopicPartitionsRequest`, versions 0.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsRequest {
    pub topics: Vec<TopicRequest>,
    pub response_partition_limit: i32,
    pub cursor: Option<Cursor>,
}

impl Default for DescribeTopicPartitionsRequest {
    fn default() -> Self {
        Self { topics: Vec::new(), response_partition_limit: 2000, cursor: None }
    }
}

impl Structure for DescribeTopicPartitionsRequest {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let topics = reader.array(true, TopicRequest::LEAST, |reader| TopicRequest::read(reader, version))?;
        let response_partition_limit = reader.i32()?;
        let cursor = reader.nullable(|reader| Cursor::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { topics, response_partition_limit, cursor })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        out.i32(self.response_partition_limit)?;
        out.nullable(self.cursor.as_ref(), |out, value| value.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeTopicPartitionsRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicRequest {
    pub name: Str,
}

impl Structure for TopicRequest {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeTopicPartitionsRequest`, versions 0.
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
impl Message for DescribeTopicPartitionsRequest {
    const NAME: &'static str = "DescribeTopicPartitionsRequest";
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

impl Request for DescribeTopicPartitionsRequest {
    const KEY: ApiKey = ApiKey::DescribeTopicPartitions;
    type Response = super::describe_topic_partitions_response::DescribeTopicPartitionsResponse;
}
