//! `PartitionRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Uuid;
use std::ops::RangeInclusive;

/// Kafka's `PartitionRecord`, versions 0–2.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionRecord {
    pub partition_id: i32,
    pub topic_id: Uuid,
    pub replicas: Vec<i32>,
    pub isr: Vec<i32>,
    pub removing_replicas: Vec<i32>,
    pub adding_replicas: Vec<i32>,
    pub leader: i32,

    /// Tag 0.
    pub leader_recovery_state: i8,
    pub leader_epoch: i32,
    pub partition_epoch: i32,

    /// In versions 1–2.
    pub directories: Vec<Uuid>,

    /// In versions 2. Tag 1.
    pub eligible_leader_replicas: Option<Vec<i32>>,

    /// In versions 2. Tag 2.
    pub last_known_elr: Option<Vec<i32>>,
}

impl Default for PartitionRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::ZERO,
            replicas: Vec::new(),
            isr: Vec::new(),
            removing_replicas: Vec::new(),
            adding_replicas: Vec::new(),
            leader: -1,
            leader_recovery_state: 0,
            leader_epoch: -1,
            partition_epoch: -1,
            directories: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}

impl Structure for PartitionRecord {
    const LEAST: usize = 37;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let partition_id = reader.i32()?;
        let topic_id = reader.uuid()?;
        let replicas = reader.array(true, 4, |reader| reader.i32())?;
        let isr = reader.array(true, 4, |reader| reader.i32())?;
        let removing_replicas = reader.array(true, 4, |reader| reader.i32())?;
        let adding_replicas = reader.array(true, 4, |reader| reader.i32())?;
        let leader = reader.i32()?;
        let leader_epoch = reader.i32()?;
        let partition_epoch = reader.i32()?;
        let directories =
            if version >= 1 { reader.array(true, 16, |reader| reader.uuid())? } else { Vec::new() };
        let mut leader_recovery_state = 0;
        let mut eligible_leader_replicas = None;
        let mut last_known_elr = None;
        reader.tagged(|reader, tag| {
            match tag {
                0 => leader_recovery_state = reader.i8()?,
                1 if version >= 2 => {
                    eligible_leader_replicas = reader.nullable_array(true, 4, |reader| reader.i32())?
                }
                2 if version >= 2 => {
                    last_known_elr = reader.nullable_array(true, 4, |reader| reader.i32())?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            partition_id,
            topic_id,
            replicas,
            isr,
            removing_replicas,
            adding_replicas,
            leader,
            leader_recovery_state,
            leader_epoch,
            partition_epoch,
            directories,
            eligible_leader_replicas,
            last_known_elr,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.i32(self.partition_id)?;
        out.uuid(&self.topic_id)?;
        out.array(&self.replicas, true, |out, element| out.i32(*element))?;
        out.array(&self.isr, true, |out, element| out.i32(*element))?;
        out.array(&self.removing_replicas, true, |out, element| out.i32(*element))?;
        out.array(&self.adding_replicas, true, |out, element| out.i32(*element))?;
        out.i32(self.leader)?;
        out.i32(self.leader_epoch)?;
        out.i32(self.partition_epoch)?;
        if version >= 1 {
            out.array(&self.directories, true, |out, element| out.uuid(element))?;
        }
        if version < 1 && !self.directories.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionRecord",
                field: "Directories",
                version,
            });
        }
        if version < 2 && self.eligible_leader_replicas.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionRecord",
                field: "EligibleLeaderReplicas",
                version,
            });
        }
        if version < 2 && self.last_known_elr.is_some() {
            return Err(EncodeError::FieldAbsent {
                structure: "PartitionRecord",
                field: "LastKnownElr",
                version,
            });
        }
        out.uvarint(
            u32::from(self.leader_recovery_state != 0)
                + u32::from(version >= 2 && self.eligible_leader_replicas.is_some())
                + u32::from(version >= 2 && self.last_known_elr.is_some()),
        );
        if self.leader_recovery_state != 0 {
            out.uvarint(0);
            out.uvarint(1);
            out.i8(self.leader_recovery_state)?;
        }
        if version >= 2 && self.eligible_leader_replicas.is_some() {
            out.tag(1, |out| {
                out.nullable_array(self.eligible_leader_replicas.as_ref(), true, |out, element| {
                    out.i32(*element)
                })
            })?;
            out.nullable_array(self.eligible_leader_replicas.as_ref(), true, |out, element| {
                out.i32(*element)
            })?;
        }
        if version >= 2 && self.last_known_elr.is_some() {
            out.tag(2, |out| {
                out.nullable_array(self.last_known_elr.as_ref(), true, |out, element| out.i32(*element))
            })?;
            out.nullable_array(self.last_known_elr.as_ref(), true, |out, element| out.i32(*element))?;
        }
        Ok(())
    }
}
impl Message for PartitionRecord {
    const NAME: &'static str = "PartitionRecord";
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

impl Metadata for PartitionRecord {
    const TYPE: u32 = 3;
}
