//! What all logs of one directory share: its path, whether it failed, and how much room there is.

use crate::{StorageError, error::is_no_space};
use klamm_world::{Disk, File};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Given back to the file system when it is full, so that the metadata log and retention can go on.
const BALLAST_FILE: &str = "klamm.ballast";

/// One log directory, shared by its logs on all log threads.
pub struct Device {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// Opened with the directory: it learns of every error of the file system since then. None once the directory is closed.
    lock: Mutex<Option<Arc<dyn File>>>,
    failure: OnceLock<String>,
    low: AtomicBool,
    unflushed_bytes: AtomicU64,
}

/// How much room there is on a directory's file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceState {
    /// Bytes that can still be written.
    pub free_bytes: u64,
    /// Whether that is less than the reserve: producers are refused, everything else goes on.
    pub low: bool,
    /// Whether the ballast is in its place.
    pub ballast: bool,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("path", &self.path)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl Device {
    pub(crate) fn new(disk: Arc<dyn Disk>, path: PathBuf, lock: Arc<dyn File>) -> Self {
        Self {
            disk,
            path,
            lock: Mutex::new(Some(lock)),
            failure: OnceLock::new(),
            low: AtomicBool::new(false),
            unflushed_bytes: AtomicU64::new(0),
        }
    }

    /// The disk it is on.
    #[must_use]
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The directory's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes beyond the recovery points of its logs. The soft target of 256 MiB bounds the time that recovery takes.
    #[must_use]
    pub fn unflushed_bytes(&self) -> u64 {
        self.unflushed_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn add_unflushed(&self, bytes: u64) {
        self.unflushed_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn sub_unflushed(&self, bytes: u64) {
        self.unflushed_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Why the directory is offline, if it is.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Whether producers are refused for want of room.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.low.load(Ordering::Relaxed)
    }

    /// The error of everything that is tried once the directory is offline.
    ///
    /// # Errors
    /// [`StorageError::Offline`].
    pub fn check(&self) -> Result<(), StorageError> {
        match self.failure() {
            None => Ok(()),
            Some(reason) => Err(StorageError::Offline { path: self.path.clone(), reason: reason.to_owned() }),
        }
    }

    /// Takes the directory offline, for good: what a failed write or fsync left behind is unknown.
    pub fn fail(&self, reason: String) -> StorageError {
        if self.failure.set(reason.clone()).is_ok() {
            tracing::error!(directory = %self.path.display(), reason, "log directory goes offline");
        }
        let reason = self.failure().unwrap_or_default().to_owned();
        StorageError::Offline { path: self.path.clone(), reason }
    }

    /// Gives the directory back, to be opened again by this process or another. Nothing is written to it from here on: its logs
    /// must have ended.
    pub fn close(&self) {
        let _ = self.failure.set("it was closed".to_owned()); // one that has failed stays what it is
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(lock);
    }

    /// Syncs the whole file system at once. Says whether that is possible.
    pub(crate) fn sync_all(&self) -> bool {
        let Some(lock) = self.lock.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
            return true;
        };
        match lock.sync_file_system() {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::Unsupported => false,
            Err(error) => {
                self.fail(format!("sync of the file system: {error}"));
                true
            }
        }
    }

    /// What an error of the operating system means: no room passes, everything else takes the directory offline.
    pub(crate) fn failed(&self, path: &Path, error: &io::Error) -> StorageError {
        if is_no_space(error) {
            self.low.store(true, Ordering::Relaxed);
            return StorageError::NoSpace { path: self.path.clone() };
        }
        self.fail(format!("{}: {error}", path.display()))
    }

    /// Looks how much room there is, and refuses producers below the reserve. With room for twice the reserve and the ballast,
    /// the ballast is put (back) in its place. Blocks; call it every second or so.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn check_space(&self, reserve_bytes: u64, ballast_bytes: u64) -> Result<SpaceState, StorageError> {
        let failed = |error: io::Error| self.failed(&self.path, &error);
        let free_bytes = self.disk.free_bytes(&self.path).map_err(failed)?;
        let path = self.path.join(BALLAST_FILE);
        let mut ballast = match self.disk.open(&path) {
            Ok(file) => file.length().map_err(failed)? >= ballast_bytes,
            Err(_) => false,
        };
        if !ballast && ballast_bytes > 0 && free_bytes >= ballast_bytes + 2 * reserve_bytes {
            ballast = self.disk.create(&path).and_then(|file| file.allocate(ballast_bytes)).is_ok();
        }
        let low = free_bytes < reserve_bytes;
        if low != self.low.swap(low, Ordering::Relaxed) {
            let directory = self.path.display().to_string();
            if low {
                tracing::error!(directory, free_bytes, reserve_bytes, "disk is full: producers are refused");
            } else {
                tracing::info!(
                    directory,
                    free_bytes,
                    reserve_bytes,
                    "disk has room again: producers are served"
                );
            }
        }
        Ok(SpaceState { free_bytes, low, ballast })
    }

    /// Gives the ballast's bytes back to the file system, for what must be written now. Says whether there were any.
    #[must_use]
    pub fn drop_ballast(&self) -> bool {
        let dropped = self.disk.remove_file(&self.path.join(BALLAST_FILE)).is_ok();
        if dropped {
            tracing::warn!(directory = %self.path.display(), "the ballast was given up for room");
        }
        dropped
    }
}
