//! Offsets by timestamp (ListOffsets): the only reads that look into records.

use super::{Log, place};
use crate::{
    StorageError,
    scan::{FAR_BYTES, Found, Scan, Step},
};
use klamm_records::{Batch, MalformedRecord, TimestampType};
use klamm_types::{Bytes, LeaderEpoch, Offset, Wall};
use std::io;

/// What a batch may decompress to when a record in it is looked for.
const DECOMPRESSED_BYTES_MAX: usize = 128 << 20;

/// A record by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampOffset {
    /// Its timestamp.
    pub timestamp: Wall,
    /// Its offset.
    pub offset: Offset,
    /// The epoch it was appended in.
    pub leader_epoch: LeaderEpoch,
}

impl Log {
    /// The first record whose timestamp is `timestamp` or later.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn offset_for_timestamp(&mut self, timestamp: Wall) -> Result<Option<TimestampOffset>, StorageError> {
        self.device.check()?;
        self.search_timestamp(timestamp).map_err(|error| self.failed(&error))
    }

    /// The first record that has the greatest timestamp (KIP-734).
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn offset_of_max_timestamp(&mut self) -> Result<Option<TimestampOffset>, StorageError> {
        self.device.check()?;
        let mut max: Option<Wall> = None;
        let place = place!(self);
        for segment in &mut self.segments {
            let largest =
                segment.largest(place).map_err(|error| self.device.failed(&self.directory, &error))?;
            max = max.max(largest.map(|largest| largest.timestamp));
        }
        max.map_or(Ok(None), |max| self.offset_for_timestamp(max))
    }

    fn search_timestamp(&mut self, timestamp: Wall) -> io::Result<Option<TimestampOffset>> {
        let start = self.start;
        let place = place!(self);
        for segment in &mut self.segments[..] {
            if segment.largest(place)?.is_none_or(|largest| largest.timestamp < timestamp) {
                continue;
            }
            // up to the entry's offset nothing is as late as its timestamp, but the entry's own batch may be
            let floor = segment.times.floor(place, |entry| entry.timestamp < timestamp)?;
            let from = floor.map_or(start, |(_, entry)| entry.offset.max(start));
            let Some(first) = segment.find(place, from)? else { continue };
            let size = segment.size;
            let mut scan = Scan::new(segment.file(place)?.as_ref(), first.position, size, FAR_BYTES);
            while let Step::Batch(found) = scan.step()? {
                if found.header.max_timestamp < timestamp {
                    continue;
                }
                if let Some(record) = record_in(&mut scan, &found, timestamp, start)? {
                    return Ok(Some(record));
                }
            }
        }
        Ok(None)
    }
}

/// The first record of the batch at or after `timestamp` and `start`. A batch whose records cannot be read, which its producer
/// is to blame for, is answered by its first offset.
fn record_in(
    scan: &mut Scan<'_>,
    found: &Found,
    timestamp: Wall,
    start: Offset,
) -> io::Result<Option<TimestampOffset>> {
    let header = found.header;
    let answer = |timestamp, offset| TimestampOffset { timestamp, offset, leader_epoch: header.leader_epoch };
    if header.attributes.timestamps() == TimestampType::LogAppendTime {
        return Ok(Some(answer(header.max_timestamp, header.base_offset.max(start))));
    }
    let bytes = Bytes::copy_from_slice(scan.bytes(found)?);
    let batch = Batch::parse(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let search = || -> Result<Option<TimestampOffset>, MalformedRecord> {
        for record in batch.records(DECOMPRESSED_BYTES_MAX)? {
            let record = record?;
            if record.timestamp >= timestamp && record.offset >= start {
                return Ok(Some(answer(record.timestamp, record.offset)));
            }
        }
        Ok(None)
    };
    Ok(search().unwrap_or_else(|error| {
        tracing::debug!(%error, "timestamp search in an unreadable batch");
        Some(answer(header.max_timestamp, header.base_offset.max(start)))
    }))
}
