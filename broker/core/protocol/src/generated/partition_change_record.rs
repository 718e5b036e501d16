//! `PartitionChangeRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `PartitionChangeRecord`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionChangeRecord {
    pub partition_id: i32,
    pub topic_id: Uuid,

    /// Tag 0.
    pub isr: Option<Vec<i32>>,

    /// Tag 1.
    pub leader: i32,

    /// Tag 2.
    pub replicas: Option<Vec<i32>>,

    /// Tag 3.
    pub removing_replicas: Option<Vec<i32>>,

    /// Tag 4.
    pub adding_replicas: Option<Vec<i32>>,

    /// Tag 5.
    pub leader_recovery_state: i8,

    /// In versions 1–2. Tag 8.
    pub directories: Option<Vec<Uuid>>,

    /// In versions 2. Tag 6.
    pub eligible_leader_replicas: Option<Vec<i32>>,

    /// In versions 2. Tag 7.
    pub last_known_elr: Option<Vec<i32>>,
}

impl Default for PartitionChangeRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::ZERO,
            isr: None,
            leader: -2,
            replicas: None,
            removing_replicas: None,
            adding_replicas: None,
            leader_recovery_state: -1,
            directories: None,
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}

impl Structure for PartitionChangeRecord {
    const LEAST: usize = 21;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let partition_id = reader.i32()?;
        let topic_id = reader.uuid()?;
        let mut isr = None;
        let mut leader = -2;
        let mut replicas = None;
        let mut removing_replicas = None;
        let mut adding_replicas = None;
        let mut leader_recovery_state = -1;
        let mut directories = None;
        let mut eligible_leader_replicas = None;
        let mut last_known_elr = None;
        reader.tagged(|reader, tag| {
            match tag {
                0 => isr = reader.nullable_array(true, 4, |reader| reader.i32())?,
                1 => leader = reader.i32()?,
                2 => replicas = reader.nullable_array(true, 4, |reader| reader.i32())?,
                3 => removing_replicas = reader.nullable_array(true, 4, |reader| reader.i32())?,
                4 => adding_replicas = reader.nullable_array(true, 4, |reader| reader.i32())?,
                5 => leader_recovery_state = reader.i8()?,
                8 if version >= 1 => directories = reader.nullable_array(true, 16, |reader| reader.uuid())?,
                6 if version >= 2 => {
                    eligible_leader_replicas = reader.nullable_array(true, 4, |reader| reader.i32())?
                }
                7 if version >= 2 => {
                    last_known_elr = reader.nullable_array(true, 4, |reader| reader.i32())?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            partition_id,
            topic_id,
            isr,
            leader,
            replicas,
            removing_replicas,
            adding_replicas,
            leader_recovery_state,
            directories,
            eligible_leader_replicas,
            last_known_elr,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_id)?;
        out.uuid(&self.topic_id)?;
        if version < 1 && self.directories.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionChangeRecord",
                field: "Directories",
                version,
            });
        }
        if version < 2 && self.eligible_leader_replicas.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionChangeRecord",
                field: "EligibleLeaderReplicas",
                version,
            });
        }
        if version < 2 && self.last_known_elr.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionChangeRecord",
                field: "LastKnownElr",
                version,
            });
        }
        out.uvarint(
            u32::from(self.isr.is_some())
                + u32::from(self.leader != -2)
                + u32::from(self.replicas.is_some())
                + u32::from(self.removing_replicas.is_some())
                + u32::from(self.adding_replicas.is_some())
                + u32::from(self.leader_recovery_state != -1)
                + u32::from(version >= 2 && self.eligible_leader_replicas.is_some())
                + u32::from(version >= 2 && self.last_known_elr.is_some())
                + u32::from(version >= 1 && self.directories.is_some()),
        );
        if self.isr.is_some() {
            out.tag(0, |out| out.nullable_array(self.isr.as_ref(), true, |out, element| out.i32(*element)))?;
            out.nullable_array(self.isr.as_ref(), true, |out, element| out.i32(*element))?;
        }
        if self.leader != -2 {
            out.uvarint(1);
            out.uvarint(4);
            out.i32(self.leader)?;
        }
        if self.replicas.is_some() {
            out.tag(2, |out| {
                out.nullable_array(self.replicas.as_ref(), true, |out, element| out.i32(*element))
            })?;
            out.nullable_array(self.replicas.as_ref(), true, |out, element| out.i32(*element))?;
        }
        if self.removing_replicas.is_some() {
            out.tag(3, |out| {
                out.nullable_array(self.removing_replicas.as_ref(), true, |out, element| out.i32(*element))
            })?;
            out.nullable_array(self.removing_replicas.as_ref(), true, |out, element| out.i32(*element))?;
        }
        if self.adding_replicas.is_some() {
            out.tag(4, |out| {
                out.nullable_array(self.adding_replicas.as_ref(), true, |out, element| out.i32(*element))
            })?;
            out.nullable_array(self.adding_replicas.as_ref(), true, |out, element| out.i32(*element))?;
        }
        if self.leader_recovery_state != -1 {
            out.uvarint(5);
            out.uvarint(1);
            out.i8(self.leader_recovery_state)?;
        }
        if version >= 2 && self.eligible_leader_replicas.is_some() {
            out.tag(6, |out| {
                out.nullable_array(self.eligible_leader_replicas.as_ref(), true, |out, element| {
                    out.i32(*element)
                })
            })?;
            out.nullable_array(self.eligible_leader_replicas.as_ref(), true, |out, element| {
                out.i32(*element)
            })?;
        }
        if version >= 2 && self.last_known_elr.is_some() {
            out.tag(7, |out| {
                out.nullable_array(self.last_known_elr.as_ref(), true, |out, element| out.i32(*element))
            })?;
            out.nullable_array(self.last_known_elr.as_ref(), true, |out, element| out.i32(*element))?;
        }
        if version >= 1 && self.directories.is_some() {
            out.tag(8, |out| {
                out.nullable_array(self.directories.as_ref(), true, |out, element| out.uuid(element))
            })?;
            out.nullable_array(self.directories.as_ref(), true, |out, element| out.uuid(element))?;
        }
        Ok(())
    }
}
impl Message for PartitionChangeRecord {
    const NAME: &'static str = "PartitionChangeRecord";
    const VERSIONS: RangeInclusive<i16> = 0..=2;
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

impl Metadata for PartitionChangeRecord {
    const TYPE: u32 = 5;
}
