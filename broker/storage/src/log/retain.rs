//! Retention: deletes the oldest segments by time, size and the log's start.

use super::{Log, place};
use crate::{Removal, StorageError, segment::Segment};
use klamm_log::{SegmentFacts, segments_to_delete};
use klamm_types::{Now, Wall};

impl Log {
    /// Takes out the segments that retention no longer keeps; their files are the caller's to unlink. Also forgets idle producers
    /// and closes idle files: call it every `log.retention.check.interval.ms`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn retain(&mut self, now: Now) -> Result<Removal, StorageError> {
        self.device.check()?;
        self.expire_producers(now);
        let facts = self.facts()?;
        self.close_idle_files();
        let count = segments_to_delete(&self.config, &facts, self.start, self.high_watermark(), now.wall);
        if count == 0 {
            return Ok(self.removal());
        }
        if count == self.segments.len() {
            self.roll(now)?;
        }
        let dropped: Vec<Segment> = self.segments.drain(..count).collect();
        let removal = self.put_aside(&dropped)?;
        let start = self.segments[0].base;
        self.raise_start(start);
        tracing::info!(log = %self.name, segments = count, start = %self.start, "retention deletes");
        self.remove_snapshots(|offset| offset < start);
        Ok(removal)
    }

    fn facts(&mut self) -> Result<Vec<SegmentFacts>, StorageError> {
        let by_time = self.config.cleanup_policy.delete && self.config.retention_ms >= 0;
        let mut facts = Vec::with_capacity(self.segments.len());
        for at in 0..self.segments.len() {
            let end = self.segments.get(at + 1).map_or(self.end, |next| next.base);
            let place = place!(self);
            let segment = &mut self.segments[at];
            let largest_timestamp = if by_time && segment.size > 0 {
                let largest =
                    segment.largest(place).map_err(|error| self.device.failed(&self.directory, &error))?;
                largest.map_or(segment.modified, |largest| largest.timestamp)
            } else {
                Wall(i64::MAX)
            };
            facts.push(SegmentFacts { end, size_bytes: segment.size, largest_timestamp });
        }
        Ok(facts)
    }
}
