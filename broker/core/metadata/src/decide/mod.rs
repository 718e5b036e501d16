//! The controller's decisions: pure functions from an image and a wish to records, or to Kafka's refusal.
//!
//! A decision is made on the newest image, with what is proposed but not yet committed: two wishes never see the same state.

mod alter_partition;
mod auto_create;
mod brokers;
mod change;
mod configs;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod directories;
mod elect;
mod fencing;
mod format;
mod placement;
mod producer_ids;
mod reassign;
mod rules;
#[cfg(test)]
mod tests;
mod topic_name;
mod update_features;

pub use alter_partition::{Altered, NewInSync, alter_partition};
pub use auto_create::auto_topic;
pub use brokers::{Registration, register_broker, register_controller};
pub use configs::{Alteration, Operation, alter_configs, replace_configs};
pub use create_partitions::{NewPartitions, create_partitions};
pub use create_topics::{Excess, NewTopic, TopicDefaults, create_topic};
pub use delete_topics::{check_deletion_is_enabled, delete_topic};
pub use directories::assign_directory;
pub use elect::{Elected, WantedLeader, elect_leaders, elect_where_leaderless, rebalance_leaders};
pub use fencing::{
    Heartbeat, HeartbeatAnswer, fence_broker, heartbeat, registered, unfence_broker, unregister_broker,
};
pub use format::bootstrap_records;
pub use placement::Load;
pub use producer_ids::{PRODUCER_IDS_PER_BLOCK, ProducerIdBlock, allocate_producer_ids};
pub use reassign::{Moving, grow_internal_topics, list_reassignments, reassign_partition};
pub use rules::Rules;
pub use topic_name::{CONSUMER_OFFSETS, METADATA_TOPIC, TRANSACTION_STATE, check_name, is_internal};

pub use update_features::{FeatureChange, FeatureUpdate, update_features};

use brokers::change_each;
use change::{Change, Election, Lost};

use crate::{Image, Record};
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

/// Puts a decision's records on the image that the next decision of the same request sees.
///
/// # Errors
/// `UNKNOWN_SERVER_ERROR` where they do not fit: a fault of this program.
pub fn apply(next: &mut Image, records: &[Record]) -> Result<(), Refused> {
    let unfit = |error: crate::ApplyError| Refused::new(ErrorCode::UnknownServerError, error.to_string());
    *next = next.apply(records, next.position).map_err(unfit)?.0;
    Ok(())
}
