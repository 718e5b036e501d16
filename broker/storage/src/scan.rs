//! Walks the batches of a segment's file by their headers.

use klamm_records::{BatchHeader, HEADER_BYTES, MalformedBatch};
use klamm_world::File;
use std::io;

/// Bytes read at a time where a few batches are looked at.
pub(crate) const NEAR_BYTES: usize = 8 * 1024;
/// Bytes read at a time where a stretch of the log is walked: more would not be faster, and it is held once per log thread.
pub(crate) const FAR_BYTES: usize = 256 * 1024;

/// A batch in a segment's file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) header: BatchHeader,
    pub(crate) position: u64,
}

/// What is next in the file.
pub(crate) enum Step {
    Batch(Found),
    End,
    /// No batch, or only a part of one, where one should be.
    Damaged(MalformedBatch),
}

pub(crate) struct Scan<'a> {
    file: &'a dyn File,
    position: u64,
    end: u64,
    window: Vec<u8>,
    window_at: u64,
    window_bytes: usize,
}

impl<'a> Scan<'a> {
    /// Walks from `position`, where a batch begins, to `end`.
    pub(crate) fn new(file: &'a dyn File, position: u64, end: u64, window_bytes: usize) -> Self {
        Self { file, position, end, window: Vec::new(), window_at: 0, window_bytes }
    }

    /// The next batch; where it is damaged, the scan stays.
    pub(crate) fn step(&mut self) -> io::Result<Step> {
        let left = self.end.saturating_sub(self.position);
        if left == 0 {
            return Ok(Step::End);
        }
        let have = left.min(HEADER_BYTES as u64) as usize;
        let position = self.position;
        let header = match BatchHeader::parse(self.bytes_at(position, have)?) {
            Ok(header) => header,
            Err(error) => return Ok(Step::Damaged(error)),
        };
        let need = u64::from(header.size_bytes);
        if need > left {
            return Ok(Step::Damaged(MalformedBatch::Torn { need, have: left as usize }));
        }
        self.position += need;
        Ok(Step::Batch(Found { header, position }))
    }

    /// All bytes of a batch that was found.
    pub(crate) fn bytes(&mut self, found: &Found) -> io::Result<&[u8]> {
        self.bytes_at(found.position, found.header.size_bytes as usize)
    }

    fn bytes_at(&mut self, position: u64, length: usize) -> io::Result<&[u8]> {
        let window_end = self.window_at + self.window.len() as u64;
        if position < self.window_at || position + length as u64 > window_end {
            let most = self.end - position;
            let want = (self.window_bytes.max(length) as u64).min(most) as usize;
            self.window.resize(want, 0);
            let count = self.file.read_at(&mut self.window, position)?;
            self.window.truncate(count);
            self.window_at = position;
            if count < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let from = (position - self.window_at) as usize;
        Ok(&self.window[from..from + length])
    }
}
