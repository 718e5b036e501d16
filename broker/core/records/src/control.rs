//! Control records: the system's own, in batches with the control bit. Their key is `version i16, type i16`; the values are
//! messages of `core/protocol`.

use klamm_types::{Buf, Bytes};

/// What a control record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ControlKind {
    /// A transaction was aborted (KIP-98).
    Abort = 0,
    /// A transaction was committed (KIP-98).
    Commit = 1,
    /// The metadata quorum has a new leader (KIP-595).
    LeaderChange = 2,
    /// A snapshot begins (KIP-630).
    SnapshotHeader = 3,
    /// A snapshot is whole (KIP-630).
    SnapshotFooter = 4,
    /// The level of `kraft.version` (KIP-853).
    KraftVersion = 5,
    /// The voters of the metadata quorum (KIP-853).
    KraftVoters = 6,
}

impl ControlKind {
    /// The kind that a control record's key names; `None` when it is of a later version.
    #[must_use]
    pub fn of_key(mut key: &[u8]) -> Option<Self> {
        let _version = key.try_get_i16().ok()?; // later versions only append fields
        Some(match key.try_get_i16().ok()? {
            0 => ControlKind::Abort,
            1 => ControlKind::Commit,
            2 => ControlKind::LeaderChange,
            3 => ControlKind::SnapshotHeader,
            4 => ControlKind::SnapshotFooter,
            5 => ControlKind::KraftVersion,
            6 => ControlKind::KraftVoters,
            _ => return None,
        })
    }
}

/// The key of a control record.
#[must_use]
pub fn control_key(kind: ControlKind) -> Bytes {
    Bytes::copy_from_slice(&[0, 0, 0, kind as u8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip() {
        for kind in [ControlKind::Abort, ControlKind::LeaderChange, ControlKind::KraftVoters] {
            assert_eq!(ControlKind::of_key(&control_key(kind)), Some(kind));
        }
        assert_eq!(ControlKind::of_key(&[0, 0, 0, 7]), None);
        assert_eq!(ControlKind::of_key(&[0, 0, 0]), None);
    }
}
