//! What a topic may be called.

use super::Refused;
use crate::Image;
use klamm_protocol::ErrorCode;

/// The topic of committed offsets and groups.
pub const CONSUMER_OFFSETS: &str = "__consumer_offsets";
/// The topic of transactions.
pub const TRANSACTION_STATE: &str = "__transaction_state";
/// The metadata log: a topic in name only.
pub const METADATA_TOPIC: &str = "__cluster_metadata";

const LONGEST: usize = 249;

/// Whether Metadata marks the topic as internal.
#[must_use]
pub fn is_internal(name: &str) -> bool {
    name == CONSUMER_OFFSETS || name == TRANSACTION_STATE
}

/// Whether a new topic may have this name.
///
/// # Errors
/// `INVALID_TOPIC_EXCEPTION`, `TOPIC_ALREADY_EXISTS`, `INVALID_REQUEST`.
pub fn check_name(image: &Image, name: &str) -> Result<(), Refused> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if name.is_empty() || name.len() > LONGEST || name == "." || name == ".." || !name.chars().all(legal) {
        let takes =
            format!("1 to {LONGEST} ASCII letters, digits, '.', '_' and '-', and not \".\" or \"..\"");
        return Err(Refused::new(
            ErrorCode::InvalidTopicException,
            format!("the topic name {name:?} is illegal: it takes {takes}"),
        ));
    }
    if name == METADATA_TOPIC {
        return Err(Refused::new(
            ErrorCode::InvalidRequest,
            format!("{name} is the cluster's own log and cannot be created"),
        ));
    }
    if image.topic(name).is_some() {
        return Err(Refused::new(ErrorCode::TopicAlreadyExists, format!("topic {name} exists already")));
    }
    match colliding(image, name) {
        Some(other) => Err(Refused::new(
            ErrorCode::InvalidTopicException,
            format!(
                "the topic name {name} collides with topic {other}: names may not differ in '.' and '_' alone"
            ),
        )),
        None => Ok(()),
    }
}

/// A topic whose metrics would have the same name: there '.' becomes '_' (KAFKA-1451).
fn colliding<'a>(image: &'a Image, name: &str) -> Option<&'a str> {
    if !name.contains(['.', '_']) {
        return None;
    }
    let same = |one: &str| {
        one.len() == name.len() && one.bytes().zip(name.bytes()).all(|(a, b)| unified(a) == unified(b))
    };
    image.topics().map(|topic| topic.name.as_str()).find(|other| same(other))
}

fn unified(letter: u8) -> u8 {
    if letter == b'.' { b'_' } else { letter }
}
