//! Which of the oldest segments go: behind the log's start, beyond `retention.bytes`, older than `retention.ms`.

use crate::LogConfig;
use klamm_types::{Offset, Wall};

/// What is known of one segment.
#[derive(Clone, Copy, Debug)]
pub struct SegmentFacts {
    /// The offset after it: the next segment's base offset, or the log's end.
    pub end: Offset,
    /// Its bytes.
    pub size_bytes: u64,
    /// Its greatest timestamp; without any, when its file was last written.
    pub largest_timestamp: Wall,
}

/// How many of the oldest segments are to be deleted. All of them means that the log rolls first. Nothing at or above the
/// high watermark goes, and an empty last segment stays.
#[must_use]
pub fn segments_to_delete(
    config: &LogConfig,
    segments: &[SegmentFacts],
    log_start: Offset,
    high_watermark: Offset,
    now: Wall,
) -> usize {
    let behind_start =
        segments.iter().take(segments.len().saturating_sub(1)).take_while(|s| s.end <= log_start).count();
    if !config.cleanup_policy.delete {
        return behind_start;
    }
    let deletable = segments.iter().take_while(|s| s.end <= high_watermark && s.size_bytes > 0).count();
    let total: u64 = segments.iter().map(|segment| segment.size_bytes).sum();
    let mut excess = u64::try_from(config.retention_bytes).map_or(0, |keep| total.saturating_sub(keep));
    let by_size = segments.iter().take_while(|segment| {
        let fits = segment.size_bytes <= excess;
        excess = excess.saturating_sub(segment.size_bytes);
        fits
    });
    let by_size = by_size.count();
    let expired = |segment: &&SegmentFacts| {
        config.retention_ms >= 0 && now.0.saturating_sub(segment.largest_timestamp.0) > config.retention_ms
    };
    let by_time = segments.iter().take_while(expired).count();
    behind_start.max(by_size).max(by_time).min(deletable.max(behind_start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CleanupPolicy;

    #[test]
    fn by_each_reason() {
        let segment = |end, largest| SegmentFacts {
            end: Offset(end),
            size_bytes: 100,
            largest_timestamp: Wall(largest),
        };
        let segments = [segment(10, 1000), segment(20, 2000), segment(30, 3000)];
        let keep = LogConfig { retention_ms: -1, ..LogConfig::default() };
        let check = |config: &LogConfig, start, high_watermark, want| {
            let count =
                segments_to_delete(config, &segments, Offset(start), Offset(high_watermark), Wall(5000));
            assert_eq!(count, want, "{config:?} {start} {high_watermark}");
        };
        check(&keep, 0, 30, 0);
        check(&keep, 19, 30, 1);
        check(&keep, 30, 30, 2); // the last stays: DeleteRecords leaves the active segment
        let compact = CleanupPolicy { delete: false, compact: true };
        let time = LogConfig { retention_ms: 2500, ..keep.clone() };
        check(&time, 0, 30, 2);
        check(&time, 0, 19, 1);
        check(&LogConfig { cleanup_policy: compact, ..time.clone() }, 10, 30, 1);
        check(&LogConfig { retention_ms: 1000, ..keep.clone() }, 0, 30, 3);
        let bytes = |retention_bytes| LogConfig { retention_bytes, ..keep.clone() };
        check(&bytes(300), 0, 30, 0);
        check(&bytes(201), 0, 30, 0);
        check(&bytes(200), 0, 30, 1);
        check(&bytes(0), 0, 30, 3);
        check(&bytes(0), 0, 5, 0);
    }

    #[test]
    fn an_empty_last_segment_stays() {
        let empty = SegmentFacts { end: Offset(10), size_bytes: 0, largest_timestamp: Wall(0) };
        let config = LogConfig { retention_ms: 1, ..LogConfig::default() };
        assert_eq!(segments_to_delete(&config, &[empty], Offset(10), Offset(10), Wall(5000)), 0);
    }
}
