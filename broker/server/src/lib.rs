//! The broker: what a client asks, done on logs and metadata.
//!
//! Layers: `api` (one file per API key) → `broker` (what is known) → `shard` (log threads). Effects are carried out here and
//! in the crates below; decisions are in `core`.

pub mod api;
pub mod broker;
pub mod config;
pub mod fetch;
pub mod http;
pub mod metrics;
pub mod shard;
