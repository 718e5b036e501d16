//! The real disk, with failures on demand and power loss by bookkeeping of what was synced.

use klamm_types::FileHandle;
use klamm_world::{Disk, Entry, File};
use std::{
    io::{self, IoSlice},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

/// What fails.
#[derive(Debug, Default)]
pub struct Faults {
    /// Bytes that can still be written; a write beyond is cut short and fails. Negative: no limit.
    pub room: AtomicI64,
    pub limited: AtomicBool,
    pub fail_sync: AtomicBool,
    /// Reads and writes so far.
    pub operations: AtomicU64,
    /// Cutting a file fails.
    pub fail_cut: AtomicBool,
    pub syncs: AtomicU64,
    pub file_system_syncs: AtomicU64,
}

impl Faults {
    pub fn limit(&self, bytes: i64) {
        self.room.store(bytes, Ordering::Relaxed);
        self.limited.store(true, Ordering::Relaxed);
    }

    pub fn unlimited(&self) {
        self.limited.store(false, Ordering::Relaxed);
    }
}

pub struct FaultyDisk {
    pub inner: Arc<dyn Disk>,
    pub faults: Arc<Faults>,
}

#[derive(Debug)]
struct FaultyFile {
    inner: Arc<dyn File>,
    faults: Arc<Faults>,
}

impl FaultyDisk {
    fn wrap(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        self.faults.operations.fetch_add(1, Ordering::Relaxed);
        Arc::new(FaultyFile { inner: file, faults: self.faults.clone() })
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(self.wrap(self.inner.create(path)?))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        Ok(self.wrap(self.inner.open(path)?))
    }
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.inner.create_directory(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.inner.list(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }
    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_directory(path)
    }
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_directory(path)
    }
    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        if self.faults.limited.load(Ordering::Relaxed) {
            return Ok(self.faults.room.load(Ordering::Relaxed).max(0) as u64);
        }
        self.inner.free_bytes(path)
    }
}

impl FileHandle for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.faults.operations.fetch_add(1, Ordering::Relaxed);
        self.inner.read_at(buffer, offset)
    }

    fn is_cached(&self, offset: u64, length: u64) -> bool {
        self.inner.is_cached(offset, length)
    }

    fn read_ahead(&self, offset: u64, length: u64) {
        self.inner.read_ahead(offset, length);
    }
}

impl File for FaultyFile {
    fn write_at(&self, pieces: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        self.faults.operations.fetch_add(1, Ordering::Relaxed);
        if !self.faults.limited.load(Ordering::Relaxed) {
            return self.inner.write_at(pieces, offset);
        }
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.to_vec()).collect();
        let room = self.faults.room.load(Ordering::Relaxed).max(0) as usize;
        let fits = bytes.len().min(room);
        self.faults.room.fetch_sub(fits as i64, Ordering::Relaxed);
        self.inner.write_at(&[IoSlice::new(&bytes[..fits])], offset)?;
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
    fn length(&self) -> io::Result<u64> {
        self.inner.length()
    }
    fn set_length(&self, length: u64) -> io::Result<()> {
        if self.faults.fail_cut.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.set_length(length)
    }
    fn allocate(&self, length: u64) -> io::Result<()> {
        self.inner.allocate(length)
    }
    fn sync(&self) -> io::Result<()> {
        self.faults.syncs.fetch_add(1, Ordering::Relaxed);
        if self.faults.fail_sync.load(Ordering::Relaxed) {
            return Err(io::Error::other("the device lost it"));
        }
        self.inner.sync()
    }
    fn sync_file_system(&self) -> io::Result<()> {
        self.faults.file_system_syncs.fetch_add(1, Ordering::Relaxed);
        if self.faults.fail_sync.load(Ordering::Relaxed) {
            return Err(io::Error::other("the device lost it"));
        }
        Ok(())
    }
    fn handle(self: Arc<Self>) -> Arc<dyn FileHandle> {
        self
    }
}
