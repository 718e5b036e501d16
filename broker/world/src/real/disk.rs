//! Files, for real.

use crate::{Disk, Entry, File};
use klamm_types::{FileHandle, Wall};
use std::{
    fs,
    io::{self, IoSlice, IoSliceMut},
    num::NonZero,
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
    time::UNIX_EPOCH,
};

/// At most this many pieces go into one system call (IOV_MAX of Linux).
const PIECES_MAX: usize = 1024;

/// Between two looks whether bytes are in the page cache: Linux reads at least so many at once where a file is read in order.
const LOOK_BYTES: usize = 128 * 1024;

pub(super) struct RealDisk;

/// A file of the operating system.
#[derive(Debug)]
pub struct RealFile(pub(super) fs::File);

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(RealFile(fs::OpenOptions::new().read(true).write(true).open(path)?)))
    }

    fn open_to_read(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(RealFile(fs::File::open(path)?)))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue }; // not ours: we make ASCII names only
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // removed meanwhile
                Err(error) => return Err(error),
            };
            let modified =
                metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as i64);
            let directory = metadata.is_dir();
            let length = if directory { 0 } else { metadata.len() };
            entries.push(Entry { name, directory, length, modified: Wall(modified) });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        fs::File::open(path)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(path)?;
        Ok(stat.f_bavail * stat.f_frsize)
    }
}

impl FileHandle for RealFile {
    fn read_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<usize> {
        let asked = buffer.len();
        while !buffer.is_empty() {
            match self.0.read_at(buffer, offset) {
                Ok(0) => break,
                Ok(count) => {
                    buffer = &mut buffer[count..];
                    offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(asked - buffer.len())
    }

    fn is_cached(&self, offset: u64, length: u64) -> bool {
        let last = offset + length.saturating_sub(1);
        let looks = (offset..last).step_by(LOOK_BYTES).chain([last]);
        looks.into_iter().all(|at| {
            let read = rustix::io::preadv2(
                &self.0,
                &mut [IoSliceMut::new(&mut [0])],
                at,
                rustix::io::ReadWriteFlags::NOWAIT,
            );
            read != Err(rustix::io::Errno::AGAIN) // some file systems do not tell
        })
    }

    fn read_ahead(&self, offset: u64, length: u64) {
        // who reads comes sooner or later, advised or not
        let _ = rustix::fs::fadvise(&self.0, offset, NonZero::new(length), rustix::fs::Advice::WillNeed);
    }
}

impl File for RealFile {
    fn write_at(&self, pieces: &[IoSlice<'_>], mut offset: u64) -> io::Result<()> {
        let mut pieces: Vec<IoSlice<'_>> = pieces.to_vec();
        let mut rest = &mut pieces[..];
        IoSlice::advance_slices(&mut rest, 0); // drops empty ones at the front
        while !rest.is_empty() {
            let batch = &rest[..rest.len().min(PIECES_MAX)];
            match rustix::io::pwritev(&self.0, batch, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    IoSlice::advance_slices(&mut rest, count);
                    offset += count as u64;
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        Ok(rustix::fs::fallocate(&self.0, rustix::fs::FallocateFlags::empty(), 0, length)?)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn sync_file_system(&self) -> io::Result<()> {
        // since Linux 5.8 it reports errors of writes to the file system since this file was opened
        Ok(rustix::fs::syncfs(&self.0)?)
    }

    fn handle(self: Arc<Self>) -> Arc<dyn FileHandle> {
        self
    }
}
