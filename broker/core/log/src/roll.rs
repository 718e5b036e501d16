//! When the active segment ends and the next begins.

use crate::LogConfig;
use klamm_types::{Offset, Wall};

/// What is known of the active segment when a batch is to be appended.
#[derive(Clone, Copy, Debug)]
pub struct RollFacts {
    /// Its base offset.
    pub base: Offset,
    /// Its bytes.
    pub size_bytes: u32,
    /// The greatest timestamp of its first batch; none when it is empty or that batch has none.
    pub first_timestamp: Option<Wall>,
    /// When it was made.
    pub created: Wall,
    /// Entries of the longer of its indexes, in bytes.
    pub index_bytes: u32,
    /// Bytes of the batch to come.
    pub batch_bytes: u32,
    /// Its last offset.
    pub batch_last_offset: Offset,
    /// Its greatest timestamp.
    pub batch_timestamp: Wall,
    /// Wall time.
    pub now: Wall,
}

/// Why the active segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollReason {
    /// It would exceed `segment.bytes`.
    Size,
    /// It is as old as `segment.ms`, by its records' timestamps.
    Age,
    /// Its index is full (`segment.index.bytes`).
    Index,
    /// Offsets in indexes have 31 bits.
    Offsets,
}

/// Whether the batch to come needs a new segment. Age is told by records' time, as in Kafka: a log that gets old records
/// rolls by their times, a log without traffic never rolls.
#[must_use]
pub fn should_roll(config: &LogConfig, facts: &RollFacts) -> Option<RollReason> {
    if facts.size_bytes > 0 {
        if u64::from(facts.size_bytes) + u64::from(facts.batch_bytes) > u64::from(config.segment_bytes) {
            return Some(RollReason::Size);
        }
        let waited = match facts.first_timestamp {
            Some(first) => facts.batch_timestamp.0.saturating_sub(first.0),
            None => facts.now.0.saturating_sub(facts.created.0),
        };
        if waited > config.segment_ms.saturating_sub(config.segment_jitter_ms) {
            return Some(RollReason::Age);
        }
        if facts.index_bytes >= config.segment_index_bytes {
            return Some(RollReason::Index);
        }
    }
    let delta = facts.batch_last_offset.0 - facts.base.0;
    (delta > i64::from(i32::MAX)).then_some(RollReason::Offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        let config = LogConfig {
            segment_bytes: 1000,
            segment_ms: 100,
            segment_index_bytes: 80,
            ..LogConfig::default()
        };
        let quiet = RollFacts {
            base: Offset(10),
            size_bytes: 500,
            first_timestamp: Some(Wall(1000)),
            created: Wall(0),
            index_bytes: 72,
            batch_bytes: 500,
            batch_last_offset: Offset(20),
            batch_timestamp: Wall(1100),
            now: Wall(5000),
        };
        let check = |facts: RollFacts, want| assert_eq!(should_roll(&config, &facts), want, "{facts:?}");
        check(quiet, None);
        check(RollFacts { batch_bytes: 501, ..quiet }, Some(RollReason::Size));
        check(RollFacts { size_bytes: 0, batch_bytes: 5000, ..quiet }, None);
        check(RollFacts { batch_timestamp: Wall(1101), ..quiet }, Some(RollReason::Age));
        check(RollFacts { first_timestamp: None, now: Wall(100), ..quiet }, None);
        check(RollFacts { first_timestamp: None, now: Wall(101), ..quiet }, Some(RollReason::Age));
        check(RollFacts { index_bytes: 80, ..quiet }, Some(RollReason::Index));
        let far = Offset(10 + i64::from(i32::MAX));
        check(RollFacts { batch_last_offset: far, ..quiet }, None);
        check(RollFacts { batch_last_offset: far.plus(1), ..quiet }, Some(RollReason::Offsets));
    }
}
