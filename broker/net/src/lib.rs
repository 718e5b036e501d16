//! Listeners, TLS, framing, memory and connection limits: bytes in, bytes out, no semantics.
//!
//! A frame is Kafka's: four bytes of length, big endian, then that many bytes. Must never look inside a frame.

mod accept;
mod budget;
mod connection;
mod duplex;
mod frame;
mod limits;
mod line;
mod listener;
mod send;
pub mod tls;

pub use accept::accept;
pub use budget::{Budget, Reservation};
pub use connection::{Answer, Peer, Reply, Service};
pub use duplex::Duplex;
pub use frame::{FrameError, FrameReader};
pub use limits::{Counters, Limits};
pub use listener::{Closing, Gate, serve};
pub use send::{send_all, shutdown};
