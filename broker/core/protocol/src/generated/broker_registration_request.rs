//! `BrokerRegistrationRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `BrokerRegistrationRequest`, versions 0–4.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerRegistrationRequest {
    pub broker_id: i32,
    pub cluster_id: Str,
    pub incarnation_id: Uuid,
    pub listeners: Vec<Listener>,
    pub features: Vec<Feature>,
    pub rack: Option<Str>,

    /// In versions 1–4.
    pub is_migrating_zk_broker: bool,

    /// In versions 2–4.
    pub log_dirs: Vec<Uuid>,

    /// In versions 3–4.
    pub previous_broker_epoch: i64,
}

impl Default for BrokerRegistrationRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            cluster_id: Str::default(),
            incarnation_id: Uuid::ZERO,
            listeners: Vec::new(),
            features: Vec::new(),
            rack: None,
            is_migrating_zk_broker: false,
            log_dirs: Vec::new(),
            previous_broker_epoch: -1,
        }
    }
}

impl Structure for BrokerRegistrationRequest {
    const LEAST: usize = 25;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let broker_id = reader.i32()?;
        let cluster_id = reader.str(true)?;
        let incarnation_id = reader.uuid()?;
        let listeners = reader.array(true, Listener::LEAST, |reader| Listener::read(reader, version))?;
        let features = reader.array(true, Feature::LEAST, |reader| Feature::read(reader, version))?;
        let rack = reader.nullable_str(true)?;
        let is_migrating_zk_broker = if version >= 1 { reader.bool()? } else { false };
        let log_dirs =
            if version >= 2 { reader.array(true, 16, |reader| reader.uuid())? } else { Vec::new() };
        let previous_broker_epoch = if version >= 3 { reader.i64()? } else { -1 };
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            broker_id,
            cluster_id,
            incarnation_id,
            listeners,
            features,
            rack,
            is_migrating_zk_broker,
            log_dirs,
            previous_broker_epoch,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.broker_id)?;
        out.str(&self.cluster_id, true)?;
        out.uuid(&self.incarnation_id)?;
        out.array(&self.listeners, true, |out, element| element.write(out, version))?;
        out.array(&self.features, true, |out, element| element.write(out, version))?;
        out.nullable_str(self.rack.as_ref(), true)?;
        if version >= 1 {
            out.bool(self.is_migrating_zk_broker)?;
        }
        if version >= 2 {
            out.array(&self.log_dirs, true, |out, element| out.uuid(element))?;
        }
        if version >= 3 {
            out.i64(self.previous_broker_epoch)?;
        }
        if version < 1 && self.is_migrating_zk_broker {
            return Err(EncodeError::FieldAbsent {
                structure: "BrokerRegistrationRequest",
                field: "IsMigratingZkBroker",
                version,
            });
        }
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `BrokerRegistrationRequest`, versions 0–4.
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
/// A part of `BrokerRegistrationRequest`, versions 0–4.
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
impl Message for BrokerRegistrationRequest {
    const NAME: &'static str = "BrokerRegistrationRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=4;
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

impl Request for BrokerRegistrationRequest {
    const KEY: ApiKey = ApiKey::BrokerRegistration;
    type Response = super::broker_registration_response::BrokerRegistrationResponse;
}
