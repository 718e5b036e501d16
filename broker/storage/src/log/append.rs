//! Appends: all batches that are waiting for one partition with one `pwritev`.

use super::{Log, place, tail::TailBatch};
use crate::{AppendError, StorageError, segment::Segment};
use klamm_log::{ProducerCheck, ProducerEntry, RollFacts, Verdict, should_roll};
use klamm_records::{BatchHeader, Batches, NO_TIMESTAMP, PatchedBatch, TimestampType, ValidatedBatch};
use klamm_types::{Bytes, LeaderEpoch, Now, Offset, ProducerId, Wall};
use std::io::IoSlice;

/// Who a batch is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A client: everything is checked, and a disk that is nearly full refuses.
    Client,
    /// This broker: coordinators, the metadata log.
    Broker,
}

/// Where a batch is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The offset of its first record.
    pub base_offset: Offset,
    /// The offset of its last.
    pub last_offset: Offset,
    /// The leader's time, when the log gives its own (`LogAppendTime`).
    pub append_time: Option<Wall>,
    /// Whether it was there already: an idempotent producer sent it again. It is acknowledged like a new one, when the high
    /// watermark has passed it.
    pub duplicate: bool,
}

/// Batches that are checked and will be written together.
#[derive(Default)]
struct Run {
    batches: Vec<PatchedBatch>,
    bytes: u64,
    /// Producers as they were, to be put back when the write fails; in order of change.
    undo: Vec<(ProducerId, Option<ProducerEntry>)>,
    /// The first result that depends on the write.
    first_result: usize,
}

struct Append<'a> {
    log: &'a mut Log,
    now: Now,
    run: Run,
    results: Vec<Result<Appended, AppendError>>,
    failed: Option<StorageError>,
}

impl Log {
    /// Appends produced batches in order, each on its own merits, and gives them offsets and `epoch`. One result per batch.
    pub fn append(
        &mut self,
        now: Now,
        epoch: LeaderEpoch,
        origin: Origin,
        batches: &[ValidatedBatch],
    ) -> Vec<Result<Appended, AppendError>> {
        let mut append = Append::new(self, now, batches.len());
        for batch in batches {
            let result = append.produced(epoch, origin, batch);
            append.results.push(result);
        }
        append.finish()
    }

    /// Appends what was fetched from the leader, as it came: offsets and epochs are the leader's. A batch cut at the end is
    /// left out. Returns the log's new end.
    ///
    /// # Errors
    /// [`AppendError`]: of the first batch that is refused; those before it are in the log.
    pub fn append_fetched(&mut self, now: Now, records: &Bytes) -> Result<Offset, AppendError> {
        let mut append = Append::new(self, now, 1);
        let mut refused = None;
        for batch in Batches::new(records.clone()) {
            let result = match batch {
                Ok(batch) if !batch.crc_matches() => Err(klamm_records::InvalidBatch::Crc.into()),
                Ok(batch) => append.fetched(batch.header(), batch.bytes()),
                Err(error) => Err(klamm_records::InvalidBatch::NoBatch(error).into()),
            };
            match result {
                Ok(appended) => append.results.push(Ok(appended)),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        let failed = append.finish().into_iter().find_map(Result::err);
        match failed.or(refused) {
            None => Ok(self.end),
            Some(error) => Err(error),
        }
    }

    /// Ends the active segment and begins the next at the log's end. Does nothing when the active one is empty.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn roll(&mut self, now: Now) -> Result<(), StorageError> {
        if self.active().size == 0 {
            return Ok(());
        }
        let (place, end) = (place!(self), self.end);
        let active = self.segments.last_mut().expect("a log has at least one segment");
        let next = active.finish(place).and_then(|()| Segment::create(place, end, now.wall));
        let next = next.map_err(|error| self.failed(&error))?;
        self.segments.push(next);
        self.directory_dirty = true;
        self.tail.clear();
        let high_watermark = self.high_watermark.offset;
        if high_watermark == end {
            self.high_watermark = self.mark(end);
        }
        tracing::debug!(log = %self.name, base = %end, "rolled a segment");
        self.write_snapshot()
    }

    /// Readies the active segment for a write.
    fn ready(&mut self) -> Result<(), StorageError> {
        self.device.check()?;
        let place = place!(self);
        let active = self.segments.last_mut().expect("a log has at least one segment");
        let ready =
            active.load_tail(place).and_then(|()| if self.torn { active.cut_tail(place) } else { Ok(()) });
        ready.map_err(|error| self.failed(&error))?;
        self.torn = false;
        Ok(())
    }

    fn check_timestamps(&self, header: &BatchHeader, now: Wall) -> Result<(), AppendError> {
        if self.config.message_timestamp_type == TimestampType::LogAppendTime {
            return Ok(());
        }
        let (first, largest) = (header.base_timestamp, header.max_timestamp);
        if first != NO_TIMESTAMP
            && now.0.saturating_sub(first.0) > self.config.message_timestamp_before_max_ms
        {
            return Err(AppendError::timestamp(first, now, "before"));
        }
        if largest != NO_TIMESTAMP
            && largest.0.saturating_sub(now.0) > self.config.message_timestamp_after_max_ms
        {
            return Err(AppendError::timestamp(largest, now, "after"));
        }
        Ok(())
    }

    fn check_client(&self, batch: &ValidatedBatch, now: Wall) -> Result<(), AppendError> {
        let header = batch.batch().header();
        let (bytes, max) = (header.size_bytes, self.config.max_message_bytes);
        if bytes > max {
            return Err(AppendError::TooLarge { bytes, max });
        }
        if bytes > self.config.segment_bytes {
            return Err(AppendError::LargerThanSegment { bytes, max: self.config.segment_bytes });
        }
        self.check_timestamps(header, now)?;
        if self.config.cleanup_policy.compact {
            batch.require_keys(DECOMPRESSED_BYTES_MAX)?;
        }
        if self.device.is_low() {
            return Err(StorageError::NoSpace { path: self.device.path().to_owned() }.into());
        }
        Ok(())
    }
}

/// What a batch may decompress to where its keys are looked at: Kafka has no bound, and a batch of 1 MiB can ask for 1 GiB.
const DECOMPRESSED_BYTES_MAX: usize = 128 << 20;

impl<'a> Append<'a> {
    fn new(log: &'a mut Log, now: Now, results: usize) -> Self {
        let failed = log.ready().err();
        Self { log, now, run: Run::default(), results: Vec::with_capacity(results), failed }
    }

    fn next_offset(&self) -> Offset {
        self.run.batches.last().map_or(self.log.end, |batch| batch.header().next_offset())
    }

    fn produced(
        &mut self,
        epoch: LeaderEpoch,
        origin: Origin,
        batch: &ValidatedBatch,
    ) -> Result<Appended, AppendError> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        let header = batch.batch().header();
        let check = match origin {
            Origin::Client => ProducerCheck::Full,
            Origin::Broker => ProducerCheck::None,
        };
        // a duplicate is acknowledged even when a new batch of its kind would now be refused
        if let Verdict::Duplicate(trace) = self.log.producers.check(header, check)? {
            let append_time = self.append_time().map(|_| trace.timestamp);
            let (base_offset, last_offset) = (trace.base_offset(), trace.last_offset);
            return Ok(Appended { base_offset, last_offset, append_time, duplicate: true });
        }
        if origin == Origin::Client {
            self.log.check_client(batch, self.now.wall)?;
        }
        let mut patched = PatchedBatch::new(header, batch.batch().bytes(), self.next_offset(), epoch);
        if let Some(time) = self.append_time() {
            patched = patched.with_append_time(time);
        }
        self.stage(patched)
    }

    fn fetched(&mut self, header: &BatchHeader, bytes: &Bytes) -> Result<Appended, AppendError> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        let end = self.next_offset();
        if header.base_offset < end || header.last_offset_delta < 0 {
            return Err(AppendError::NotNext { base: header.base_offset, end });
        }
        self.stage(PatchedBatch::new(header, bytes, header.base_offset, header.leader_epoch))
    }

    fn append_time(&self) -> Option<Wall> {
        (self.log.config.message_timestamp_type == TimestampType::LogAppendTime).then_some(self.now.wall)
    }

    fn stage(&mut self, batch: PatchedBatch) -> Result<Appended, AppendError> {
        let header = *batch.header();
        self.check_epoch(header.leader_epoch)?;
        if self.must_roll(&header)? {
            self.write();
            if self.failed.is_none() {
                self.failed = self.log.roll(self.now).err();
            }
            if let Some(error) = &self.failed {
                return Err(error.clone().into());
            }
        }
        if header.has_producer() {
            let before = self.log.producers.get(header.producer_id).cloned();
            self.run.undo.push((header.producer_id, before));
            self.log.producers.appended(&header);
        }
        self.run.bytes += u64::from(header.size_bytes);
        self.run.batches.push(batch);
        Ok(Appended {
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            append_time: self.append_time(),
            duplicate: false,
        })
    }

    /// The run's batches are not in the epoch cache yet.
    fn check_epoch(&self, epoch: LeaderEpoch) -> Result<(), AppendError> {
        let staged = self.run.batches.last().map(|batch| batch.header().leader_epoch);
        let latest =
            staged.max(self.log.epochs.latest().map(|latest| latest.epoch)).unwrap_or(LeaderEpoch::NONE);
        if epoch < latest { Err(AppendError::StaleEpoch { epoch, latest }) } else { Ok(()) }
    }

    fn must_roll(&mut self, header: &BatchHeader) -> Result<bool, AppendError> {
        let log = &mut *self.log;
        let place = place!(log);
        let active = log.segments.last_mut().expect("a log has at least one segment");
        let first_timestamp = if active.size > 0 {
            active.first_timestamp(place)
        } else {
            let first = self.run.batches.first().map(|batch| batch.header().max_timestamp);
            Ok(first.filter(|timestamp| *timestamp > NO_TIMESTAMP))
        };
        let facts = RollFacts {
            base: active.base,
            size_bytes: (active.size + self.run.bytes) as u32,
            first_timestamp: first_timestamp.map_err(|error| log.device.failed(&log.directory, &error))?,
            created: active.modified,
            index_bytes: active.index.size_bytes().max(active.times.size_bytes()),
            batch_bytes: header.size_bytes,
            batch_last_offset: header.last_offset(),
            batch_timestamp: header.max_timestamp,
            now: self.now.wall,
        };
        Ok(should_roll(&log.config, &facts).is_some())
    }

    /// Writes the run, or takes back everything that depends on it.
    fn write(&mut self) {
        let run = std::mem::take(&mut self.run);
        self.run.first_result = self.results.len();
        if run.batches.is_empty() || self.failed.is_some() {
            return;
        }
        if let Err(error) = self.log.write_run(&run) {
            for (id, before) in run.undo.into_iter().rev() {
                self.log.producers.restore(id, before);
            }
            for result in &mut self.results[run.first_result..] {
                let depends = matches!(result, Ok(appended) if appended.base_offset >= self.log.end);
                if depends {
                    *result = Err(error.clone().into());
                }
            }
            self.failed = Some(error);
        }
    }

    fn finish(mut self) -> Vec<Result<Appended, AppendError>> {
        self.write();
        self.results
    }
}

impl Log {
    fn write_run(&mut self, run: &Run) -> Result<(), StorageError> {
        let pieces: Vec<IoSlice<'_>> = run.batches.iter().flat_map(PatchedBatch::pieces).collect();
        let place = place!(self);
        let active = self.segments.last_mut().expect("a log has at least one segment");
        if let Err(error) = active.write(place, &pieces) {
            // whatever was written must be gone before the next append; if it cannot be cut now, that append tries again
            self.torn = active.cut_tail(place).is_err();
            tracing::warn!(log = %self.name, %error, bytes = run.bytes, "append failed and was taken back");
            return Err(self.failed(&error));
        }
        for batch in &run.batches {
            self.note(batch.header());
        }
        self.unflushed_bytes += run.bytes;
        self.device.add_unflushed(run.bytes);
        // an index that cannot be written waits in memory: the batches are in the log, whatever becomes of it
        let place = place!(self);
        let active = self.segments.last_mut().expect("a log has at least one segment");
        if let Err(error) = active.write_indexes(place, false) {
            let _ = self.failed(&error);
        }
        Ok(())
    }

    /// Notes a batch that is at the end of the active segment's file.
    fn note(&mut self, header: &BatchHeader) {
        self.assign_epoch_at(header.leader_epoch, header.base_offset);
        let interval = self.config.index_interval_bytes;
        let active = self.segments.last_mut().expect("a log has at least one segment");
        let (base, next, position, size) =
            (header.base_offset, header.next_offset(), active.size, header.size_bytes);
        self.tail.push(TailBatch { base, next, position, size });
        active.note(header, interval);
        self.end = next;
    }
}
