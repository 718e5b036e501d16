//! How fast replicas that are being moved may be fetched (KIP-73).

use klamm_types::Mono;

/// Billionths of a byte in a byte: what a rate of one byte a second gives in a nanosecond.
const PER_BYTE: i128 = 1_000_000_000;

/// What a throttle is to a replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Throttled {
    /// Nothing: the topic's settings do not name it.
    #[default]
    No,
    /// It is in sync: it counts, and is never held back, lest it leaves the ISR.
    Counts,
    /// It is not: it counts, and waits while too much has gone.
    Waits,
}

impl Throttled {
    pub(crate) fn of(is_named: bool, is_in_sync: bool) -> Self {
        match (is_named, is_in_sync) {
            (false, _) => Throttled::No,
            (true, true) => Throttled::Counts,
            (true, false) => Throttled::Waits,
        }
    }
}

/// Bytes that may go, so many a second, and those of one second at once. Who asks while there are some is given as much as he
/// wants: what that is too much is waited for by the next.
///
/// Invariant: never more is left than one second gives.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    bytes_per_second: u64,
    /// What may still go, in billionths of a byte; below zero too much has gone.
    left: i128,
    filled: Mono,
}

impl Throttle {
    /// A rate that nothing exceeds: Kafka's default.
    pub const UNLIMITED: u64 = i64::MAX as u64;

    /// One that has let nothing go yet.
    #[must_use]
    pub fn new(now: Mono, bytes_per_second: u64) -> Self {
        Self { bytes_per_second, left: i128::from(bytes_per_second) * PER_BYTE, filled: now }
    }

    /// Another rate from now on; what went too much is not forgotten.
    pub fn set_rate(&mut self, now: Mono, bytes_per_second: u64) {
        self.fill(now);
        self.bytes_per_second = bytes_per_second;
        self.left = self.left.min(self.most());
    }

    /// So many bytes have gone.
    pub fn record(&mut self, now: Mono, bytes: u64) {
        self.fill(now);
        self.left -= i128::from(bytes) * PER_BYTE;
    }

    /// Whether nothing more may go now.
    #[must_use]
    pub fn is_exceeded(&mut self, now: Mono) -> bool {
        self.fill(now);
        self.left <= 0
    }

    /// When something may go again; never with a rate of zero.
    #[must_use]
    pub fn free_at(&self) -> Mono {
        if self.left > 0 {
            return self.filled;
        }
        if self.bytes_per_second == 0 {
            return Mono(u64::MAX);
        }
        let nanos = -self.left / i128::from(self.bytes_per_second) + 1;
        Mono(self.filled.0.saturating_add(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }

    fn most(&self) -> i128 {
        i128::from(self.bytes_per_second) * PER_BYTE
    }

    fn fill(&mut self, now: Mono) {
        let nanos = now.0.saturating_sub(self.filled.0);
        let more = i128::from(nanos) * i128::from(self.bytes_per_second);
        self.left = self.left.saturating_add(more).min(self.most());
        self.filled = self.filled.max(now);
    }
}
