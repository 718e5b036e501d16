//! `LeaderChangeMessage`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `LeaderChangeMessage`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderChangeMessage {
    pub version: i16,
    pub leader_id: i32,
    pub voters: Vec<Voter>,
    pub granting_voters: Vec<Voter>,
}

impl Structure for LeaderChangeMessage {
    const LEAST: usize = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let version_ = reader.i16()?;
        let leader_id = reader.i32()?;
        let voters = reader.array(true, Voter::LEAST, |reader| Voter::read(reader, version))?;
        let granting_voters = reader.array(true, Voter::LEAST, |reader| Voter::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { version: version_, leader_id, voters, granting_voters })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i16(self.version)?;
        out.i32(self.leader_id)?;
        out.array(&self.voters, true, |out, element| element.write(out, version))?;
        out.array(&self.granting_voters, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `LeaderChangeMessage`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Voter {
    pub voter_id: i32,

    /// In versions 1.
    pub voter_directory_id: Uuid,
}

impl Structure for Voter {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let voter_id = reader.i32()?;
        let voter_directory_id = if version >= 1 { reader.uuid()? } else { Uuid::ZERO };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { voter_id, voter_directory_id })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.voter_id)?;
        if version >= 1 {
            out.uuid(&self.voter_directory_id)?;
        }
        if version < 1 && self.voter_directory_id != Uuid::ZERO {
            return Err(EncodeError::FieldAbsent { structure: "Voter", field: "VoterDirectoryId", version });
        }
        out.uvarint(0);
        Ok(())
    }
}
impl Message for LeaderChangeMessage {
    const NAME: &'static str = "LeaderChangeMessage";
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
