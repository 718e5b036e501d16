//! The metadata of a cluster: its records, the image that they build, what changed, and the controller's decisions.
//!
//! Owns what is true in a cluster and what may become true. Must never do I/O, read a clock or know a socket.

pub mod config;
pub mod decide;
mod features;
mod image;
mod membership;
mod release;
pub mod sessions;
mod shared_map;

pub use features::{
    ELR_VERSION, Features, KRAFT_VERSION, METADATA_VERSION, METADATA_VERSION_4_0, METADATA_VERSION_4_3,
    SUPPORTED as SUPPORTED_FEATURES, SupportedFeature,
};
pub use image::{
    ApplyError, Broker, Controller, Delta, Endpoint, FeatureRange, Image, Partition, Position, Replay,
    Resource, ResourceKind, Topic,
};
pub use klamm_protocol::MetadataRecord as Record;
pub use membership::{Membership, Say};
pub use release::{Outdated, Release};
pub use shared_map::SharedMap;
