//! `MetadataRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Str, Uuid};
use std::ops::RangeInclusive;

/// Kafka's `MetadataRequest`, versions 0–13.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataRequest {
    pub topics: Option<Vec<MetadataRequestTopic>>,

    /// In versions 4–13.
    pub allow_auto_topic_creation: bool,

    /// In versions 8–10.
    pub include_cluster_authorized_operations: bool,

    /// In versions 8–13.
    pub include_topic_authorized_operations: bool,
}

impl Default for MetadataRequest {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
            allow_auto_topic_creation: true,
            include_cluster_authorized_operations: false,
            include_topic_authorized_operations: false,
        }
    }
}

impl Structure for MetadataRequest {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let topics = (if version >= 1 {
            reader.nullable_array(flexible, MetadataRequestTopic::LEAST, |reader| {
                MetadataRequestTopic::read(reader, version)
            })
        } else {
            reader
                .array(flexible, MetadataRequestTopic::LEAST, |reader| {
                    MetadataRequestTopic::read(reader, version)
                })
                .map(Some)
        })?;
        let allow_auto_topic_creation = if version >= 4 { reader.bool()? } else { true };
        let include_cluster_authorized_operations =
            if (8..=10).contains(&version) { reader.bool()? } else { false };
        let include_topic_authorized_operations = if version >= 8 { reader.bool()? } else { false };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            topics,
            allow_auto_topic_creation,
            include_cluster_authorized_operations,
            include_topic_authorized_operations,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        (if version >= 1 {
            out.nullable_array(self.topics.as_ref(), flexible, |out, element| element.write(out, version))
        } else {
            let Some(value) = &self.topics else {
                return Err(EncodeError::Null { structure: "MetadataRequest", field: "Topics", version });
            };
            out.array(value, flexible, |out, element| element.write(out, version))
        })?;
        if version >= 4 {
            out.bool(self.allow_auto_topic_creation)?;
        }
        if (8..=10).contains(&version) {
            out.bool(self.include_cluster_authorized_operations)?;
        }
        if version >= 8 {
            out.bool(self.include_topic_authorized_operations)?;
        }
        if version < 4 && !self.allow_auto_topic_creation {
            return Err(EncodeError::FieldAbsent {
                structure: "MetadataRequest",
                field: "AllowAutoTopicCreation",
                version,
            });
        }
        if !(8..=10).contains(&version) && self.include_cluster_authorized_operations {
            return Err(EncodeError::FieldAbsent {
                structure: "MetadataRequest",
                field: "IncludeClusterAuthorizedOperations",
                version,
            });
        }
        if version < 8 && self.include_topic_authorized_operations {
            return Err(EncodeError::FieldAbsent {
                structure: "MetadataRequest",
                field: "IncludeTopicAuthorizedOperations",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
/// A part of `MetadataRequest`, versions 0–13.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataRequestTopic {
    /// In versions 10–13.
    pub topic_id: Uuid,
    pub name: Option<Str>,
}

impl Structure for MetadataRequestTopic {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let topic_id = if version >= 10 { reader.uuid()? } else { Uuid::ZERO };
        let name =
            (if version >= 10 { reader.nullable_str(flexible) } else { reader.str(flexible).map(Some) })?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { topic_id, name })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version >= 10 {
            out.uuid(&self.topic_id)?;
        }
        (if version >= 10 {
            out.nullable_str(self.name.as_ref(), flexible)
        } else {
            let Some(value) = &self.name else {
                return Err(EncodeError::Null { structure: "MetadataRequestTopic", field: "Name", version });
            };
            out.str(value, flexible)
        })?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for MetadataRequest {
    const NAME: &'static str = "MetadataRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=13;
    const FLEXIBLE_FROM: i16 = 9;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for MetadataRequest {
    const KEY: ApiKey = ApiKey::Metadata;
    type Response = super::metadata_response::MetadataResponse;
}
