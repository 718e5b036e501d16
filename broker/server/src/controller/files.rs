//! The small files of the metadata log's directory, replaced whole and durably.

use klamm_quorum::{BadElectionState, ElectionState};
use klamm_world::Disk;
use std::{
    io::{self, IoSlice},
    path::Path,
};

const QUORUM_STATE: &str = "quorum-state";

/// All bytes of a file; none when it is not there.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = usize::try_from(file.length()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; length];
    let count = file.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    Ok(Some(bytes))
}

/// Replaces a file by way of `<name>.part`: after a crash it is the old or the new one, whole. Durable on return; blocks.
pub(super) fn replace(disk: &dyn Disk, path: &Path, pieces: &[IoSlice<'_>]) -> io::Result<()> {
    let mut part = path.file_name().unwrap_or_default().to_owned();
    part.push(".part");
    let part = path.with_file_name(part);
    let file = disk.create(&part)?;
    file.set_length(0)?;
    file.write_at(pieces, 0)?;
    file.sync()?;
    disk.rename(&part, path)?;
    path.parent().map_or(Ok(()), |directory| disk.sync_directory(directory))
}

/// `quorum-state` of a directory; none before the first election.
pub(super) fn read_election_state(disk: &dyn Disk, directory: &Path) -> io::Result<Option<ElectionState>> {
    let Some(bytes) = read(disk, &directory.join(QUORUM_STATE))? else { return Ok(None) };
    let invalid = |error: BadElectionState| io::Error::new(io::ErrorKind::InvalidData, error);
    ElectionState::from_json(&String::from_utf8_lossy(&bytes)).map(Some).map_err(invalid)
}

/// Writes `quorum-state`. Durable on return; blocks.
pub(super) fn write_election_state(
    disk: &dyn Disk,
    directory: &Path,
    state: ElectionState,
) -> io::Result<()> {
    replace(disk, &directory.join(QUORUM_STATE), &[IoSlice::new(state.to_json().as_bytes())])
}
