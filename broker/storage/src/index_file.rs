//! One of a segment's index files. New entries wait in memory and are written together: an entry of 8 bytes is not worth a
//! system call, and recovery makes anew what was not written.

use klamm_log::{FileKind, IndexEntry, file_name, floor};
use klamm_types::{FileSlice, Offset};
use klamm_world::{Disk, File};
use std::{
    io::{self, IoSlice},
    path::Path,
    sync::Arc,
};

/// Entries that wait, at most: a page of the file.
const PENDING_MAX: usize = 512;

/// Where a log's files are.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) disk: &'a dyn Disk,
    pub(crate) directory: &'a Path,
}

impl Place<'_> {
    pub(crate) fn open(&self, base: Offset, kind: FileKind) -> io::Result<Arc<dyn File>> {
        self.disk.open(&self.directory.join(file_name(base, kind)))
    }

    pub(crate) fn create(&self, base: Offset, kind: FileKind) -> io::Result<Arc<dyn File>> {
        self.disk.create(&self.directory.join(file_name(base, kind)))
    }
}

pub(crate) struct IndexFile<E> {
    base: Offset,
    kind: FileKind,
    file: Option<Arc<dyn File>>,
    /// Entries in the file.
    written: u32,
    pending: Vec<E>,
    last: Option<E>,
    dirty: bool,
}

impl<E: IndexEntry> IndexFile<E> {
    /// An index whose file has `length` bytes; a cut entry at its end does not count.
    pub(crate) fn new(base: Offset, kind: FileKind, length: u64) -> Self {
        let written = (length / E::BYTES as u64) as u32;
        Self { base, kind, file: None, written, pending: Vec::new(), last: None, dirty: false }
    }

    pub(crate) fn count(&self) -> u32 {
        self.written + self.pending.len() as u32
    }

    pub(crate) fn size_bytes(&self) -> u32 {
        self.count() * E::BYTES as u32
    }

    fn file(&mut self, place: Place<'_>) -> io::Result<&Arc<dyn File>> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(place.create(self.base, self.kind)?)),
        }
    }

    /// The entries in the file, when a search among them would wait for the device.
    pub(crate) fn cold(&mut self, place: Place<'_>) -> io::Result<Option<FileSlice>> {
        let length = self.written * E::BYTES as u32;
        if length == 0 {
            return Ok(None);
        }
        let file = Arc::clone(self.file(place)?).handle();
        Ok((!file.is_cached(0, u64::from(length))).then_some(FileSlice { file, position: 0, length }))
    }

    fn read(&mut self, place: Place<'_>, at: u32) -> io::Result<E> {
        if let Some(entry) = at.checked_sub(self.written).and_then(|at| self.pending.get(at as usize)) {
            return Ok(*entry);
        }
        let mut bytes = [0; 16];
        let bytes = &mut bytes[..E::BYTES];
        let base = self.base;
        let count = self.file(place)?.read_at(bytes, u64::from(at) * E::BYTES as u64)?;
        if count < E::BYTES {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(E::decode(bytes, base))
    }

    /// The last entry and the one before it.
    pub(crate) fn last_two(&mut self, place: Place<'_>) -> io::Result<Option<(E, Option<E>)>> {
        let Some(last) = self.last(place)? else { return Ok(None) };
        let before = self.count().checked_sub(2).map(|at| self.read(place, at)).transpose()?;
        Ok(Some((last, before)))
    }

    pub(crate) fn last(&mut self, place: Place<'_>) -> io::Result<Option<E>> {
        if self.last.is_none() && self.count() > 0 {
            self.last = Some(self.read(place, self.count() - 1)?);
        }
        Ok(self.last)
    }

    /// The last entry, when it was read or pushed before.
    pub(crate) fn last_known(&self) -> Option<E> {
        self.last
    }

    /// The last entry for which `holds`, and its number.
    pub(crate) fn floor(
        &mut self,
        place: Place<'_>,
        holds: impl Fn(E) -> bool,
    ) -> io::Result<Option<(u32, E)>> {
        if let Some(last) = self.last(place)?
            && holds(last)
        {
            return Ok(Some((self.count() - 1, last)));
        }
        floor(self.count(), |at| self.read(place, at), holds)
    }

    pub(crate) fn push(&mut self, entry: E) {
        self.pending.push(entry);
        self.last = Some(entry);
    }

    /// Whether enough entries wait to be written.
    pub(crate) fn wants_write(&self) -> bool {
        self.pending.len() >= PENDING_MAX
    }

    /// Writes what waits.
    pub(crate) fn write(&mut self, place: Place<'_>) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(self.pending.len() * E::BYTES);
        self.pending.iter().for_each(|entry| entry.encode(self.base, &mut bytes));
        let at = u64::from(self.written) * E::BYTES as u64;
        self.file(place)?.write_at(&[IoSlice::new(&bytes)], at)?;
        self.written += self.pending.len() as u32;
        self.pending = Vec::new();
        self.dirty = true;
        Ok(())
    }

    /// Makes the file, if there is none: Kafka expects both indexes beside a segment that is done.
    pub(crate) fn make(&mut self, place: Place<'_>) -> io::Result<()> {
        if self.written == 0 {
            self.file(place)?;
            self.dirty = true;
        }
        Ok(())
    }

    /// Keeps the first `count` entries.
    pub(crate) fn truncate(&mut self, place: Place<'_>, count: u32) -> io::Result<()> {
        if count >= self.count() {
            return Ok(());
        }
        self.last = None;
        self.pending.truncate(count.saturating_sub(self.written) as usize);
        self.written = self.written.min(count);
        let length = u64::from(self.written) * E::BYTES as u64;
        self.dirty = true;
        self.file(place)?.set_length(length)
    }

    /// The file, if it was written since the last call: to be synced.
    pub(crate) fn take_dirty(&mut self) -> Option<Arc<dyn File>> {
        std::mem::take(&mut self.dirty).then(|| self.file.clone()).flatten()
    }

    /// Closes the file, when nothing waits to be written or synced.
    pub(crate) fn close_idle(&mut self) {
        if !self.dirty && self.pending.is_empty() {
            self.file = None;
        }
    }
}
