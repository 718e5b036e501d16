//! `DescribeClusterResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DescribeClusterResponse`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeClusterResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub error_message: Option<Str>,

    /// In versions 1–2.
    pub endpoint_type: i8,
    pub cluster_id: Str,
    pub controller_id: i32,
    pub brokers: Vec<DescribeClusterBroker>,
    pub cluster_authorized_operations: i32,
}

impl Default for DescribeClusterResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            endpoint_type: 1,
            cluster_id: Str::default(),
            controller_id: -1,
            brokers: Vec::new(),
            cluster_authorized_operations: i32::MIN,
        }
    }
}

impl Structure for DescribeClusterResponse {
    const LEAST: usize = 18;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let error_message = reader.nullable_str(true)?;
        let endpoint_type = if version >= 1 { reader.i8()? } else { 1 };
        let cluster_id = reader.str(true)?;
        let controller_id = reader.i32()?;
        let brokers = reader.array(true, DescribeClusterBroker::LEAST, |reader| {
            DescribeClusterBroker::read(reader, version)
        })?;
        let cluster_authorized_operations = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            throttle_time_ms,
            error_code,
            error_message,
            endpoint_type,
            cluster_id,
            controller_id,
            brokers,
            cluster_authorized_operations,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.nullable_str(self.error_message.as_ref(), true)?;
        if version >= 1 {
            out.i8(self.endpoint_type)?;
        }
        out.str(&self.cluster_id, true)?;
        out.i32(self.controller_id)?;
        out.array(&self.brokers, true, |out, element| element.write(out, version))?;
        out.i32(self.cluster_authorized_operations)?;
        if version < 1 && self.endpoint_type != 1 {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribeClusterResponse",
                field: "EndpointType",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `DescribeClusterResponse`, versions 0–2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeClusterBroker {
    pub broker_id: i32,
    pub host: Str,
    pub port: i32,
    pub rack: Option<Str>,

    /// In versions 2.
    pub is_fenced: bool,
}

impl Structure for DescribeClusterBroker {
    const LEAST: usize = 11;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let broker_id = reader.i32()?;
        let host = reader.str(true)?;
        let port = reader.i32()?;
        let rack = reader.nullable_str(true)?;
        let is_fenced = if version >= 2 { reader.bool()? } else { false };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { broker_id, host, port, rack, is_fenced })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.broker_id)?;
        out.str(&self.host, true)?;
        out.i32(self.port)?;
        out.nullable_str(self.rack.as_ref(), true)?;
        if version >= 2 {
            out.bool(self.is_fenced)?;
        }
        if version < 2 && self.is_fenced {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribeClusterBroker",
                field: "IsFenced",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
impl Message for DescribeClusterResponse {
    const NAME: &'static str = "DescribeClusterResponse";
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

impl Response for DescribeClusterResponse {
    const KEY: ApiKey = ApiKey::DescribeCluster;
}
