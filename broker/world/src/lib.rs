//! The ports through which Klamm touches the world: time, randomness, files, sockets, tasks. Object-safe traits here, real
//! adapters in [`real`], simulated ones in the crate `sim`. Code that wants any of these takes a [`World`].
//!
//! This is the only crate that may touch the operating system.

mod disk;
mod network;
mod ports;
pub mod real;

pub use disk::{Disk, Entry, File, file_of};
pub use klamm_types::mutant;
pub use network::{ByteSink, ByteStream, Connection, Listener, Network};
pub use ports::{BoxFuture, Clock, Entropy, Spawn, Timeout, World};
