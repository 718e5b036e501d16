//! `quorum-state`: read at the start, replaced durably before a vote or an epoch is spoken of.

use klamm_quorum::{BadElectionState, ElectionState};
use klamm_storage::{Sync, read_file, replace_file};
use klamm_world::Disk;
use std::{io, path::Path};

const QUORUM_STATE: &str = "quorum-state";

/// The state of a directory; none before the first election.
pub(super) fn read_election_state(disk: &dyn Disk, directory: &Path) -> io::Result<Option<ElectionState>> {
    let Some(bytes) = read_file(disk, &directory.join(QUORUM_STATE))? else { return Ok(None) };
    let invalid = |error: BadElectionState| io::Error::new(io::ErrorKind::InvalidData, error);
    ElectionState::from_json(&String::from_utf8_lossy(&bytes)).map(Some).map_err(invalid)
}

/// Writes the state. Durable on return; blocks.
pub(super) fn write_election_state(
    disk: &dyn Disk,
    directory: &Path,
    state: ElectionState,
) -> io::Result<()> {
    replace_file(disk, &directory.join(QUORUM_STATE), state.to_json().as_bytes(), Sync::Now)
}
