//! `DescribeClusterRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `DescribeClusterRequest`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeClusterRequest {
    pub include_cluster_authorized_operations: bool,

    /// In versions 1–2.
    pub endpoint_type: i8,

    /// In versions 2.
    pub include_fenced_brokers: bool,
}

impl Default for DescribeClusterRequest {
    fn default() -> Self {
        Self { include_cluster_authorized_operations: false, endpoint_type: 1, include_fenced_brokers: false }
    }
}

impl Structure for DescribeClusterRequest {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let include_cluster_authorized_operations = reader.bool()?;
        let endpoint_type = if version >= 1 { reader.i8()? } else { 1 };
        let include_fenced_brokers = if version >= 2 { reader.bool()? } else { false };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { include_cluster_authorized_operations, endpoint_type, include_fenced_brokers })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.bool(self.include_cluster_authorized_operations)?;
        if version >= 1 {
            out.i8(self.endpoint_type)?;
        }
        if version >= 2 {
            out.bool(self.include_fenced_brokers)?;
        }
        if version < 1 && self.endpoint_type != 1 {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribeClusterRequest",
                field: "EndpointType",
                version,
            });
        }
        if version < 2 && self.include_fenced_brokers {
            return Err(EncodeError::FieldAbsent {
                structure: "DescribeClusterRequest",
                field: "IncludeFencedBrokers",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
impl Message for DescribeClusterRequest {
    const NAME: &'static str = "DescribeClusterRequest";
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

impl Request for DescribeClusterRequest {
    const KEY: ApiKey = ApiKey::DescribeCluster;
    type Response = super::describe_cluster_response::DescribeClusterResponse;
}
