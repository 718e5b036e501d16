//! The one source of chance: SplitMix64 (Steele, Lea, Flood 2014), whose whole state is a word, so that a seed is a number.

use std::ops::Range;

/// A stream of random numbers that a seed determines.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream apart, so that more draws in one part of the simulation do not shift those in another.
    #[must_use]
    pub fn fork(&self, part: u64) -> Self {
        let mut fork = Self(self.0 ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93));
        fork.next();
        fork
    }

    /// The next 64 bits.
    #[allow(clippy::should_implement_trait)] // it is not an iterator: it has no end
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    /// A number of `range`, evenly; its start when it is empty.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        let width = range.end.saturating_sub(range.start).max(1);
        range.start + ((u128::from(self.next()) * u128::from(width)) >> 64) as u64
    }

    /// Evenly by magnitude: as often between 10 and 100 as between 100 and 1000. What latencies look like.
    pub fn by_magnitude(&mut self, range: Range<u64>) -> u64 {
        let (low, high) = (range.start.max(1) as f64, range.end.max(2) as f64);
        let part = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        (low * (high / low).powf(part)) as u64
    }

    /// True once in `times`; never for 0.
    pub fn once_in(&mut self, times: u64) -> bool {
        times > 0 && self.within(0..times) == 0
    }

    /// Takes a random element out; the order of the others changes.
    pub(crate) fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        let index = self.within(0..from.len() as u64) as usize;
        Some(from.swap_remove(index))
    }

    /// Fills `buffer`.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within() {
        let mut random = Random::new(7);
        for _ in 0..10_000 {
            assert!((5..9).contains(&random.within(5..9)));
            assert!((20..=5000).contains(&random.by_magnitude(20..5000)));
        }
        assert_eq!(random.within(4..4), 4);
        assert!(!random.once_in(0));
        assert!(random.once_in(1));
    }
}
