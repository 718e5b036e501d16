//! `ControllerRegistrationRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `ControllerRegistrationRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControllerRegistrationRequest {
    pub controller_id: i32,
    pub incarnation_id: Uuid,
    pub zk_migration_ready: bool,
    pub listeners: Vec<Listener>,
    pub features: Vec<Feature>,
}

impl Structure for ControllerRegistrationRequest {
    const LEAST: usize = 24;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let controller_id = reader.i32()?;
        let incarnation_id = reader.uuid()?;
        let zk_migration_ready = reader.bool()?;
        let listeners = reader.array(true, Listener::LEAST, |reader| Listener::read(reader, version))?;
        let features = reader.array(true, Feature::LEAST, |reader| Feature::read(reader, version))?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { controller_id, incarnation_id, zk_migration_ready, listeners, features })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.controller_id)?;
        out.uuid(&self.incarnation_id)?;
        out.bool(self.zk_migration_ready)?;
        out.array(&self.listeners, true, |out, element| element.write(out, version))?;
        out.array(&self.features, true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `ControllerRegistrationRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener {
    pub name: Str,
    pub host: Str,
    pub port: u16,
    pub security_protocol: i16,
}

impl Structure for Listener {
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
/// A part of `ControllerRegistrationRequest`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feature {
    pub name: Str,
    pub min_supported_version: i16,
    pub max_supported_version: i16,
}

impl Structure for Feature {
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
impl Message for ControllerRegistrationRequest {
    const NAME: &'static str = "ControllerRegistrationRequest";
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

impl Request for ControllerRegistrationRequest {
    const KEY: ApiKey = ApiKey::ControllerRegistration;
    type Response = super::controller_registration_response::ControllerRegistrationResponse;
}
