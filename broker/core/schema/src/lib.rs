//! The language in which `broker/core/protocol/schema` describes Kafka's messages.
//!
//! Owns what a description means: its model, its syntax, and random valid messages of it as bytes. Used by the generator (xtask) and by
//! tests; no product links it. Must never read a file.

mod model;
mod parse;
mod sample;

pub use model::{Default, Field, Kind, Message, Structure, Type, Versions};
pub use parse::{element, messages};
pub use sample::{Random, sample, samples};
