//! Whether an incarnation of a host's process still lives. Ports of a dead one do nothing.

use crate::HostId;
use std::sync::atomic::{AtomicU8, Ordering};

/// One process on a host: a restart is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Incarnation {
    pub(crate) host: HostId,
    pub(crate) number: u32,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// SIGKILL: the operating system lives on, keeps the page cache and closes the sockets.
    Kill,
    /// The machine is off: what was not synced is lost, and nobody tells the other sides.
    PowerOff,
}

/// Shared by all ports of an incarnation.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) owner: Incarnation,
    state: AtomicU8,
}

impl Life {
    pub(crate) fn new(owner: Incarnation) -> Self {
        Self { owner, state: AtomicU8::new(0) }
    }

    pub(crate) fn alive(&self) -> bool {
        self.state.load(Ordering::Relaxed) == 0
    }

    /// Ends it; false when it had ended before.
    pub(crate) fn end(&self) -> bool {
        self.state.swap(1, Ordering::Relaxed) == 0
    }
}
