//! `ListPartitionReassignmentsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ListPartitionReassignmentsRequest`, versions 0.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPartitionReassignmentsRequest {
    pub timeout_ms: i32,
    pub topics: Option<Vec<ListPartitionReassignmentsTopics>>,
}

impl Default for ListPartitionReassignmentsRequest {
    fn default() -> Self {
        Self { timeout_ms: 60000, topics: None }
    }
}

impl Structure for ListPartitionReassignmentsRequest {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let timeout_ms = reader.i32()?;
        let topics = reader.nullable_array(true, ListPartitionReassignmentsTopics::LEAST, |reader| {
            ListPartitionReassignmentsTopics::read(reader, version)
        })?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { timeout_ms, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.timeout_ms)?;
        out.nullable_array(self.topics.as_ref(), true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `ListPartitionReassignmentsRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListPartitionReassignmentsTopics {
    pub name: Str,
    pub partition_indexes: Vec<i32>,
}

impl Structure for ListPartitionReassignmentsTopics {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let partition_indexes = reader.array(true, 4, |reader| reader.i32())?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, partition_indexes })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.array(&self.partition_indexes, true, |out, element| out.i32(*element))?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for ListPartitionReassignmentsRequest {
    const NAME: &'static str = "ListPartitionReassignmentsRequest";
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

impl Request for ListPartitionReassignmentsRequest {
    const KEY: ApiKey = ApiKey::ListPartitionReassignments;
    type Response = super::list_partition_reassignments_response::ListPartitionReassignmentsResponse;
}
