//! Producers that wait for the high watermark, by the offset that each waits for.

use klamm_types::Offset;
use std::collections::VecDeque;

/// Ordered by offset; those of one offset in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Waiting<T>(VecDeque<(Offset, T)>);

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Waiting<T> {
    /// Appends wait for rising offsets and go to the end; only a duplicate of an earlier batch has to look for its place.
    pub(crate) fn push(&mut self, end: Offset, token: T) {
        let place = match self.0.back() {
            Some((last, _)) if *last > end => self.0.partition_point(|(other, _)| *other <= end),
            _ => self.0.len(),
        };
        self.0.insert(place, (end, token));
    }

    /// The next one whose records are all before `high_watermark`.
    pub(crate) fn pop(&mut self, high_watermark: Offset) -> Option<T> {
        let (end, _) = self.0.front()?;
        if *end > high_watermark { None } else { self.0.pop_front().map(|(_, token)| token) }
    }

    /// All, in order. Keeps no memory: an idle partition costs nothing for having been busy.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        std::mem::take(&mut self.0).into_iter().map(|(_, token)| token)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
