//! `RegisterControllerRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `RegisterControllerRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegisterControllerRecord {
    pub controller_id: i32,
    pub incarnation_id: Uuid,
    pub zk_migration_ready: bool,
    pub end_points: Vec<ControllerEndpoint>,
    pub features: Vec<ControllerFeature>,
}

impl Structure for RegisterControllerRecord {
    const LEAST: usize = 24;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let controller_id = reader.i32()?;
        let incarnation_id = reader.uuid()?;
        let zk_migration_ready = reader.bool()?;
        let end_points = reader
            .array(true, ControllerEndpoint::LEAST, |reader| ControllerEndpoint::read(reader, version))?;
        let features = reader
            .array(true, ControllerFeature::LEAST, |reader| ControllerFeature::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { controller_id, incarnation_id, zk_migration_ready, end_points, features })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.controller_id)?;
        out.uuid(&self.incarnation_id)?;
        out.bool(self.zk_migration_ready)?;
        out.array(&self.end_points, true, |out, element| element.write(out, version))?;
        out.array(&self.features, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `RegisterControllerRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControllerEndpoint {
    pub name: Str,
    pub host: Str,
    pub port: u16,
    pub security_protocol: i16,
}

impl Structure for ControllerEndpoint {
    const LEAST: usize = 7;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let host = reader.str(true)?;
        let port = reader.u16()?;
        let security_protocol = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, host, port, security_protocol })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.str(&self.host, true)?;
        out.u16(self.port)?;
        out.i16(self.security_protocol)?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `RegisterControllerRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControllerFeature {
    pub name: Str,
    pub min_supported_version: i16,
    pub max_supported_version: i16,
}

impl Structure for ControllerFeature {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let min_supported_version = reader.i16()?;
        let max_supported_version = reader.i16()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, min_supported_version, max_supported_version })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.i16(self.min_supported_version)?;
        out.i16(self.max_supported_version)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for RegisterControllerRecord {
    const NAME: &'static str = "RegisterControllerRecord";
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

impl Metadata for RegisterControllerRecord {
    const TYPE: u32 = 27;
}
