//! `OffsetFetchRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `OffsetFetchRequest`, versions 1–10.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequest {
    /// In versions 1–7.
    pub group_id: Str,

    /// In versions 1–7.
    pub topics: Option<Vec<OffsetFetchRequestTopic>>,

    /// In versions 8–10.
    pub groups: Vec<OffsetFetchRequestGroup>,

    /// In versions 7–10.
    pub require_stable: bool,
}

impl Default for OffsetFetchRequest {
    fn default() -> Self {
        Self { group_id: Str::default(), topics: Some(Vec::new()), groups: Vec::new(), require_stable: false }
    }
}

impl Structure for OffsetFetchRequest {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let group_id = if version <= 7 { reader.str(flexible)? } else { Str::default() };
        let topics = if version <= 7 {
            (if version >= 2 {
                reader.nullable_array(flexible, OffsetFetchRequestTopic::LEAST, |reader| {
                    OffsetFetchRequestTopic::read(reader, version)
                })
            } else {
                reader
                    .array(flexible, OffsetFetchRequestTopic::LEAST, |reader| {
                        OffsetFetchRequestTopic::read(reader, version)
                    })
                    .map(Some)
            })?
        } else {
            Some(Vec::new())
        };
        let groups = if version >= 8 {
            reader.array(true, OffsetFetchRequestGroup::LEAST, |reader| {
                OffsetFetchRequestGroup::read(reader, version)
            })?
        } else {
            Vec::new()
        };
        let require_stable = if version >= 7 { reader.bool()? } else { false };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { group_id, topics, groups, require_stable })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        if version <= 7 {
            out.str(&self.group_id, flexible)?;
        }
        if version <= 7 {
            (if version >= 2 {
                out.nullable_array(self.topics.as_ref(), flexible, |out, element| element.write(out, version))
            } else {
                let Some(value) = &self.topics else {
                    return Err(EncodeError::Null {
                        structure: "OffsetFetchRequest",
                        field: "Topics",
                        version,
                    });
                };
                out.array(value, flexible, |out, element| element.write(out, version))
            })?;
        }
        if version >= 8 {
            out.array(&self.groups, true, |out, element| element.write(out, version))?;
        }
        if version >= 7 {
            out.bool(self.require_stable)?;
        }
        if version > 7 && !self.group_id.bytes().is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "OffsetFetchRequest",
                field: "GroupId",
                version,
            });
        }
        if version > 7 && self.topics.as_ref().is_some_and(|value| !value.is_empty()) {
            return Err(EncodeError::FieldAbsent {
                structure: "OffsetFetchRequest",
                field: "Topics",
                version,
            });
        }
        if version < 8 && !self.groups.is_empty() {
            return Err(EncodeError::FieldAbsent {
                structure: "OffsetFetchRequest",
                field: "Groups",
                version,
            });
        }
        if version < 7 && self.require_stable {
            return Err(EncodeError::FieldAbsent {
                structure: "OffsetFetchRequest",
                field: "RequireStable",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `OffsetFetchRequest`, versions 1–7.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchRequestTopic {
    pub name: Str,
    pub partition_indexes: Vec<i32>,
}

impl Structure for OffsetFetchRequestTopic {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = reader.str(flexible)?;
        let partition_indexes = reader.array(flexible, 4, |reader| reader.i32())?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { name, partition_indexes })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        out.str(&self.name, flexible)?;
        out.array(&self.partition_indexes, flexible, |out, element| out.i32(*element))?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `OffsetFetchRequest`, versions 8–10.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequestGroup {
    pub group_id: Str,

    /// In versions 9–10.
    pub member_id: Option<Str>,

    /// In versions 9–10.
    pub member_epoch: i32,
    pub topics: Option<Vec<OffsetFetchRequestTopics>>,
}

impl Default for OffsetFetchRequestGroup {
    fn default() -> Self {
        Self { group_id: Str::default(), member_id: None, member_epoch: -1, topics: Some(Vec::new()) }
    }
}

impl Structure for OffsetFetchRequestGroup {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let group_id = reader.str(true)?;
        let member_id = if version >= 9 { reader.nullable_str(true)? } else { None };
        let member_epoch = if version >= 9 { reader.i32()? } else { -1 };
        let topics = reader.nullable_array(true, OffsetFetchRequestTopics::LEAST, |reader| {
            OffsetFetchRequestTopics::read(reader, version)
        })?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { group_id, member_id, member_epoch, topics })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        out.str(&self.group_id, true)?;
        if version >= 9 {
            out.nullable_str(self.member_id.as_ref(), true)?;
        }
        if version >= 9 {
            out.i32(self.member_epoch)?;
        }
        out.nullable_array(self.topics.as_ref(), true, |out, element| element.write(out, version))?;
        out.uvarint(0);
        Ok(())
    }
}
/// A part of `OffsetFetchRequest`, versions 8–10.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchRequestTopics {
    /// In versions 8–9.
    pub name: Str,

    /// In versions 10.
    pub topic_id: Uuid,
    pub partition_indexes: Vec<i32>,
}

impl Structure for OffsetFetchRequestTopics {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let name = if version <= 9 { reader.str(true)? } else { Str::default() };
        let topic_id = if version >= 10 { reader.uuid()? } else { Uuid::ZERO };
        let partition_indexes = reader.array(true, 4, |reader| reader.i32())?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, topic_id, partition_indexes })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            out.str(&self.name, true)?;
        }
        if version >= 10 {
            out.uuid(&self.topic_id)?;
        }
        out.array(&self.partition_indexes, true, |out, element| out.i32(*element))?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for OffsetFetchRequest {
    const NAME: &'static str = "OffsetFetchRequest";
    const VERSIONS: RangeInclusive<i16> = 1..=10;
    const FLEXIBLE_FROM: i16 = 6;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for OffsetFetchRequest {
    const KEY: ApiKey = ApiKey::OffsetFetch;
    type Response = super::offset_fetch_response::OffsetFetchResponse;
}
