//! `RegisterBrokerRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `RegisterBrokerRecord`, versions 0–4.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterBrokerRecord {
    pub broker_id: i32,

    /// In versions 2–4.
    pub is_migrating_zk_broker: bool,
    pub incarnation_id: Uuid,
    pub broker_epoch: i64,
    pub end_points: Vec<BrokerEndpoint>,
    pub features: Vec<BrokerFeature>,
    pub rack: Option<Str>,
    pub fenced: bool,

    /// In versions 1–4.
    pub in_controlled_shutdown: bool,

    /// In versions 3–4. Tag 0.
    pub log_dirs: Vec<Uuid>,

    /// In versions 4. Tag 1.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl Default for RegisterBrokerRecord {
    fn default() -> Self {
        Self {
            broker_id: 0,
            is_migrating_zk_broker: false,
            incarnation_id: Uuid::ZERO,
            broker_epoch: 0,
            end_points: Vec::new(),
            features: Vec::new(),
            rack: None,
            fenced: true,
            in_controlled_shutdown: false,
            log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}

impl Structure for RegisterBrokerRecord {
    const LEAST: usize = 33;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let broker_id = reader.i32()?;
        let is_migrating_zk_broker = if version >= 2 { reader.bool()? } else { false };
        let incarnation_id = reader.uuid()?;
        let broker_epoch = reader.i64()?;
        let end_points =
            reader.array(true, BrokerEndpoint::LEAST, |reader| BrokerEndpoint::read(reader, version))?;
        let features =
            reader.array(true, BrokerFeature::LEAST, |reader| BrokerFeature::read(reader, version))?;
        let rack = reader.nullable_str(true)?;
        let fenced = reader.bool()?;
        let in_controlled_shutdown = if version >= 1 { reader.bool()? } else { false };
        let mut log_dirs = Vec::new();
        let mut cordoned_log_dirs = None;
        reader.tagged(|reader, tag| {
            match tag {
                0 if version >= 3 => log_dirs = reader.array(true, 16, |reader| reader.uuid())?,
                1 if version >= 4 => {
                    cordoned_log_dirs = reader.nullable_array(true, 16, |reader| reader.uuid())?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            broker_id,
            is_migrating_zk_broker,
            incarnation_id,
            broker_epoch,
            end_points,
            features,
            rack,
            fenced,
            in_controlled_shutdown,
            log_dirs,
            cordoned_log_dirs,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.broker_id)?;
        if version >= 2 {
            out.bool(self.is_migrating_zk_broker)?;
        }
        out.uuid(&self.incarnation_id)?;
        out.i64(self.broker_epoch)?;
        out.array(&self.end_points, true, |out, element| element.write(out, version))?;
        out.array(&self.features, true, |out, element| element.write(out, version))?;
        out.nullable_str(self.rack.as_ref(), true)?;
        out.bool(self.fenced)?;
        if version >= 1 {
            out.bool(self.in_controlled_shutdown)?;
        }
        if version < 2 && self.is_migrating_zk_broker {
            return Err(EncodeError::FieldAbsent {
                structure: "RegisterBrokerRecord",
                field: "IsMigratingZkBroker",
                version,
            });
        }
        if version < 1 && self.in_controlled_shutdown {
            return Err(EncodeError::FieldAbsent {
                structure: "RegisterBrokerRecord",
                field: "InControlledShutdown",
                version,
            });
        }
        if version < 3 && !self.log_dirs.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "RegisterBrokerRecord",
                field: "LogDirs",
                version,
            });
        }
        if version < 4 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "RegisterBrokerRecord",
                field: "CordonedLogDirs",
                version,
            });
        }
        out.uvarint(
            u32::from(version >= 3 && !self.log_dirs.is_empty())
                + u32::from(version >= 4 && self.cordoned_log_dirs.is_some()),
        );
        if version >= 3 && !self.log_dirs.is_empty() {
            out.tag(0, |out| out.array(&self.log_dirs, true, |out, element| out.uuid(element)))?;
            out.array(&self.log_dirs, true, |out, element| out.uuid(element))?;
        }
        if version >= 4 && self.cordoned_log_dirs.is_some() {
            out.tag(1, |out| {
                out.nullable_array(self.cordoned_log_dirs.as_ref(), true, |out, element| out.uuid(element))
            })?;
            out.nullable_array(self.cordoned_log_dirs.as_ref(), true, |out, element| out.uuid(element))?;
        }
        Ok(())
    }
}
/// A part of `RegisterBrokerRecord`, versions 0–4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerEndpoint {
    pub name: Str,
    pub host: Str,
    pub port: u16,
    pub security_protocol: i16,
}

impl Structure for BrokerEndpoint {
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
/// A part of `RegisterBrokerRecord`, versions 0–4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerFeature {
    pub name: Str,
    pub min_supported_version: i16,
    pub max_supported_version: i16,
}

impl Structure for BrokerFeature {
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
impl Message for RegisterBrokerRecord {
    const NAME: &'static str = "RegisterBrokerRecord";
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

impl Metadata for RegisterBrokerRecord {
    const TYPE: u32 = 0;
}
