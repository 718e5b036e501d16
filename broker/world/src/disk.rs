//! Files. Reads and writes go to the page cache and are synchronous: they are short, and the log threads own them. What may
//! take long, [`File::sync`] and cold reads, callers run through [`crate::World::blocking`].

use klamm_types::FileHandle;
use std::{
    any::Any,
    io::{self, IoSlice},
    path::Path,
    sync::Arc,
};

/// A file system.
pub trait Disk: Send + Sync {
    /// Opens for reading and writing; makes the file, empty, when it is not there. The name is durable only after
    /// [`Disk::sync_directory`].
    ///
    /// # Errors
    /// The operating system's.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Opens for reading and writing a file that exists.
    ///
    /// # Errors
    /// The operating system's; `NotFound`.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Opens a file that exists only to read it: one that belongs to another, such as a mounted secret.
    ///
    /// # Errors
    /// The operating system's; `NotFound`.
    fn open_to_read(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.open(path)
    }
    /// Makes a directory and its parents.
    ///
    /// # Errors
    /// The operating system's.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// The entries of a directory, in order of their names.
    ///
    /// # Errors
    /// The operating system's; `NotFound`.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;
    /// Renames a file or directory, over what is there.
    ///
    /// # Errors
    /// The operating system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; open handles keep its bytes.
    ///
    /// # Errors
    /// The operating system's; `NotFound`.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory and what is in it.
    ///
    /// # Errors
    /// The operating system's; `NotFound`.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable. May block for long.
    ///
    /// # Errors
    /// The operating system's.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    /// Opens `path` as [`Disk::create`] does, for one process at a time: until the file is dropped, or its process ends. A
    /// simulated disk need not tell processes apart.
    ///
    /// # Errors
    /// `WouldBlock` when another process has it; the operating system's.
    fn lock(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.create(path)
    }
    /// Bytes that can still be written to the file system of `path`.
    ///
    /// # Errors
    /// The operating system's.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, without the directory's path.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// The file's length in bytes; 0 for a directory.
    pub length: u64,
    /// When it was last written, milliseconds since the Unix epoch.
    pub modified: klamm_types::Wall,
}

/// An open file: read through [`FileHandle::read_at`]. All offsets are in bytes from its start.
pub trait File: FileHandle {
    /// Writes all of `pieces` one after the other at `offset`.
    ///
    /// # Errors
    /// The operating system's, `StorageFull` among them; then any part may have been written, and the caller truncates
    /// before it writes again.
    fn write_at(&self, pieces: &[IoSlice<'_>], offset: u64) -> io::Result<()>;
    /// Its length in bytes.
    ///
    /// # Errors
    /// The operating system's.
    fn length(&self) -> io::Result<u64>;
    /// Cuts the file, or lengthens it with zeros.
    ///
    /// # Errors
    /// The operating system's.
    fn set_length(&self, length: u64) -> io::Result<()>;
    /// Reserves blocks for the first `length` bytes and makes them the file's length, so that later writes there cannot fail
    /// for want of room.
    ///
    /// # Errors
    /// The operating system's, `StorageFull` among them.
    fn allocate(&self, length: u64) -> io::Result<()>;
    /// Makes what was written before durable (fdatasync). May block for long. After an error the file's unsynced writes must
    /// be taken as lost: never call it again to make them durable.
    ///
    /// # Errors
    /// The operating system's.
    fn sync(&self) -> io::Result<()>;
    /// Makes everything durable that was written to the file's file system, names included. May block for long. As with
    /// [`File::sync`], an error stands for lost writes.
    ///
    /// # Errors
    /// `Unsupported` where there is no such thing; the operating system's.
    fn sync_file_system(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    /// The file as an opaque handle for a [`klamm_types::FileSlice`].
    fn handle(self: Arc<Self>) -> Arc<dyn FileHandle>;
}

/// The adapter's own file behind an opaque handle; none when it is another adapter's.
#[must_use]
pub fn file_of<T: File>(handle: &Arc<dyn FileHandle>) -> Option<&T> {
    let any: &dyn Any = handle.as_ref();
    any.downcast_ref()
}
