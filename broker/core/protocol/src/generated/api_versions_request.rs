//! `ApiVersionsRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `ApiVersionsRequest`, versions 0–5.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiVersionsRequest {
    /// In versions 3–5.
    pub client_software_name: Str,

    /// In versions 3–5.
    pub client_software_version: Str,

    /// In versions 5.
    pub cluster_id: Option<Str>,

    /// In versions 5.
    pub node_id: i32,
}

impl Default for ApiVersionsRequest {
    fn default() -> Self {
        Self {
            client_software_name: Str::default(),
            client_software_version: Str::default(),
            cluster_id: None,
            node_id: -1,
        }
    }
}

impl Structure for ApiVersionsRequest {
    const LEAST: usize = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let client_software_name = if version >= 3 { reader.str(true)? } else { Str::default() };
        let client_software_version = if version >= 3 { reader.str(true)? } else { Str::default() };
        let cluster_id = if version >= 5 { reader.nullable_str(true)? } else { None };
        let node_id = if version >= 5 { reader.i32()? } else { -1 };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { client_software_name, client_software_version, cluster_id, node_id })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        if version >= 3 {
            out.str(&self.client_software_name, true)?;
        }
        if version >= 3 {
            out.str(&self.client_software_version, true)?;
        }
        if version >= 5 {
            out.nullable_str(self.cluster_id.as_ref(), true)?;
        }
        if version >= 5 {
            out.i32(self.node_id)?;
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for ApiVersionsRequest {
    const NAME: &'static str = "ApiVersionsRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=5;
    const FLEXIBLE_FROM: i16 = 3;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for ApiVersionsRequest {
    const KEY: ApiKey = ApiKey::ApiVersions;
    type Response = super::api_versions_response::ApiVersionsResponse;
}
