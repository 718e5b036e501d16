//! `QuorumStateData`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `QuorumStateData`, versions 0–1.
#[derive(Clone, Debug, PartialEq)]
pub struct QuorumStateData {
    /// In versions 0.
    pub cluster_id: Str,
    pub leader_id: i32,
    pub leader_epoch: i32,
    pub voted_id: i32,

    /// In versions 1.
    pub voted_directory_id: Uuid,

    /// In versions 0.
    pub applied_offset: i64,

    /// In versions 0.
    pub current_voters: Option<Vec<Voter>>,
}

impl Default for QuorumStateData {
    fn default() -> Self {
        Self {
            cluster_id: Str::default(),
            leader_id: -1,
            leader_epoch: -1,
            voted_id: -1,
            voted_directory_id: Uuid::ZERO,
            applied_offset: 0,
            current_voters: Some(Vec::new()),
        }
    }
}

impl Structure for QuorumStateData {
    const LEAST: usize = 23;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let cluster_id = if version <= 0 { reader.str(true)? } else { Str::default() };
        let leader_id = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let voted_id = reader.i32()?;
        let voted_directory_id = if version >= 1 { reader.uuid()? } else { Uuid::ZERO };
        let applied_offset = if version <= 0 { reader.i64()? } else { 0 };
        let current_voters = if version <= 0 {
            reader.nullable_array(true, Voter::LEAST, |reader| Voter::read(reader, version))?
        } else {
            Some(Vec::new())
        };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            cluster_id,
            leader_id,
            leader_epoch,
            voted_id,
            voted_directory_id,
            applied_offset,
            current_voters,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        if version <= 0 {
            out.str(&self.cluster_id, true)?;
        }
        out.i32(self.leader_id)?;
        out.i32(self.leader_epoch)?;
        out.i32(self.voted_id)?;
        if version >= 1 {
            out.uuid(&self.voted_directory_id)?;
        }
        if version <= 0 {
            out.i64(self.applied_offset)?;
        }
        if version <= 0 {
            out.nullable_array(self.current_voters.as_ref(), true, |out, element| {
                element.write(out, version)
            })?;
        }
        if version > 0 && !self.cluster_id.bytes().is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "QuorumStateData",
                field: "ClusterId",
                version,
            });
        }
        if version < 1 && self.voted_directory_id != Uuid::ZERO {
            return Err(EncodeError::FieldAbsent {
                structure: "QuorumStateData",
                field: "VotedDirectoryId",
                version,
            });
        }
        if version > 0 && self.applied_offset != 0 {
            return Err(EncodeError::FieldAbsent {
                structure: "QuorumStateData",
                field: "AppliedOffset",
                version,
            });
        }
        if version > 0 && self.current_voters.as_ref().is_some_and(|value| !value.is_empty()) {
            return Err(EncodeError::FieldAbsent {
                structure: "QuorumStateData",
                field: "CurrentVoters",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `QuorumStateData`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Voter {
    pub voter_id: i32,
}

impl Structure for Voter {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let voter_id = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { voter_id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i32(self.voter_id)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for QuorumStateData {
    const NAME: &'static str = "QuorumStateData";
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
