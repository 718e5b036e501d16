//! A small Kafka client on our own codec, for replication, the operator, the command line and the simulation.
//!
//! One [`Connection`] is one socket with requests one after the other; a [`Client`] finds brokers and leaders. No background
//! tasks, no caches that lie: what a caller asks is asked now.

mod admin;
mod client;
mod connection;
mod consume;
mod groups;
mod produce;
mod quorum;
mod reassign;

pub use admin::{NewTopic, TopicInfo};
pub use client::{Client, Settings};
pub use connection::{ClientError, Connection};
pub use consume::{Fetched, Position};
pub use groups::{GroupInfo, Lag};
pub use klamm_net::tls::TlsConnector;
pub use klamm_protocol::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
pub use produce::Record;
pub use quorum::{QuorumInfo, QuorumMember};
pub use reassign::{Placement, Replicas};
