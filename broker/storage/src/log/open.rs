//! Opening a log, after a clean shutdown or a crash. Only what lies beyond the recovery point is read: there, each batch's CRC
//! is checked, everything from the first bad byte on is cut, and indexes, epochs and producer state are made anew.

use super::{
    EPOCHS_FILE, Log,
    tail::{Mark, Tail},
};
use crate::{
    Device, StorageError, files,
    index_file::Place,
    scan::{FAR_BYTES, NEAR_BYTES, Scan, Step},
    segment::{Segment, cut_durably},
};
use klamm_log::{FileKind, LeaderEpochCache, LogConfig, ProducerState, TimeEntry, parse_file_name};
use klamm_records::{BatchHeader, NO_TIMESTAMP};
use klamm_types::{LeaderEpoch, Offset, TopicId, TopicPartition, Wall};
use klamm_world::mutant;
use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};

/// What must be known to open a log.
pub(crate) struct Opening {
    pub(crate) device: Arc<Device>,
    pub(crate) directory: PathBuf,
    pub(crate) name: TopicPartition,
    pub(crate) topic_id: Option<TopicId>,
    pub(crate) config: Arc<LogConfig>,
    /// By the directory's checkpoint, if it has the log.
    pub(crate) recovery_point: Option<Offset>,
    /// By the directory's checkpoint, else 0.
    pub(crate) start: Offset,
    /// Whether the last shutdown was clean.
    pub(crate) clean: bool,
    pub(crate) now: Wall,
}

/// The lengths of a segment's files.
#[derive(Default)]
struct Lengths {
    log: Option<(u64, Wall)>,
    index: Option<u64>,
    times: Option<u64>,
}

impl Log {
    /// A log whose directory was just made.
    pub(crate) fn create(opening: Opening) -> Result<Self, StorageError> {
        let now = opening.now;
        let mut log = Self::bare(opening);
        let created = Segment::create(log.place(), log.start, now);
        log.segments.push(created.map_err(|error| log.failed(&error))?);
        log.directory_dirty = true;
        log.new = true;
        Ok(log)
    }

    pub(crate) fn open(opening: Opening) -> Result<Self, StorageError> {
        // a log that was not flushed to its end was not shut down cleanly, whatever the directory's mark says
        let flushed = opening.recovery_point.filter(|_| !mutant::active("keep the mark of a clean shutdown"));
        let clean_up_to = opening.clean.then(|| flushed.unwrap_or(Offset(i64::MAX)));
        let now = opening.now;
        let mut log = Self::bare(opening);
        match log.load(clean_up_to, now) {
            Ok(()) => Ok(log),
            Err(error) => Err(log.failed(&error)),
        }
    }

    fn bare(opening: Opening) -> Self {
        let start = Offset(opening.start.0.max(0));
        Self {
            device: opening.device,
            directory: opening.directory,
            name: opening.name,
            topic_id: opening.topic_id,
            config: opening.config,
            segments: Vec::new(),
            start,
            end: start,
            high_watermark: Mark { offset: start, at: None },
            recovery_point: opening.recovery_point.unwrap_or(start).max(start),
            durable_end: start,
            epochs: LeaderEpochCache::default(),
            epochs_dirty: false,
            epochs_unsynced: false,
            epochs_eager: false,
            producers: ProducerState::default(),
            snapshots: Vec::new(),
            tail: Tail::default(),
            torn: false,
            directory_dirty: false,
            new: false,
            generation: 0,
            unflushed_bytes: 0,
            flushing: false,
        }
    }

    fn load(&mut self, clean_up_to: Option<Offset>, now: Wall) -> io::Result<()> {
        self.load_segments(now)?;
        let first = self.segments[0].base;
        self.start = self.start.max(first);
        self.recovery_point = self.recovery_point.max(self.start);
        let epochs_known = self.load_epochs()?;
        let tail = match clean_up_to {
            Some(flushed) => self.clean_end()?.filter(|end| *end <= flushed),
            None => None,
        };
        match tail {
            Some(end) => {
                self.end = end;
                self.recovery_point = end;
                self.load_producers(end)?;
            }
            None => {
                self.recover()?;
                // names and epochs that were written before the crash are in the page cache, perhaps not on the device
                self.new = true;
                self.directory_dirty = true;
                self.epochs_dirty = true;
            }
        }
        if self.start > self.end {
            self.begin_at_start(now)?; // the records up to the start were deleted, and the rest was lost
        }
        if !epochs_known {
            self.rebuild_epochs()?;
        }
        self.epochs_dirty |= self.epochs.truncate_from_end(self.end);
        self.epochs_dirty |= self.epochs.truncate_from_start(self.start);
        self.recovery_point = self.recovery_point.min(self.end);
        self.durable_end = self.recovery_point;
        self.high_watermark = self.mark(self.start);
        Ok(())
    }

    /// Lists the directory, removes what a crash left behind, and makes the first segment if there is none.
    fn load_segments(&mut self, now: Wall) -> io::Result<()> {
        let disk = self.device.disk().clone();
        let mut found: BTreeMap<Offset, Lengths> = BTreeMap::new();
        for entry in disk.list(&self.directory)? {
            if [".deleted", ".tmp", ".cleaned"].iter().any(|suffix| entry.name.ends_with(suffix)) {
                disk.remove_file(&self.directory.join(&entry.name))?;
                continue;
            }
            let Some((base, kind)) = parse_file_name(&entry.name) else { continue };
            match kind {
                FileKind::Log => found.entry(base).or_default().log = Some((entry.length, entry.modified)),
                FileKind::Index => found.entry(base).or_default().index = Some(entry.length),
                FileKind::TimeIndex => found.entry(base).or_default().times = Some(entry.length),
                FileKind::Snapshot => self.snapshots.push(base),
                FileKind::TransactionIndex => {}
            }
        }
        for (base, lengths) in found {
            let Some((length, modified)) = lengths.log else { continue };
            let (index, times) = (lengths.index.unwrap_or(0), lengths.times.unwrap_or(0));
            self.segments.push(Segment::existing(base, length, modified, index, times));
        }
        if self.segments.is_empty() {
            let segment = Segment::create(self.place(), self.start, now)?;
            self.segments.push(segment);
            self.directory_dirty = true;
        }
        Ok(())
    }

    /// Says whether the file could be read, or is not needed.
    fn load_epochs(&mut self) -> io::Result<bool> {
        let path = self.directory.join(EPOCHS_FILE);
        let parsed = match files::read_text(self.device.disk().as_ref(), &path)? {
            Some(text) => LeaderEpochCache::parse(&text).map_err(|error| error.to_string()),
            None => Err("not there".to_owned()),
        };
        match parsed {
            Ok(epochs) => {
                self.epochs = epochs;
                Ok(true)
            }
            Err(error) => {
                let empty = self.segments.iter().all(|segment| segment.size == 0);
                if !empty {
                    tracing::debug!(log = %self.name, error, "leader epochs are read from the batches");
                }
                Ok(empty)
            }
        }
    }

    /// The end of a log that was shut down cleanly; `None` when its tail is not what a clean shutdown leaves.
    fn clean_end(&mut self) -> io::Result<Option<Offset>> {
        let place = super::place!(self);
        let active = self.segments.last_mut().expect("there is one now");
        if index_is_suspect(active, place)? {
            return Ok(None);
        }
        let from = active.index.last(place)?.map_or(0, |entry| u64::from(entry.position));
        let (mut end, size) = (active.base, active.size);
        let mut scan = Scan::new(active.file(place)?.as_ref(), from, size, NEAR_BYTES);
        loop {
            match scan.step()? {
                Step::Batch(found) => end = found.header.next_offset(),
                Step::End => break,
                Step::Damaged(_) => return Ok(None),
            }
        }
        active.close_idle();
        Ok(Some(end))
    }

    fn recover(&mut self) -> io::Result<()> {
        let place = super::place!(self);
        // a crash of the machine may have left zeros, and Apache Kafka leaves them at the end of an active segment's index
        for segment in &mut self.segments {
            if index_is_suspect(segment, place)? {
                self.recovery_point = self.recovery_point.min(segment.base).max(self.start);
                break;
            }
        }
        let from = self.recovery_point;
        self.epochs.truncate_from_end(from);
        let mut first = self.segment_of(from);
        if first > 0 && self.segments[first].base == from {
            first -= 1; // what a failed write left behind its end may have been cut, but not durably
        }
        self.end = self.segments[first].base.max(self.start);
        self.load_producers(from)?;
        let total: u64 = self.segments.iter().map(|segment| segment.size).sum();
        let mut at = first;
        while at < self.segments.len() {
            let whole = self.recover_segment(at, from)?;
            at += 1;
            // a segment begins where the one before it ended, or that one lost its end with the power
            let Some(next) = self.segments.get(at) else { break };
            let follows = next.base == self.end || whole && next.base <= from;
            if !follows {
                break;
            }
            // as after a roll: when the segments before it are deleted, only this still tells of their producers
            if next.base == self.end && self.end > from {
                self.write_snapshot().map_err(io::Error::other)?;
            }
        }
        if self.end < from && !mutant::active("remember producers that were cut") {
            // a truncation is on the disk, the recovery point of before it too: what was loaded is of a log that is no more
            self.load_producers(self.end)?;
        }
        let lost: Vec<Segment> = self.segments.drain(at..).collect();
        if !lost.is_empty() {
            self.remove_segments(&lost)?;
            // at once: should they come back with another loss of power, they might fit what was appended since
            self.device.disk().sync_directory(&self.directory)?;
        }
        let cut = total - self.segments.iter().map(|segment| segment.size).sum::<u64>();
        if cut > 0 {
            tracing::warn!(log = %self.name, cut_bytes = cut, end = %self.end, "cut a torn tail");
        }
        Ok(())
    }

    fn remove_segments(&mut self, segments: &[Segment]) -> io::Result<()> {
        for path in segments.iter().flat_map(|segment| segment.paths(self.place())) {
            match self.device.disk().remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.directory_dirty = true;
        Ok(())
    }

    /// Checks the batches of one segment from `from` on. Says whether the segment was whole.
    fn recover_segment(&mut self, at: usize, from: Offset) -> io::Result<bool> {
        let place = super::place!(self);
        let interval = self.config.index_interval_bytes;
        let segment = &mut self.segments[at];
        let length = segment.size;
        segment.truncate_indexes(place, from)?;
        segment.drop_doubtful_entries(place)?;
        let position = segment.index.last(place)?.map_or(0, |entry| u64::from(entry.position));
        let none = TimeEntry { timestamp: NO_TIMESTAMP, offset: segment.base };
        let largest = segment.times.last(place)?.unwrap_or(none);
        segment.rewind(position, 0, largest);
        let file = segment.file(place)?.clone();
        let mut scan = Scan::new(file.as_ref(), position, length, FAR_BYTES);
        let mut next = segment.base;
        let mut epoch = self.epochs.epoch_of(next).unwrap_or(LeaderEpoch::NONE);
        let whole = loop {
            let found = match scan.step()? {
                Step::Batch(found) => found,
                Step::End => break true,
                Step::Damaged(_) => break false,
            };
            let header = found.header;
            let in_order = header.base_offset >= next && header.last_offset_delta >= 0;
            // an older epoch is what was there before a truncation: its overwriting was lost in part
            let older = header.leader_epoch < epoch;
            if !in_order || older || !crc_matches(&header, scan.bytes(&found)?) {
                break false;
            }
            (next, epoch) = (header.next_offset(), header.leader_epoch);
            if next <= from {
                self.segments[at].note_unindexed(&header);
            } else {
                self.segments[at].note(&header, interval);
            }
            self.recovered(&header, from);
        };
        let end = self.end;
        let segment = &mut self.segments[at];
        if !whole && mutant::active("keep the torn tail") {
            segment.size = length;
        } else if !whole {
            cut_durably(file.as_ref(), segment.size)?;
        }
        if !whole || end > from {
            segment.mark_dirty(); // what was written before the crash may not be durable
        } else {
            segment.close_idle();
        }
        Ok(whole)
    }

    fn recovered(&mut self, header: &BatchHeader, from: Offset) {
        self.end = header.next_offset();
        if header.base_offset >= from {
            if !mutant::active("forget producers") {
                self.producers.appended(header);
            }
            self.assign_epoch_at(header.leader_epoch, header.base_offset);
            self.unflushed_bytes += u64::from(header.size_bytes);
            self.device.add_unflushed(u64::from(header.size_bytes));
        }
    }

    fn rebuild_epochs(&mut self) -> io::Result<()> {
        let place = super::place!(self);
        let mut epochs = LeaderEpochCache::default();
        for segment in &mut self.segments {
            let size = segment.size;
            if size == 0 {
                continue;
            }
            let mut scan = Scan::new(segment.file(place)?.as_ref(), 0, size, FAR_BYTES);
            while let Step::Batch(found) = scan.step()? {
                if epochs.latest().is_none_or(|latest| latest.epoch < found.header.leader_epoch) {
                    epochs.assign(found.header.leader_epoch, found.header.base_offset);
                }
            }
            segment.close_idle();
        }
        self.epochs = epochs;
        self.epochs_dirty = true;
        Ok(())
    }

    fn begin_at_start(&mut self, now: Wall) -> io::Result<()> {
        let lost = std::mem::take(&mut self.segments);
        self.remove_segments(&lost)?;
        let segment = Segment::create(self.place(), self.start, now)?;
        self.segments.push(segment);
        self.end = self.start;
        self.directory_dirty = true;
        Ok(())
    }
}

/// Whether the offset index cannot be that of the segment: it ends in zeros, or beyond the segment.
fn index_is_suspect(segment: &mut Segment, place: Place<'_>) -> io::Result<bool> {
    if segment.index.count() == 0 {
        return Ok(false); // no index only makes lookups slow
    }
    let (base, size) = (segment.base, segment.size);
    let last = segment.index.last(place)?;
    Ok(last.is_some_and(|last| last.offset <= base || u64::from(last.position) >= size))
}

fn crc_matches(header: &BatchHeader, bytes: &[u8]) -> bool {
    if mutant::active("believe every batch") {
        return true;
    }
    klamm_records::crc_of(bytes) == header.crc
}
