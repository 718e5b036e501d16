//! `BrokerHeartbeatRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `BrokerHeartbeatRequest`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerHeartbeatRequest {
    pub broker_id: i32,
    pub broker_epoch: i64,
    pub current_metadata_offset: i64,
    pub want_fence: bool,
    pub want_shut_down: bool,

    /// In versions 1–2. Tag 0.
    pub offline_log_dirs: Vec<Uuid>,

    /// In versions 2. Tag 1.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl Default for BrokerHeartbeatRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
            current_metadata_offset: 0,
            want_fence: false,
            want_shut_down: false,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}

impl Structure for BrokerHeartbeatRequest {
    const LEAST: usize = 23;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let broker_id = reader.i32()?;
        let broker_epoch = reader.i64()?;
        let current_metadata_offset = reader.i64()?;
        let want_fence = reader.bool()?;
        let want_shut_down = reader.bool()?;
        let mut offline_log_dirs = Vec::new();
        let mut cordoned_log_dirs = None;
        reader.tagged(|reader, tag| {
            match tag {
                0 if version >= 1 => offline_log_dirs = reader.array(true, 16, |reader| reader.uuid())?,
                1 if version >= 2 => {
                    cordoned_log_dirs = reader.nullable_array(true, 16, |reader| reader.uuid())?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            broker_id,
            broker_epoch,
            current_metadata_offset,
            want_fence,
            want_shut_down,
            offline_log_dirs,
            cordoned_log_dirs,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.broker_id)?;
        out.i64(self.broker_epoch)?;
        out.i64(self.current_metadata_offset)?;
        out.bool(self.want_fence)?;
        out.bool(self.want_shut_down)?;
        if version < 1 && !self.offline_log_dirs.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "BrokerHeartbeatRequest",
                field: "OfflineLogDirs",
                version,
            });
        }
        if version < 2 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "BrokerHeartbeatRequest",
                field: "CordonedLogDirs",
                version,
            });
        }
        out.uvarint(
            u32::from(version >= 1 && !self.offline_log_dirs.is_empty())
                + u32::from(version >= 2 && self.cordoned_log_dirs.is_some()),
        );
        if version >= 1 && !self.offline_log_dirs.is_empty() {
            out.tag(0, |out| out.array(&self.offline_log_dirs, true, |out, element| out.uuid(element)))?;
            out.array(&self.offline_log_dirs, true, |out, element| out.uuid(element))?;
        }
        if version >= 2 && self.cordoned_log_dirs.is_some() {
            out.tag(1, |out| {
                out.nullable_array(self.cordoned_log_dirs.as_ref(), true, |out, element| out.uuid(element))
            })?;
            out.nullable_array(self.cordoned_log_dirs.as_ref(), true, |out, element| out.uuid(element))?;
        }
        Ok(())
    }
}
impl Message for BrokerHeartbeatRequest {
    const NAME: &'static str = "BrokerHeartbeatRequest";
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

impl Request for BrokerHeartbeatRequest {
    const KEY: ApiKey = ApiKey::BrokerHeartbeat;
    type Response = super::broker_heartbeat_response::BrokerHeartbeatResponse;
}
