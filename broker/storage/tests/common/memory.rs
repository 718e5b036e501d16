//! A disk in memory that loses its power: what was not synced is lost, kept, torn or zeroed, by the throw of a die. Its page
//! cache is emptied on demand: whether a real one can be depends on the file system below the tests.
//!
//! Names are a journal per directory, as in ext4: of the changes since the last sync of a directory, a prefix survives.

use klamm_types::{FileHandle, Wall};
use klamm_world::{Disk, Entry, File};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IoSlice},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

const PAGE_BYTES: u64 = 4096;

/// A small generator of random numbers (splitmix64), so that a failing case replays.
pub struct Die(pub u64);

impl Die {
    pub fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// The numbers of pages that are not in the page cache.
    cold: BTreeSet<u64>,
}

fn pages(offset: u64, length: u64) -> RangeInclusive<u64> {
    offset / PAGE_BYTES..=(offset + length.saturating_sub(1)) / PAGE_BYTES
}

type Names = BTreeMap<String, Node>;

#[derive(Clone, Debug)]
enum Node {
    File(usize),
    Directory,
}

#[derive(Debug, Default)]
struct Directory {
    now: Names,
    /// The names after each change since the last sync, the synced ones first.
    history: Vec<Names>,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Content>,
    directories: BTreeMap<PathBuf, Directory>,
}

#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    id: usize,
}

fn split(path: &Path) -> (PathBuf, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (path.parent().unwrap_or(Path::new("/")).to_owned(), name)
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl State {
    fn change(&mut self, directory: &Path, change: impl FnOnce(&mut Names)) -> io::Result<()> {
        let directory = self.directories.get_mut(directory).ok_or_else(not_found)?;
        if directory.history.is_empty() {
            directory.history.push(directory.now.clone());
        }
        change(&mut directory.now);
        directory.history.push(directory.now.clone());
        Ok(())
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        let (directory, name) = split(path);
        match self.directories.get(&directory).and_then(|directory| directory.now.get(&name)) {
            Some(Node::File(id)) => Ok(*id),
            _ => Err(not_found()),
        }
    }
}

impl MemoryDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The page cache forgets all files.
    pub fn forget(&self) {
        for file in &mut self.state().files {
            file.cold = pages(0, file.now.len() as u64).collect();
        }
    }

    /// Loses the power. Open files must not be used any more.
    pub fn lose_power(&self, die: &mut Die) {
        let mut state = self.state();
        for directory in state.directories.values_mut() {
            if !directory.history.is_empty() {
                let at = die.throw(directory.history.len() as u64) as usize;
                directory.now = directory.history.swap_remove(at);
                directory.history.clear();
            }
        }
        for file in &mut state.files {
            file.now = survivor(file, die);
            file.durable = file.now.clone();
        }
        let lost: Vec<PathBuf> = state
            .directories
            .keys()
            .filter(|path| {
                let (parent, name) = split(path);
                state.directories.get(&parent).is_some_and(|parent| !parent.now.contains_key(&name))
            })
            .cloned()
            .collect();
        for path in lost {
            state.directories.remove(&path);
        }
    }
}

/// What is left of a file: pages of 512 bytes, each as it was synced, as it was written, or zeroed; of some length between.
fn survivor(file: &Content, die: &mut Die) -> Vec<u8> {
    if file.now == file.durable {
        return file.now.clone();
    }
    let (short, long) = (file.durable.len().min(file.now.len()), file.durable.len().max(file.now.len()));
    let length = match die.throw(3) {
        0 => file.durable.len(),
        1 => file.now.len(),
        _ => short + die.throw((long - short) as u64 + 1) as usize,
    };
    let kind = die.throw(3);
    let mut bytes = vec![0; length];
    for at in (0..length).step_by(512) {
        let to = (at + 512).min(length);
        let page = if kind == 0 { 1 } else { die.throw(3) };
        for (index, byte) in bytes.iter_mut().enumerate().take(to).skip(at) {
            let durable = file.durable.get(index).copied();
            let written = file.now.get(index).copied();
            *byte = match page {
                _ if durable == written => durable.unwrap_or(0),
                0 => durable.unwrap_or(0),
                1 => written.unwrap_or(0),
                _ => 0,
            };
        }
    }
    bytes
}

impl Disk for MemoryDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let mut state = self.state();
        let id = match state.find(path) {
            Ok(id) => id,
            Err(_) => {
                let id = state.files.len();
                state.files.push(Content::default());
                let (directory, name) = split(path);
                state.change(&directory, |names| {
                    names.insert(name, Node::File(id));
                })?;
                id
            }
        };
        Ok(Arc::new(MemoryFile { disk: self.clone(), id }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let id = self.state().find(path)?;
        Ok(Arc::new(MemoryFile { disk: self.clone(), id }))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.directories.contains_key(path) {
            return Ok(());
        }
        let (parent, name) = split(path);
        if state.directories.contains_key(&parent) {
            state.change(&parent, |names| {
                names.insert(name, Node::Directory);
            })?;
        }
        state.directories.insert(path.to_owned(), Directory::default());
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let state = self.state();
        let directory = state.directories.get(path).ok_or_else(not_found)?;
        let entry = |(name, node): (&String, &Node)| Entry {
            name: name.clone(),
            directory: matches!(node, Node::Directory),
            length: match node {
                Node::File(id) => state.files[*id].now.len() as u64,
                Node::Directory => 0,
            },
            modified: Wall(0),
        };
        Ok(directory.now.iter().map(entry).collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let id = state.find(from)?;
        let ((directory, old), (other, new)) = (split(from), split(to));
        assert_eq!(directory, other, "renames stay in a directory here");
        state.change(&directory, |names| {
            names.remove(&old);
            names.insert(new, Node::File(id));
        })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.find(path)?;
        let (directory, name) = split(path);
        state.change(&directory, |names| {
            names.remove(&name);
        })
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.state().directories.remove(path).map(|_| ()).ok_or_else(not_found)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.state().directories.get_mut(path).ok_or_else(not_found)?.history.clear();
        Ok(())
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

impl FileHandle for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = &mut self.disk.state().files[self.id];
        let bytes = file.now.get(offset as usize..).unwrap_or_default();
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        for page in pages(offset, count as u64) {
            file.cold.remove(&page);
        }
        Ok(count)
    }

    fn is_cached(&self, offset: u64, length: u64) -> bool {
        self.disk.state().files[self.id].cold.range(pages(offset, length)).next().is_none()
    }

    fn read_ahead(&self, _: u64, _: u64) {}
}

impl File for MemoryFile {
    fn write_at(&self, pieces: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let now = &mut state.files[self.id].now;
        let mut at = offset as usize;
        for piece in pieces {
            if now.len() < at + piece.len() {
                now.resize(at + piece.len(), 0);
            }
            now[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        }
        Ok(())
    }
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.id].now.len() as u64)
    }
    fn set_length(&self, length: u64) -> io::Result<()> {
        self.disk.state().files[self.id].now.resize(length as usize, 0);
        Ok(())
    }
    fn allocate(&self, length: u64) -> io::Result<()> {
        self.set_length(length)
    }
    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let file = &mut state.files[self.id];
        file.durable = file.now.clone();
        Ok(())
    }
    fn handle(self: Arc<Self>) -> Arc<dyn FileHandle> {
        self
    }
}
