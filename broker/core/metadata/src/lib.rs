//! The metadata of a cluster: its records, the image that they build, what changed, and the controller's decisions.
//!
//! Owns what is true in a cluster and what may become true. Must never do I/O, read a clock or know a socket.

pub mod config;
mod shared_map;

pub use shared_map::SharedMap;
