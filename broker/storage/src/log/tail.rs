//! Where the last batches of the active segment are: readers at the end of the log need neither index nor file.

use super::Log;
use klamm_types::Offset;
use std::collections::VecDeque;

/// Batches that are remembered: as many as a follower may be behind in one round trip.
const BATCHES_KEPT: usize = 32;

/// An offset with its place in a segment's file, when that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) offset: Offset,
    /// The segment's base offset and the position in it.
    pub(super) at: Option<(Offset, u64)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct TailBatch {
    pub(super) base: Offset,
    pub(super) next: Offset,
    pub(super) position: u64,
    pub(super) size: u32,
}

/// The last batches of the active segment, oldest first.
#[derive(Default)]
pub(super) struct Tail(VecDeque<TailBatch>);

impl Tail {
    pub(super) fn push(&mut self, batch: TailBatch) {
        if self.0.len() == BATCHES_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(batch);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The batch that contains `offset`, or the next one when there is a gap; `None` when it may be an older one, or none.
    pub(super) fn find(&self, offset: Offset) -> Option<TailBatch> {
        if offset < self.0.front()?.base {
            return None;
        }
        let at = self.0.partition_point(|batch| batch.next <= offset);
        self.0.get(at).copied()
    }
}

impl Log {
    /// `offset` with its place, if that is known without reading.
    pub(super) fn mark(&mut self, offset: Offset) -> Mark {
        let end = self.end;
        let found = self.tail.find(offset);
        let active = self.active();
        let at = if offset == end {
            Some((active.base, active.size))
        } else {
            found.map(|batch| (active.base, batch.position))
        };
        Mark { offset, at }
    }
}
