//! `UpdateRaftVoterResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `UpdateRaftVoterResponse`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateRaftVoterResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,

    /// Tag 0.
    pub current_leader: CurrentLeader,
}

impl Structure for UpdateRaftVoterResponse {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let mut current_leader = CurrentLeader::default();
        reader.tagged(|reader, tag| {
            match tag {
                0 => current_leader = CurrentLeader::read(reader, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { throttle_time_ms, error_code, current_leader })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.uvarint(u32::from(self.current_leader != CurrentLeader::default()));
        if self.current_leader != CurrentLeader::default() {
            out.tag(0, |out| self.current_leader.write(out, version))?;
            self.current_leader.write(out, version)?;
        }
        Ok(())
    }
}
/// A part of `UpdateRaftVoterResponse`, versions 0.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentLeader {
    pub leader_id: i32,
    pub leader_epoch: i32,
    pub host: Str,
    pub port: i32,
}

impl Default for CurrentLeader {
    fn default() -> Self {
        Self { leader_id: -1, leader_epoch: -1, host: Str::default(), port: 0 }
    }
}

impl Structure for CurrentLeader {
    const LEAST: usize = 14;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let host = reader.str(true)?;
        let port = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { leader_id, leader_epoch, host, port })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        out.str(&self.host, true)?;
        out.i32(self.port)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for UpdateRaftVoterResponse {
    const NAME: &'static str = "UpdateRaftVoterResponse";
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

impl Response for UpdateRaftVoterResponse {
    const KEY: ApiKey = ApiKey::UpdateRaftVoter;
}
