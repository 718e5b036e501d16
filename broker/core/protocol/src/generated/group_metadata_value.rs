//! `GroupMetadataValue`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    Coordinator, DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `GroupMetadataValue`, versions 0–4.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupMetadataValue {
    pub protocol_type: Str,
    pub generation: i32,
    pub protocol: Option<Str>,
    pub leader: Option<Str>,

    /// In versions 2–4.
    pub current_state_timestamp: i64,
    pub members: Vec<MemberMetadata>,
}

impl Default for GroupMetadataValue {
    fn default() -> Self {
        Self {
            protocol_type: Str::default(),
            generation: 0,
            protocol: None,
            leader: None,
            current_state_timestamp: -1,
            members: Vec::new(),
        }
    }
}

impl Structure for GroupMetadataValue {
    const LEAST: usize = 14;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let protocol_type = reader.str(flexible)?;
        let generation = reader.i32()?;
        let protocol = reader.nullable_str(flexible)?;
        let leader = reader.nullable_str(flexible)?;
        let current_state_timestamp = if version >= 2 { reader.i64()? } else { -1 };
        let members =
            reader.array(flexible, MemberMetadata::LEAST, |reader| MemberMetadata::read(reader, version))?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { protocol_type, generation, protocol, leader, current_state_timestamp, members })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.protocol_type, flexible)?;
        out.i32(self.generation)?;
        out.nullable_str(self.protocol.as_ref(), flexible)?;
        out.nullable_str(self.leader.as_ref(), flexible)?;
        if version >= 2 {
            out.i64(self.current_state_timestamp)?;
        }
        out.array(&self.members, flexible, |out, element| element.write(out, version))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `GroupMetadataValue`, versions 0–4.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberMetadata {
    pub member_id: Str,

    /// In versions 3–4.
    pub group_instance_id: Option<Str>,
    pub client_id: Str,
    pub client_host: Str,

    /// In versions 1–4.
    pub rebalance_timeout: i32,
    pub session_timeout: i32,
    pub subscription: Bytes,
    pub assignment: Bytes,
}

impl Default for MemberMetadata {
    fn default() -> Self {
        Self {
            member_id: Str::default(),
            group_instance_id: None,
            client_id: Str::default(),
            client_host: Str::default(),
            rebalance_timeout: -1,
            session_timeout: 0,
            subscription: Bytes::default(),
            assignment: Bytes::default(),
        }
    }
}

impl Structure for MemberMetadata {
    const LEAST: usize = 15;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let member_id = reader.str(flexible)?;
        let group_instance_id = if version >= 3 { reader.nullable_str(flexible)? } else { None };
        let client_id = reader.str(flexible)?;
        let client_host = reader.str(flexible)?;
        let rebalance_timeout = if version >= 1 { reader.i32()? } else { -1 };
        let session_timeout = reader.i32()?;
        let subscription = reader.bytes(flexible)?;
        let assignment = reader.bytes(flexible)?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            member_id,
            group_instance_id,
            client_id,
            client_host,
            rebalance_timeout,
            session_timeout,
            subscription,
            assignment,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        out.str(&self.member_id, flexible)?;
        if version >= 3 {
            out.nullable_str(self.group_instance_id.as_ref(), flexible)?;
        }
        out.str(&self.client_id, flexible)?;
        out.str(&self.client_host, flexible)?;
        if version >= 1 {
            out.i32(self.rebalance_timeout)?;
        }
        out.i32(self.session_timeout)?;
        out.bytes(&self.subscription, flexible)?;
        out.bytes(&self.assignment, flexible)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for GroupMetadataValue {
    const NAME: &'static str = "GroupMetadataValue";
    const VERSIONS: RangeInclusive<i16> = 0..=4;
    const FLEXIBLE_FROM: i16 = 4;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Coordinator for GroupMetadataValue {
    const TYPE: i16 = 2;
}
