//! Small text and binary files, read and replaced whole.

use klamm_types::{Bytes, FileSlice};
use klamm_world::Disk;
use std::{
    io::{self, IoSlice},
    path::Path,
};

/// The bytes of a stretch of a file, for those who need them in memory: coordinators that load, the metadata log.
///
/// # Errors
/// The operating system's; `UnexpectedEof` when the file is shorter.
pub fn read_slice(slice: &FileSlice) -> io::Result<Bytes> {
    let mut bytes = vec![0; slice.length as usize];
    let count = slice.file.read_at(&mut bytes, slice.position)?;
    if count < bytes.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes.into())
}

/// All bytes of a file; `None` when it is not there.
///
/// # Errors
/// The operating system's.
pub fn read(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = vec![0; file.length()? as usize];
    let count = file.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    Ok(Some(bytes))
}

/// A file's text; `None` when it is not there, or not UTF-8 (then it is as good as not there).
pub(crate) fn read_text(disk: &dyn Disk, path: &Path) -> io::Result<Option<String>> {
    Ok(read(disk, path)?.and_then(|bytes| String::from_utf8(bytes).ok()))
}

/// How sure a replaced file must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// It may be lost with the power; a flush round makes it durable.
    Later,
    /// It is durable on return. Blocks.
    Now,
}

/// Replaces a file: a reader, also after a crash, finds the old or the new whole (after a loss of power only with
/// [`Sync::Now`]).
///
/// # Errors
/// The operating system's.
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8], sync: Sync) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let file = disk.create(&temporary)?;
    file.set_length(0)?;
    file.write_at(&[IoSlice::new(bytes)], 0)?;
    if sync == Sync::Now {
        file.sync()?;
    }
    disk.rename(&temporary, path)?;
    match path.parent() {
        Some(parent) if sync == Sync::Now => disk.sync_directory(parent),
        _ => Ok(()),
    }
}
