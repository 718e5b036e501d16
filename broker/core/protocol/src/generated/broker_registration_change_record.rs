//! `BrokerRegistrationChangeRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `BrokerRegistrationChangeRecord`, versions 0–3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerRegistrationChangeRecord {
    pub broker_id: i32,
    pub broker_epoch: i64,

    /// Tag 0.
    pub fenced: i8,

    /// In versions 1–3. Tag 1.
    pub in_controlled_shutdown: i8,

    /// In versions 2–3. Tag 2.
    pub log_dirs: Vec<Uuid>,

    /// In versions 3. Tag 3.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl Structure for BrokerRegistrationChangeRecord {
    const LEAST: usize = 13;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let broker_id = reader.i32()?;
        let broker_epoch = reader.i64()?;
        let mut fenced = 0;
        let mut in_controlled_shutdown = 0;
        let mut log_dirs = Vec::new();
        let mut cordoned_log_dirs = None;
        reader.tagged(|reader, tag| {
            match tag {
                0 => fenced = reader.i8()?,
                1 if version >= 1 => in_controlled_shutdown = reader.i8()?,
                2 if version >= 2 => log_dirs = reader.array(true, 16, |reader| reader.uuid())?,
                3 if version >= 3 => {
                    cordoned_log_dirs = reader.nullable_array(true, 16, |reader| reader.uuid())?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { broker_id, broker_epoch, fenced, in_controlled_shutdown, log_dirs, cordoned_log_dirs })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.broker_id)?;
        out.i64(self.broker_epoch)?;
        if version < 1 && self.in_controlled_shutdown != 0 {
            return Err(EncodeError::FieldAbsent {
                structure: "BrokerRegistrationChangeRecord",
                field: "InControlledShutdown",
                version,
            });
        }
        if version < 2 && !self.log_dirs.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "BrokerRegistrationChangeRecord",
                field: "LogDirs",
                version,
            });
        }
        if version < 3 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "BrokerRegistrationChangeRecord",
                field: "CordonedLogDirs",
                version,
            });
        }
        out.uvarint(
            u32::from(self.fenced != 0)
                + u32::from(version >= 1 && self.in_controlled_shutdown != 0)
                + u32::from(version >= 2 && !self.log_dirs.is_empty())
                + u32::from(version >= 3 && self.cordoned_log_dirs.is_some()),
        );
        if self.fenced != 0 {
            out.uvarint(0);
            out.uvarint(1);
            out.i8(self.fenced)?;
        }
        if version >= 1 && self.in_controlled_shutdown != 0 {
            out.uvarint(1);
            out.uvarint(1);
            out.i8(self.in_controlled_shutdown)?;
        }
        if version >= 2 && !self.log_dirs.is_empty() {
            out.tag(2, |out| out.array(&self.log_dirs, true, |out, element| out.uuid(element)))?;
            out.array(&self.log_dirs, true, |out, element| out.uuid(element))?;
        }
        if version >= 3 && self.cordoned_log_dirs.is_some() {
            out.tag(3, |out| {
                out.nullable_array(self.cordoned_log_dirs.as_ref(), true, |out, element| out.uuid(element))
            })?;
            out.nullable_array(self.cordoned_log_dirs.as_ref(), true, |out, element| out.uuid(element))?;
        }
        Ok(())
    }
}
impl Message for BrokerRegistrationChangeRecord {
    const NAME: &'static str = "BrokerRegistrationChangeRecord";
    const VERSIONS: RangeInclusive<i16> = 0..=3;
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

impl Metadata for BrokerRegistrationChangeRecord {
    const TYPE: u32 = 17;
}
