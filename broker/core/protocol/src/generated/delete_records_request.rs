//! `DeleteRecordsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DeleteRecordsRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsRequest {
    pub topics: Vec<DeleteRecordsTopic>,
    pub timeout_ms: i32,
}

impl Structure for DeleteRecordsRequest {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let topics = reader
            .array(flexible, DeleteRecordsTopic::LEAST, |reader| DeleteRecordsTopic::read(reader, version))?;
        let timeout_ms = reader.i32()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topics, timeout_ms })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.array(&self.topics, flexible, |out, element| element.write(out, version))?;
        out.i32(self.timeout_ms)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DeleteRecordsRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsTopic {
    pub name: Str,
    pub partitions: Vec<DeleteRecordsPartition>,
}

impl Structure for DeleteRecordsTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let name = reader.str(flexible)?;
        let partitions = reader.array(flexible, DeleteRecordsPartition::LEAST, |reader| {
            DeleteRecordsPartition::read(reader, version)
        })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, partitions })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.str(&self.name, flexible)?;
        out.array(&self.partitions, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `DeleteRecordsRequest`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsPartition {
    pub partition_index: i32,
    pub offset: i64,
}

impl Structure for DeleteRecordsPartition {
    const LEAST: usize = 12;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let partition_index = reader.i32()?;
        let offset = reader.i64()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { partition_index, offset })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i32(self.partition_index)?;
        out.i64(self.offset)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for DeleteRecordsRequest {
    const NAME: &'static str = "DeleteRecordsRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=2;
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

impl Request for DeleteRecordsRequest {
    const KEY: ApiKey = ApiKey::DeleteRecords;
    type Response = super::delete_records_response::DeleteRecordsResponse;
}
