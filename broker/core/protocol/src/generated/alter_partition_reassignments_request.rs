//! `AlterPartitionReassignmentsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `AlterPartitionReassignmentsRequest`, versions 0–1.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterPartitionReassignmentsRequest {
    pub timeout_ms: i32,

    /// In versions 1.
    pub allow_replication_factor_change: bool,
    pub topics: Vec<ReassignableTopic>,
}

impl Default for AlterPartitionReassignmentsRequest {
    fn default() -> Self {
        Self { timeout_ms: 60000, allow_replication_factor_change: true, topics: Vec::new() }
    }
}

impl Structure for AlterPartitionReassignmentsRequest {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let timeout_ms = reader.i32()?;
        let allow_replication_factor_change = if version >= 1 { reader.bool()? } else { true };
        let topics = reader
            .array(true, ReassignableTopic::LEAST, |reader| ReassignableTopic::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { timeout_ms, allow_replication_factor_change, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.timeout_ms)?;
        if version >= 1 {
            out.bool(self.allow_replication_factor_change)?;
        }
        out.array(&self.topics, true, |out, element| element.write(out, version))?;
        if version < 1 && !self.allow_replication_factor_change {
            return Err(EncodeError::FieldAbsent {
                structure: "AlterPartitionReassignmentsRequest",
                field: "AllowReplicationFactorChange",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AlterPartitionReassignmentsRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReassignableTopic {
    pub name: Str,
    pub partitions: Vec<ReassignablePartition>,
}

impl Structure for ReassignableTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let partitions = reader.array(true, ReassignablePartition::LEAST, |reader| {
            ReassignablePartition::read(reader, version)
        })?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.array(&self.partitions, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AlterPartitionReassignmentsRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReassignablePartition {
    pub partition_index: i32,
    pub replicas: Option<Vec<i32>>,
}

impl Structure for ReassignablePartition {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = reader.i32()?;
        let replicas = reader.nullable_array(true, 4, |reader| reader.i32())?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { partition_index, replicas })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_index)?;
        out.nullable_array(self.replicas.as_ref(), true, |out, element| out.i32(*element))?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for AlterPartitionReassignmentsRequest {
    const NAME: &'static str = "AlterPartitionReassignmentsRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=1;
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

impl Request for AlterPartitionReassignmentsRequest {
    const KEY: ApiKey = ApiKey::AlterPartitionReassignments;
    type Response = super::alter_partition_reassignments_response::AlterPartitionReassignmentsResponse;
}
