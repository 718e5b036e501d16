//! `VotersRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `VotersRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VotersRecord {
    pub version: i16,
    pub voters: Vec<Voter>,
}

impl Structure for VotersRecord {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let version_ = reader.i16()?;
        let voters = reader.array(true, Voter::LEAST, |reader| Voter::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { version: version_, voters })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i16(self.version)?;
        out.array(&self.voters, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `VotersRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Voter {
    pub voter_id: i32,
    pub voter_directory_id: Uuid,
    pub endpoints: Vec<Endpoint>,
    pub kraft_version_feature: KRaftVersionFeature,
}

impl Structure for Voter {
    const LEAST: usize = 27;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let voter_id = reader.i32()?;
        let voter_directory_id = reader.uuid()?;
        let endpoints = reader.array(true, Endpoint::LEAST, |reader| Endpoint::read(reader, version))?;
        let kraft_version_feature = KRaftVersionFeature::read(reader, version)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { voter_id, voter_directory_id, endpoints, kraft_version_feature })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.voter_id)?;
        out.uuid(&self.voter_directory_id)?;
        out.array(&self.endpoints, true, |out, element| element.write(out, version))?;
        self.kraft_version_feature.write(out, version)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `VotersRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    pub name: Str,
    pub host: Str,
    pub port: u16,
}

impl Structure for Endpoint {
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
/// A part of `VotersRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KRaftVersionFeature {
    pub min_supported_version: i16,
    pub max_supported_version: i16,
}

impl Structure for KRaftVersionFeature {
    const LEAST: usize = 5;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let min_supported_version = reader.i16()?;
        let max_supported_version = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { min_supported_version, max_supported_version })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i16(self.min_supported_version)?;
        out.i16(self.max_supported_version)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for VotersRecord {
    const NAME: &'static str = "VotersRecord";
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
