//! The settings: one table of definitions with Kafka's names, defaults and validators, used by the broker's configuration,
//! by DescribeConfigs and by the operator.
//!
//! What Klamm does not do yet is refused by name, never ignored; what it has no need of is accepted and explained.

mod broker;
mod check;
mod definition;
mod effective;
mod settings;
mod throttled;
mod topic;
mod topic_settings;

pub use broker::{ListenerAddress, definitions as broker_definitions, parse_listeners};
pub use check::{ConfigError, broker_def, elements, topic_def};
pub use definition::{ConfigDef, Kind, Scope, Served, Synonym, Valid};
pub use effective::{Described, Layers, Source, SynonymValue, Values};
pub use settings::Settings;
pub use throttled::ThrottledReplicas;
pub use topic::TOPIC;
pub use topic_settings::{TimestampType, TopicSettings, check_topic};
