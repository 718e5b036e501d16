//! `AddRaftVoterRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `AddRaftVoterRequest`, versions 0–1.
#[derive(Clone, Debug, PartialEq)]
pub struct AddRaftVoterRequest {
    pub cluster_id: Option<Str>,
    pub timeout_ms: i32,
    pub voter_id: i32,
    pub voter_directory_id: Uuid,
    pub listeners: Vec<Listener>,

    /// In versions 1.
    pub ack_when_committed: bool,
}

impl Default for AddRaftVoterRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            timeout_ms: 0,
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
            listeners: Vec::new(),
            ack_when_committed: true,
        }
    }
}

impl Structure for AddRaftVoterRequest {
    const LEAST: usize = 27;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let cluster_id = reader.nullable_str(true)?;
        let timeout_ms = reader.i32()?;
        let voter_id = reader.i32()?;
        let voter_directory_id = reader.uuid()?;
        let listeners = reader.array(true, Listener::LEAST, |reader| Listener::read(reader, version))?;
        let ack_when_committed = if version >= 1 { reader.bool()? } else { true };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { cluster_id, timeout_ms, voter_id, voter_directory_id, listeners, ack_when_committed })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.nullable_str(self.cluster_id.as_ref(), true)?;
        out.i32(self.timeout_ms)?;
        out.i32(self.voter_id)?;
        out.uuid(&self.voter_directory_id)?;
        out.array(&self.listeners, true, |out, element| element.write(out, version))?;
        if version >= 1 {
            out.bool(self.ack_when_committed)?;
        }
        if version < 1 && !self.ack_when_committed {
            return Err(EncodeError::FieldAbsent {
                structure: "AddRaftVoterRequest",
                field: "AckWhenCommitted",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `AddRaftVoterRequest`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener {
    pub name: Str,
    pub host: Str,
    pub port: u16,
}

impl Structure for Listener {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let host = reader.str(true)?;
        let port = reader.u16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, host, port })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.str(&self.host, true)?;
        out.u16(self.port)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for AddRaftVoterRequest {
    const NAME: &'static str = "AddRaftVoterRequest";
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

impl Request for AddRaftVoterRequest {
    const KEY: ApiKey = ApiKey::AddRaftVoter;
    type Response = super::add_raft_voter_response::AddRaftVoterResponse;
}
