//! A disk with a page cache. A process kill keeps what was written; a power loss keeps what was synced and pieces of the rest.
//!
//! Operations are synchronous, so a kill cannot come in the middle of one from outside. The disk itself decides that its host
//! dies during an operation: a part of it is done, and every later operation of that incarnation fails without effect until
//! its tasks are dropped (docs/adr/0002-synchronous-disk-port.md).

mod pages;
mod tree;

use crate::{
    Random,
    host::Machine,
    life::{Death, Life},
    trace::hash_bytes,
};
use klamm_types::FileHandle;
use klamm_world::{Disk, Entry, File};
use std::{
    fmt,
    io::{self, IoSlice},
    path::{Path, PathBuf},
    sync::{Arc, MutexGuard},
};
use tree::{Inode, Node, Tree};

/// What goes wrong with a host's disk. All chances are "once in so many operations", 0 for never.
#[derive(Clone, Debug)]
pub struct DiskFaults {
    /// Writes and changes of names that fail with EIO; a write may have been done in part.
    pub write_error_once_in: u64,
    /// Reads that fail with EIO.
    pub read_error_once_in: u64,
    /// Syncs that fail and drop what they should have made durable.
    pub sync_error_once_in: u64,
    /// So many of the next syncs fail for sure.
    pub failing_syncs: u32,
    /// Bytes of room on the disk.
    pub capacity: u64,
}

impl Default for DiskFaults {
    fn default() -> Self {
        Self {
            write_error_once_in: 0,
            read_error_once_in: 0,
            sync_error_once_in: 0,
            failing_syncs: 0,
            capacity: 1 << 40,
        }
    }
}

/// A disk, which outlives the processes that use it.
#[derive(Debug)]
pub(crate) struct DiskState {
    tree: Tree,
    random: Random,
    pub(crate) faults: DiskFaults,
    /// The host dies during the operation after so many.
    doom: Option<(u64, Death)>,
}

impl DiskState {
    pub(crate) fn new(random: Random) -> Self {
        let mut state = Self { tree: Tree::default(), random, faults: DiskFaults::default(), doom: None };
        state.tree.create_directory(Path::new("/data")).expect("the tree is empty");
        state.tree.sync_all(); // the mount point
        state
    }

    pub(crate) fn wipe(&mut self) {
        *self = Self { faults: self.faults.clone(), ..Self::new(self.random.clone()) };
    }

    pub(crate) fn lose_power(&mut self) {
        self.tree.lose_power(&mut self.random);
    }

    pub(crate) fn doom(&mut self, death: Option<Death>) {
        self.doom = death.map(|death| (self.random.by_magnitude(1..64), death));
    }

    pub(crate) fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let pages = self.tree.pages(self.tree.find(path)?)?;
        let mut bytes = vec![0; pages.length() as usize];
        pages.read(&mut bytes, 0);
        Ok(bytes)
    }

    pub(crate) fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        Ok(self.tree.list(path)?.into_iter().map(|(name, _)| name).collect())
    }

    pub(crate) fn rot(&mut self, path: &Path, position: u64) -> io::Result<()> {
        let inode = self.tree.find(path)?;
        let bit = self.random.within(0..8) as u8;
        let now = klamm_types::Wall(0);
        self.tree.change(inode, now, |pages| pages.rot(position, bit))
    }

    fn dies_now(&mut self) -> Option<Death> {
        let (after, death) = self.doom.as_mut()?;
        *after = after.checked_sub(1)?;
        if *after > 0 {
            return None;
        }
        let death = *death;
        self.doom = None;
        Some(death)
    }

    pub(crate) fn room(&self) -> u64 {
        self.faults.capacity.saturating_sub(self.tree.used())
    }
}

/// The disk as one incarnation of a host sees it.
pub(crate) struct SimDisk {
    pub(crate) machine: Arc<Machine>,
    pub(crate) life: Arc<Life>,
}

/// An open file of the simulation.
pub(crate) struct SimFile {
    machine: Arc<Machine>,
    life: Arc<Life>,
    inode: Inode,
    path: PathBuf,
}

fn dead() -> io::Error {
    io::Error::other("the simulated host is dead: its tasks are about to be dropped")
}

fn input_output() -> io::Error {
    io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error())
}

/// Locks the disk for an operation of a process that lives, and traces it.
fn operation<'a>(
    machine: &'a Machine,
    life: &Life,
    kind: &'static str,
    numbers: &[u64],
    path: &Path,
) -> io::Result<MutexGuard<'a, DiskState>> {
    if !life.alive() {
        return Err(dead());
    }
    machine.event(kind, numbers, &path.to_string_lossy());
    Ok(machine.disk())
}

/// An operation that changes the disk: it may fail, or the host may die before or after it.
fn change<T>(
    machine: &Machine,
    life: &Life,
    kind: &'static str,
    numbers: &[u64],
    path: &Path,
    apply: impl FnOnce(&mut Tree) -> io::Result<T>,
) -> io::Result<T> {
    let mut state = operation(machine, life, kind, numbers, path)?;
    if let Some(death) = state.dies_now() {
        if state.random.once_in(2) {
            let _ = apply(&mut state.tree);
        }
        machine.die(life, death);
        return Err(dead());
    }
    let once_in = state.faults.write_error_once_in;
    if state.random.once_in(once_in) {
        machine.trace.fault("disk write error");
        return Err(input_output());
    }
    apply(&mut state.tree)
}

impl SimDisk {
    fn change<T>(
        &self,
        kind: &'static str,
        path: &Path,
        apply: impl FnOnce(&mut Tree) -> io::Result<T>,
    ) -> io::Result<T> {
        change(&self.machine, &self.life, kind, &[], path, apply)
    }

    fn file(&self, inode: Inode, path: &Path) -> Arc<dyn File> {
        let (machine, life) = (self.machine.clone(), self.life.clone());
        Arc::new(SimFile { machine, life, inode, path: path.to_owned() })
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let now = self.machine.now(&self.life).wall;
        let inode = self.change("create", path, |tree| tree.create(path, now))?;
        Ok(self.file(inode, path))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let state = operation(&self.machine, &self.life, "open", &[], path)?;
        let inode = state.tree.find(path)?;
        state.tree.pages(inode)?;
        Ok(self.file(inode, path))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.change("create_directory", path, |tree| tree.create_directory(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let state = operation(&self.machine, &self.life, "list", &[], path)?;
        let entries = state.tree.list(path)?.into_iter().map(|(name, node)| match node {
            Node::File { pages, modified, .. } => {
                Entry { name, directory: false, length: pages.length(), modified: *modified }
            }
            Node::Directory(_) => Entry { name, directory: true, length: 0, modified: klamm_types::Wall(0) },
        });
        Ok(entries.collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change("rename", from, |tree| tree.rename(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.change("remove_file", path, |tree| tree.remove_file(path))
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.change("remove_directory", path, |tree| tree.remove_directory(path))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.change("sync_directory", path, |tree| tree.sync_directory(path))
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        Ok(operation(&self.machine, &self.life, "free_bytes", &[], path)?.room())
    }
}

impl SimFile {
    fn operation(&self, kind: &'static str, numbers: &[u64]) -> io::Result<MutexGuard<'_, DiskState>> {
        operation(&self.machine, &self.life, kind, numbers, &self.path)
    }

    /// How many of `wanted` bytes a write at `offset` does before it fails, and how it fails.
    fn torn(&self, state: &mut DiskState, wanted: u64, offset: u64) -> Option<(u64, io::Error)> {
        if let Some(death) = state.dies_now() {
            let done = state.random.within(0..wanted + 1);
            self.machine.die(&self.life, death);
            self.machine.trace.fault("torn write");
            return Some((done, dead()));
        }
        let once_in = state.faults.write_error_once_in;
        if state.random.once_in(once_in) {
            self.machine.trace.fault("disk write error");
            return Some((state.random.within(0..wanted + 1), input_output()));
        }
        let room = state.room();
        let pages = state.tree.pages(self.inode).ok()?;
        if pages.room_for(offset, wanted) <= room {
            return None;
        }
        let (mut fits, mut fails) = (0, wanted);
        while fails - fits > 1 {
            let middle = fits.midpoint(fails);
            let side = if pages.room_for(offset, middle) <= room { &mut fits } else { &mut fails };
            *side = middle;
        }
        self.machine.trace.fault("disk full");
        Some((fits, io::ErrorKind::StorageFull.into()))
    }
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimFile({})", self.path.display())
    }
}

impl FileHandle for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.operation("read", &[offset, buffer.len() as u64])?;
        let once_in = state.faults.read_error_once_in;
        if state.random.once_in(once_in) {
            self.machine.trace.fault("disk read error");
            return Err(input_output());
        }
        Ok(state.tree.pages(self.inode)?.read(buffer, offset))
    }

    fn is_cached(&self, _: u64, _: u64) -> bool {
        self.machine.disk().tree.pages(self.inode).is_ok_and(|pages| !pages.is_cold())
    }

    fn read_ahead(&self, _: u64, _: u64) {}
}

impl File for SimFile {
    fn write_at(&self, pieces: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        let bytes = pieces.iter().flat_map(|piece| piece.iter().copied()).collect::<Vec<u8>>();
        let wanted = bytes.len() as u64;
        let mut state = self.operation("write", &[offset, wanted, hash_bytes(0, &bytes)])?;
        let failed = self.torn(&mut state, wanted, offset);
        let done = failed.as_ref().map_or(wanted, |(done, _)| *done) as usize;
        let now = self.machine.now(&self.life).wall;
        state.tree.change(self.inode, now, |pages| pages.write(&bytes[..done], offset))?;
        failed.map_or(Ok(()), |(_, error)| Err(error))
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.operation("length", &[])?.tree.pages(self.inode)?.length())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let now = self.machine.now(&self.life).wall;
        change(&self.machine, &self.life, "set_length", &[length], &self.path, |tree| {
            tree.change(self.inode, now, |pages| pages.set_length(length))
        })
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        let now = self.machine.now(&self.life).wall;
        let capacity = self.machine.disk().faults.capacity;
        change(&self.machine, &self.life, "allocate", &[length], &self.path, |tree| {
            if tree.pages(self.inode)?.room_for(0, length) > capacity.saturating_sub(tree.used()) {
                self.machine.trace.fault("disk full");
                return Err(io::ErrorKind::StorageFull.into());
            }
            tree.change(self.inode, now, |pages| pages.allocate(length))
        })
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.operation("sync", &[])?;
        if let Some(death) = state.dies_now() {
            if state.random.once_in(2) {
                state.tree.sync_file(self.inode, None)?;
            }
            self.machine.die(&self.life, death);
            return Err(dead());
        }
        let once_in = state.faults.sync_error_once_in;
        let certain = state.faults.failing_syncs > 0;
        if certain || state.random.once_in(once_in) {
            state.faults.failing_syncs = state.faults.failing_syncs.saturating_sub(1);
            self.machine.trace.fault("failed sync");
            let mut random = state.random.clone();
            state.tree.sync_file(self.inode, Some(&mut random))?;
            state.random = random;
            return Err(input_output());
        }
        state.tree.sync_file(self.inode, None)
    }

    fn handle(self: Arc<Self>) -> Arc<dyn FileHandle> {
        self
    }
}
