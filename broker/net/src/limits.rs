//! What a listener allows, and what it counts.

use crate::Budget;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What a listener allows.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest frame (`socket.request.max.bytes`).
    pub frame_bytes_max: usize,
    /// Open connections at most (`max.connections`).
    pub connections_max: u64,
    /// Requests of one connection that are started and not answered, at most.
    pub unanswered_max: usize,
    /// A connection on which nothing came for so long, and to which nothing is owed, is closed (`connections.max.idle.ms`).
    pub idle_max: Duration,
    /// The memory for bodies.
    pub budget: Budget,
}

/// What a listener counts. Shared by all connections of it.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections open now.
    pub open: AtomicU64,
    /// Connections accepted.
    pub accepted: AtomicU64,
    /// Connections closed at once because there were too many.
    pub refused: AtomicU64,
    /// Frames refused because they are too large or not a frame.
    pub bad_frames: AtomicU64,
    /// Requests that could not be read.
    pub malformed: AtomicU64,
    /// TLS handshakes that failed.
    pub failed_handshakes: AtomicU64,
    /// Bytes received in frames.
    pub received_bytes: AtomicU64,
    /// Bytes sent.
    pub sent_bytes: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
