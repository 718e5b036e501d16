//! Files and directories of one disk. A name is durable once its directory was synced; until then a power loss may undo it.

use super::pages::Pages;
use crate::Random;
use klamm_types::Wall;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Component, Path},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inode(pub(super) u64);

const ROOT: Inode = Inode(0);

#[derive(Debug)]
pub(super) enum Node {
    File { pages: Pages, modified: Wall, linked: bool },
    Directory(Directory),
}

#[derive(Debug, Default)]
pub(super) struct Directory {
    names: BTreeMap<String, Inode>,
    durable: BTreeMap<String, Inode>,
    /// Changes since the last sync, in order. A power loss keeps some of the first of them.
    unsynced: Vec<Change>,
}

/// Each is atomic, as journals make it.
#[derive(Clone, Debug)]
enum Change {
    Set(String, Inode),
    Unset(String),
    Rename(String, String),
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, Inode>) {
        match self {
            Change::Set(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            Change::Unset(name) => {
                names.remove(name);
            }
            Change::Rename(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
        }
    }
}

impl Directory {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.unsynced.push(change);
    }
}

#[derive(Debug)]
pub(super) struct Tree {
    nodes: BTreeMap<Inode, Node>,
    next: u64,
    used: u64,
}

impl Default for Tree {
    fn default() -> Self {
        let nodes = BTreeMap::from([(ROOT, Node::Directory(Directory::default()))]);
        Self { nodes, next: 1, used: 0 }
    }
}

impl Tree {
    /// Bytes of room in use.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// Finds what `path` names.
    pub(super) fn find(&self, path: &Path) -> io::Result<Inode> {
        let mut inode = ROOT;
        for name in names(path)? {
            inode = *self.directory(inode)?.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(inode)
    }

    /// The directory that holds `path`, and the name in it.
    fn parent<'a>(&self, path: &'a Path) -> io::Result<(Inode, &'a str)> {
        let name = names(path)?.pop().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = self.find(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
        self.directory(parent)?;
        Ok((parent, name))
    }

    pub(super) fn create(&mut self, path: &Path, now: Wall) -> io::Result<Inode> {
        if let Ok(inode) = self.find(path) {
            self.pages(inode)?;
            return Ok(inode);
        }
        let (parent, name) = self.parent(path)?;
        let node = Node::File { pages: Pages::default(), modified: now, linked: true };
        let inode = self.add(node);
        self.directory_mut(parent)?.change(Change::Set(name.to_owned(), inode));
        Ok(inode)
    }

    pub(super) fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        let mut parent = ROOT;
        for name in names(path)? {
            parent = match self.directory(parent)?.names.get(name) {
                Some(inode) => *inode,
                None => {
                    let inode = self.add(Node::Directory(Directory::default()));
                    self.directory_mut(parent)?.change(Change::Set(name.to_owned(), inode));
                    inode
                }
            };
            self.directory(parent)?;
        }
        Ok(())
    }

    /// Names with what they name, in order.
    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<(String, &Node)>> {
        let directory = self.directory(self.find(path)?)?;
        Ok(directory
            .names
            .iter()
            .filter_map(|(name, inode)| Some((name.clone(), self.nodes.get(inode)?)))
            .collect())
    }

    /// Within one directory only: that is all a log directory needs, and across two it would not be one atomic change.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (source, old) = self.parent(from)?;
        let (target, new) = self.parent(to)?;
        if source != target {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        let inode = *self.directory(source)?.names.get(old).ok_or(io::ErrorKind::NotFound)?;
        let replaced = self.directory(source)?.names.get(new).copied().filter(|replaced| *replaced != inode);
        self.directory_mut(source)?.change(Change::Rename(old.to_owned(), new.to_owned()));
        if let Some(replaced) = replaced {
            self.unlink(replaced);
        }
        Ok(())
    }

    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        self.pages(inode)?;
        let (parent, name) = self.parent(path)?;
        self.directory_mut(parent)?.change(Change::Unset(name.to_owned()));
        self.unlink(inode);
        Ok(())
    }

    pub(super) fn remove_directory(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        let children: Vec<_> = self.directory(inode)?.names.keys().cloned().collect();
        for name in children {
            let child = path.join(&name);
            match self.nodes.get(&self.find(&child)?) {
                Some(Node::Directory(_)) => self.remove_directory(&child)?,
                _ => self.remove_file(&child)?,
            }
        }
        let (parent, name) = self.parent(path)?;
        self.directory_mut(parent)?.change(Change::Unset(name.to_owned()));
        Ok(())
    }

    pub(super) fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
        let inode = self.find(path)?;
        let directory = self.directory_mut(inode)?;
        directory.durable = directory.names.clone();
        directory.unsynced.clear();
        Ok(())
    }

    /// Everything is durable: what a machine holds that was put there before the simulation began.
    pub(super) fn sync_all(&mut self) {
        for node in self.nodes.values_mut() {
            match node {
                Node::File { pages, .. } => pages.sync(),
                Node::Directory(directory) => {
                    directory.durable = directory.names.clone();
                    directory.unsynced.clear();
                }
            }
        }
    }

    pub(super) fn lose_power(&mut self, random: &mut Random) {
        for node in self.nodes.values_mut() {
            match node {
                Node::File { pages, .. } => pages.lose_power(random),
                Node::Directory(directory) => {
                    let kept = random.within(0..directory.unsynced.len() as u64 + 1) as usize;
                    for change in directory.unsynced.drain(..).take(kept) {
                        change.apply(&mut directory.durable);
                    }
                    directory.names = directory.durable.clone();
                }
            }
        }
        self.forget_lost();
    }

    /// The bytes of an open file, whether or not it still has a name.
    pub(super) fn pages(&self, inode: Inode) -> io::Result<&Pages> {
        match self.nodes.get(&inode) {
            Some(Node::File { pages, .. }) => Ok(pages),
            Some(Node::Directory(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Syncs a file; with `failing`, drops instead what should have become durable.
    pub(super) fn sync_file(&mut self, inode: Inode, failing: Option<&mut Random>) -> io::Result<()> {
        let Some(Node::File { pages, linked, .. }) = self.nodes.get_mut(&inode) else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let before = pages.room();
        match failing {
            Some(random) => pages.fail_sync(random),
            None => pages.sync(),
        }
        if *linked {
            self.used = self.used + pages.room() - before;
        }
        Ok(())
    }

    /// Changes the bytes of a file and keeps the count of the room in use.
    pub(super) fn change<T>(
        &mut self,
        inode: Inode,
        now: Wall,
        change: impl FnOnce(&mut Pages) -> T,
    ) -> io::Result<T> {
        let Some(Node::File { pages, modified, linked }) = self.nodes.get_mut(&inode) else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let before = pages.room();
        let result = change(pages);
        *modified = now;
        if *linked {
            self.used = self.used + pages.room() - before;
        }
        Ok(result)
    }

    fn add(&mut self, node: Node) -> Inode {
        let inode = Inode(self.next);
        self.next += 1;
        self.nodes.insert(inode, node);
        inode
    }

    /// Its room is free again. Open handles, and a name that a power loss brings back, still find its bytes.
    fn unlink(&mut self, inode: Inode) {
        if let Some(Node::File { pages, linked, .. }) = self.nodes.get_mut(&inode)
            && std::mem::take(linked)
        {
            self.used -= pages.room();
        }
    }

    /// Forgets what no name leads to after a power loss, and counts the room anew.
    fn forget_lost(&mut self) {
        let mut reached = BTreeSet::new();
        let mut open = vec![ROOT];
        while let Some(inode) = open.pop() {
            if reached.insert(inode)
                && let Some(Node::Directory(directory)) = self.nodes.get(&inode)
            {
                open.extend(directory.names.values());
            }
        }
        self.nodes.retain(|inode, _| reached.contains(inode));
        self.used = 0;
        for node in self.nodes.values_mut() {
            if let Node::File { pages, linked, .. } = node {
                *linked = true;
                self.used += pages.room();
            }
        }
    }

    fn directory(&self, inode: Inode) -> io::Result<&Directory> {
        match self.nodes.get(&inode) {
            Some(Node::Directory(directory)) => Ok(directory),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn directory_mut(&mut self, inode: Inode) -> io::Result<&mut Directory> {
        match self.nodes.get_mut(&inode) {
            Some(Node::Directory(directory)) => Ok(directory),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }
}

/// The names along a path from the root; a relative path starts there too.
fn names(path: &Path) -> io::Result<Vec<&str>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => names.push(name.to_str().ok_or(io::ErrorKind::InvalidInput)?),
            Component::ParentDir | Component::Prefix(_) => return Err(io::ErrorKind::InvalidInput.into()),
        }
    }
    Ok(names)
}
