//! Who listens on the wire: what is sent between hosts is what they have promised each other, whether it arrives or not.

use crate::HostId;
use bytes::Bytes;
use std::sync::Arc;

/// Hears all bytes in the order in which they are sent.
pub type Tap = Arc<dyn Fn(&Sent, &Bytes) + Send + Sync>;

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The connection: no two of a run have the same number.
    pub connection: u64,
    /// Who sends.
    pub from: HostId,
    /// Whom it is for.
    pub to: HostId,
    /// The side that connected sends: requests. Otherwise answers.
    pub asks: bool,
    /// The port that was connected to.
    pub port: u16,
}
