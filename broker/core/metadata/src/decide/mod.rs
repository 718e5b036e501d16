//! The controller's decisions: pure functions from an image and a wish to records, or to Kafka's refusal.
//!
//! A decision is made on the newest image, with what is proposed but not yet committed: two wishes never see the same state.

mod auto_create;
mod brokers;
mod configs;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod format;
mod placement;
mod producer_ids;
#[cfg(test)]
mod tests;
mod topic_name;

pub use auto_create::auto_topic;
pub use brokers::{Registration, register_broker, register_controller, unfence_broker};
pub use configs::{Alteration, Operation, alter_configs, replace_configs};
pub use create_partitions::{NewPartitions, create_partitions};
pub use create_topics::{Excess, NewTopic, TopicDefaults, create_topic};
pub use delete_topics::{check_deletion_is_enabled, delete_topic};
pub use format::bootstrap_records;
pub use placement::Load;
pub use producer_ids::{PRODUCER_IDS_PER_BLOCK, ProducerIdBlock, allocate_producer_ids};
pub use topic_name::{CONSUMER_OFFSETS, METADATA_TOPIC, TRANSACTION_STATE, check_name, is_internal};

use klamm_protocol::ErrorCode;
use thiserror::Error;

/// A wish that is refused, as the client hears it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Refused {
    /// Kafka's code.
    pub code: ErrorCode,
    /// One sentence that names the thing and says what would be right.
    pub message: String,
}

impl Refused {
    /// A refusal with a sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
