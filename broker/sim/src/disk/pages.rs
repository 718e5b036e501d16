//! The bytes of one file: what the page cache shows, what the platter holds, and which pages differ.

use crate::Random;
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub(super) const PAGE: u64 = 4096;
/// A disk writes sectors whole: a page may be torn between them.
const SECTOR: usize = 512;

type Page = Arc<[u8; PAGE as usize]>;

/// A file's bytes, by page; a page that is absent is zeros and takes no room.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    cached: BTreeMap<u64, Page>,
    cached_length: u64,
    durable: BTreeMap<u64, Page>,
    durable_length: u64,
    dirty: BTreeSet<u64>,
    /// Nobody has read it since the power came back: a read would wait for the device.
    cold: Cell<bool>,
}

impl Pages {
    pub(super) fn length(&self) -> u64 {
        self.cached_length
    }

    /// Bytes of room it takes on the disk.
    pub(super) fn room(&self) -> u64 {
        self.cached.len() as u64 * PAGE
    }

    /// Bytes of room that a write of `length` bytes at `offset` would take on top.
    pub(super) fn room_for(&self, offset: u64, length: u64) -> u64 {
        if length == 0 {
            return 0;
        }
        let pages = offset / PAGE..(offset + length).div_ceil(PAGE);
        let held = self.cached.range(pages.clone()).count() as u64;
        (pages.end - pages.start - held) * PAGE
    }

    pub(super) fn is_cold(&self) -> bool {
        self.cold.get()
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        self.cold.set(false);
        let count = self.cached_length.saturating_sub(offset).min(buffer.len() as u64) as usize;
        for (page, within, piece) in pieces(&mut buffer[..count], offset) {
            match self.cached.get(&page) {
                Some(bytes) => piece.copy_from_slice(&bytes[within..within + piece.len()]),
                None => piece.fill(0),
            }
        }
        count
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        let mut rest = bytes;
        let mut position = offset;
        while !rest.is_empty() {
            let (page, within) = (position / PAGE, (position % PAGE) as usize);
            let (piece, after) = rest.split_at(rest.len().min(PAGE as usize - within));
            let target = Arc::make_mut(self.cached.entry(page).or_insert_with(zeros));
            target[within..within + piece.len()].copy_from_slice(piece);
            self.dirty.insert(page);
            position += piece.len() as u64;
            rest = after;
        }
        self.cached_length = self.cached_length.max(position);
    }

    pub(super) fn set_length(&mut self, length: u64) {
        if length < self.cached_length {
            let cut = self.cached.split_off(&length.div_ceil(PAGE));
            self.dirty.extend(cut.keys());
            let within = (length % PAGE) as usize;
            if let Some(page) = self.cached.get_mut(&(length / PAGE)).filter(|_| within > 0) {
                Arc::make_mut(page)[within..].fill(0);
                self.dirty.insert(length / PAGE);
            }
        }
        self.cached_length = length;
    }

    /// Takes room for the first `length` bytes.
    pub(super) fn allocate(&mut self, length: u64) {
        let zero = zeros();
        for page in 0..length.div_ceil(PAGE) {
            self.cached.entry(page).or_insert_with(|| zero.clone());
        }
        self.cached_length = self.cached_length.max(length);
    }

    /// Makes what is cached durable.
    pub(super) fn sync(&mut self) {
        for page in std::mem::take(&mut self.dirty) {
            put(&mut self.durable, page, self.cached.get(&page).cloned());
        }
        self.durable_length = self.cached_length;
    }

    /// A sync that failed: Linux marks the pages clean though they never reached the disk, and may drop them from the cache
    /// (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
    pub(super) fn fail_sync(&mut self, random: &mut Random) {
        let evict = random.once_in(2);
        for page in std::mem::take(&mut self.dirty) {
            if evict && random.once_in(2) {
                put(&mut self.cached, page, self.durable.get(&page).cloned());
            }
        }
        self.trim();
    }

    /// The power fails: of each page that was not synced the old or the new is there, or some sectors of each; of a length
    /// that was not synced the old, the new, or one between, and what was never written reads as zeros.
    pub(super) fn lose_power(&mut self, random: &mut Random) {
        for page in std::mem::take(&mut self.dirty) {
            let (old, new) = (self.durable.get(&page).cloned(), self.cached.get(&page).cloned());
            let kept = match random.within(0..3) {
                0 => old,
                1 => new,
                _ => Some(torn(old, new, random)),
            };
            put(&mut self.durable, page, kept);
        }
        let (old, new) = (self.durable_length, self.cached_length);
        self.durable_length = match random.within(0..3) {
            0 => old,
            1 => new,
            _ => random.within(old.min(new)..old.max(new)),
        };
        self.cached = self.durable.clone();
        self.cached_length = self.durable_length;
        self.trim();
        self.durable = self.cached.clone();
        self.cold.set(true);
    }

    /// Flips a bit, on the disk and in the cache.
    pub(super) fn rot(&mut self, position: u64, bit: u8) {
        for pages in [&mut self.cached, &mut self.durable] {
            if let Some(page) = pages.get_mut(&(position / PAGE)) {
                Arc::make_mut(page)[(position % PAGE) as usize] ^= 1 << (bit % 8);
            }
        }
    }

    /// Nothing is beyond the end of a file: what is written there later must not bring old bytes back between.
    fn trim(&mut self) {
        let length = self.cached_length;
        self.cached.split_off(&length.div_ceil(PAGE));
        let within = (length % PAGE) as usize;
        if let Some(page) = self.cached.get_mut(&(length / PAGE)).filter(|_| within > 0) {
            Arc::make_mut(page)[within..].fill(0);
        }
    }
}

fn zeros() -> Page {
    Arc::new([0; PAGE as usize])
}

fn put(pages: &mut BTreeMap<u64, Page>, at: u64, page: Option<Page>) {
    match page {
        Some(page) => pages.insert(at, page),
        None => pages.remove(&at),
    };
}

fn torn(old: Option<Page>, new: Option<Page>, random: &mut Random) -> Page {
    let mut page = old.unwrap_or_else(zeros);
    let new = new.unwrap_or_else(zeros);
    let target = Arc::make_mut(&mut page);
    for (target, source) in target.chunks_mut(SECTOR).zip(new.chunks(SECTOR)) {
        if random.once_in(2) {
            target.copy_from_slice(source);
        }
    }
    page
}

/// The parts of `buffer`, which begins at `offset`, by page: (page, offset within it, part).
fn pieces(buffer: &mut [u8], offset: u64) -> impl Iterator<Item = (u64, usize, &mut [u8])> {
    let first = (PAGE - offset % PAGE).min(buffer.len() as u64) as usize;
    let (head, rest) = buffer.split_at_mut(first);
    let next = offset / PAGE + 1;
    let rest = rest.chunks_mut(PAGE as usize).zip(next..).map(|(piece, page)| (page, 0, piece));
    std::iter::once((offset / PAGE, (offset % PAGE) as usize, head)).chain(rest)
}
