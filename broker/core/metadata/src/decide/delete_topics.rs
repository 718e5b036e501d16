//! A topic goes.

use super::Refused;
use crate::{Image, Record, Topic};
use klamm_protocol::{ErrorCode, RemoveTopicRecord};
use klamm_types::TopicId;
use std::sync::Arc;

/// Whether topics may be deleted at all.
///
/// # Errors
/// `TOPIC_DELETION_DISABLED`.
pub fn check_deletion_is_enabled(enabled: bool) -> Result<(), Refused> {
    match enabled {
        true => Ok(()),
        false => Err(Refused::new(
            ErrorCode::TopicDeletionDisabled,
            "topics cannot be deleted: delete.topic.enable is false",
        )),
    }
}

/// The record that deletes a topic, by name or by id, and the topic.
///
/// # Errors
/// `UNKNOWN_TOPIC_OR_PARTITION`, `UNKNOWN_TOPIC_ID`, `INVALID_REQUEST`.
pub fn delete_topic(image: &Image, name: Option<&str>, id: TopicId) -> Result<(Arc<Topic>, Record), Refused> {
    let topic = match (name, id.0.is_zero()) {
        (Some(name), true) => image.topic(name).ok_or_else(|| {
            Refused::new(ErrorCode::UnknownTopicOrPartition, format!("there is no topic {name}"))
        }),
        (None, false) => image.topic_by_id(id).ok_or_else(|| {
            Refused::new(ErrorCode::UnknownTopicId, format!("there is no topic with id {id}"))
        }),
        _ => Err(Refused::new(ErrorCode::InvalidRequest, "a topic to delete has either a name or an id")),
    }?;
    Ok((topic.clone(), RemoveTopicRecord { topic_id: topic.id.0 }.into()))
}
