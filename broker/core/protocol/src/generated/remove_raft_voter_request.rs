//! `RemoveRaftVoterRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `RemoveRaftVoterRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveRaftVoterRequest {
    pub cluster_id: Option<Str>,
    pub voter_id: i32,
    pub voter_directory_id: Uuid,
}

impl Structure for RemoveRaftVoterRequest {
    const LEAST: usize = 22;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let cluster_id = reader.nullable_str(true)?;
        let voter_id = reader.i32()?;
        let voter_directory_id = reader.uuid()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { cluster_id, voter_id, voter_directory_id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.nullable_str(self.cluster_id.as_ref(), true)?;
        out.i32(self.voter_id)?;
        out.uuid(&self.voter_directory_id)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for RemoveRaftVoterRequest {
    const NAME: &'static str = "RemoveRaftVoterRequest";
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

impl Request for RemoveRaftVoterRequest {
    const KEY: ApiKey = ApiKey::RemoveRaftVoter;
    type Response = super::remove_raft_voter_response::RemoveRaftVoterResponse;
}
