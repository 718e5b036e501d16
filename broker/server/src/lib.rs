//! The broker: what a client asks, done on logs and metadata.
//!
//! Layers: `api` (one file per API key) → `broker` (what is known) → `shard` (log threads). Effects are carried out here and
//! in the crates below; decisions are in `core`.

pub mod api;
mod assign;
mod background;
pub mod broker;
pub mod config;
mod control;
pub mod controller;
mod directories;
pub mod fetch;
pub mod group;
mod health;
pub mod http;
pub mod life;
mod lifecycle;
mod listeners;
pub mod metrics;
pub mod peer;
mod publish;
pub mod replicate;
pub mod shard;
mod start;
mod throttle;
mod tls;

pub use start::{Machine, Running, StartError, start};
