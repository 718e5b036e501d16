//! One partition that is hosted here: its log, who waits for acknowledgements, who waits for records.

use super::{
    Outbox, PendingProduce, ProduceError, Produced,
    watch::{Interest, News, Watchers},
};
use klamm_log::ProducerError;
use klamm_net::Reservation;
use klamm_protocol::ErrorCode;
use klamm_records::{InvalidBatch, ValidatedBatch};
use klamm_replication::{Acks, Durability, Effect, Event, Leadership, Refusal, Replica, ReplicaSettings};
use klamm_storage::{AppendError, Appended, Log, Origin, ReadError, Removal};
use klamm_types::{BrokerId, LeaderEpoch, Mono, Now, Offset, TopicIdPartition, Wall};
use klamm_world::mutant;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Timestamps that mean something else in ListOffsets.
const LATEST: Wall = Wall(-1);
const EARLIEST: Wall = Wall(-2);
const MAX_TIMESTAMP: Wall = Wall(-3);
const EARLIEST_LOCAL: Wall = Wall(-4);

/// A batch in line for the next write.
pub(super) struct Staged {
    pub batch: ValidatedBatch,
    pub origin: Origin,
    pub slot: usize,
    pub wait_for_all: bool,
    pub cut_off: bool,
    pub pending: PendingProduce,
    pub _reservation: Option<Arc<Reservation>>,
}

/// Who is told when a batch is committed, and what.
#[derive(Clone)]
pub(in crate::shard) struct Waiting {
    slot: usize,
    pending: PendingProduce,
    produced: Produced,
}

/// An offset that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The record's timestamp; −1 where an end of the log was asked for.
    pub timestamp: Wall,
    /// Its offset; −1 when there is none.
    pub offset: Offset,
    /// Its leader epoch.
    pub epoch: LeaderEpoch,
}

impl Found {
    const NOTHING: Found = Found { timestamp: Wall(-1), offset: Offset::NONE, epoch: LeaderEpoch::NONE };
}

/// One partition that is hosted here.
pub struct Partition {
    pub(super) id: TopicIdPartition,
    pub(super) log: Log,
    pub(super) replica: Replica<Waiting>,
    staged: Vec<Staged>,
    /// What came while the leadership is being handed over.
    held: Vec<Staged>,
    effects: Vec<Effect<Waiting>>,
    pub(super) watchers: Watchers,
    drained: Option<oneshot::Sender<()>>,
    outbox: Arc<Outbox>,
}

impl Partition {
    /// A partition whose log is open, and which nobody leads yet.
    pub(super) fn new(me: BrokerId, id: TopicIdPartition, log: Log, outbox: Arc<Outbox>) -> Self {
        let replica = Replica::new(me, log.high_watermark(), log.end(), log.durable_end());
        Self {
            id,
            log,
            replica,
            staged: Vec::new(),
            held: Vec::new(),
            effects: Vec::new(),
            watchers: Watchers::default(),
            drained: None,
            outbox,
        }
    }

    /// Leads as the metadata says.
    pub(super) fn lead(&mut self, now: Now, leadership: Leadership, settings: ReplicaSettings) {
        let news = leadership.epoch > self.replica.epoch();
        if news {
            self.log.assign_epoch(leadership.epoch);
        }
        self.configure(now, settings);
        self.tell(now, Event::Lead(leadership));
        self.carry_out(now);
        if news {
            self.send_away(); // what waits was meant for an earlier leadership
        }
    }

    /// Follows as the metadata says, or nobody: tells all who wait.
    pub(super) fn follow(
        &mut self,
        now: Now,
        epoch: LeaderEpoch,
        leader: Option<BrokerId>,
        settings: ReplicaSettings,
    ) {
        self.configure(now, settings);
        self.tell(now, Event::Follow { epoch, leader });
        self.carry_out(now);
        self.send_away();
    }

    /// What the log was found with may be in the page cache only, and so is what was appended under another durability.
    fn configure(&mut self, now: Now, settings: ReplicaSettings) {
        self.tell(now, Event::Configured(settings));
        if self.log.durable_end() < self.log.end() && !mutant::active("believe the log is on the disk") {
            self.must_flush();
        }
    }

    /// Ends: tells all who wait.
    pub(super) fn resign(&mut self, now: Now) {
        self.tell(now, Event::Follow { epoch: LeaderEpoch(self.replica.epoch().0 + 1), leader: None });
        self.carry_out(now);
        self.send_away();
    }

    fn send_away(&mut self) {
        let staged = std::mem::take(&mut self.staged).into_iter().chain(std::mem::take(&mut self.held));
        for staged in staged {
            staged.pending.complete(staged.slot, Err(ErrorCode::NotLeaderOrFollower.into()));
        }
        self.watchers.hear(News::Ended);
        self.drained = None;
    }

    /// Appends nothing more until another leads or `until`; says when every in-sync replica has everything.
    pub(super) fn drain(&mut self, now: Now, until: Mono, drained: oneshot::Sender<()>) {
        self.drained = Some(drained);
        self.tell(now, Event::Drain { until });
        self.carry_out(now);
    }

    pub(super) fn tell(&mut self, now: Now, event: Event<Waiting>) {
        if let Err(rejected) = self.replica.on_event(now, event, &mut self.effects) {
            tracing::debug!(partition = %self.log.name(), %rejected, "nothing changed");
        }
    }

    /// Does what the replica decided.
    pub(super) fn carry_out(&mut self, now: Now) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::HighWatermark(offset) => {
                    self.log.set_high_watermark(offset);
                    self.watchers.hear(News::Committed);
                }
                Effect::Acknowledge(Waiting { slot, pending, produced }) => {
                    pending.complete(slot, Ok(produced))
                }
                Effect::Refuse(Waiting { slot, pending, .. }, refusal) => {
                    pending.complete(slot, Err(code_of(refusal).into()));
                }
                Effect::Propose(proposal) => self.outbox.propose(self.id, proposal),
                Effect::Truncate(offset) => self.cut(now, offset),
                Effect::BeginAt(offset) => self.begin_at(now, offset),
                Effect::LogStart(offset) => self.raise_start(offset),
                Effect::Drained => drop(self.drained.take().map(|drained| drained.send(()))),
                Effect::Resume => self.resume(now),
            }
        }
        if self.effects.is_empty() {
            self.effects = effects; // keeps its memory for the next time
        } else {
            self.carry_out(now); // cutting the log is an event of its own
        }
    }

    pub(super) fn must_flush(&self) {
        if self.replica.durability() == Durability::Fsync {
            self.outbox.must_flush();
        }
    }

    pub(super) fn unlink(&self, removal: Removal) {
        self.outbox.unlink(removal);
    }

    fn resume(&mut self, now: Now) {
        self.drained = None;
        for staged in std::mem::take(&mut self.held) {
            self.stage(staged);
        }
        if !self.staged.is_empty() {
            self.write(now);
        }
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The log, to read what the broker itself keeps in it.
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.log
    }

    /// The leader epoch.
    #[must_use]
    pub fn epoch(&self) -> LeaderEpoch {
        self.replica.epoch()
    }

    pub(super) fn check_leads(&self) -> Result<(), ErrorCode> {
        if self.replica.is_leader() { Ok(()) } else { Err(ErrorCode::NotLeaderOrFollower) }
    }

    pub(super) fn check_epoch(&self, theirs: LeaderEpoch) -> Result<(), ErrorCode> {
        match theirs {
            LeaderEpoch::NONE => Ok(()),
            theirs if theirs < self.epoch() => Err(ErrorCode::FencedLeaderEpoch),
            theirs if theirs > self.epoch() => Err(ErrorCode::UnknownLeaderEpoch),
            _ => Ok(()),
        }
    }

    /// Puts a batch in line; says whether it is the first.
    pub(super) fn stage(&mut self, staged: Staged) -> bool {
        let acks = if staged.wait_for_all { Acks::All } else { Acks::Leader };
        if let Err(refusal) = self.replica.admit(acks) {
            if refusal == Refusal::Draining {
                self.held.push(staged); // the next leader is known in a moment, and its answer names it
                return false;
            }
            staged.pending.complete(staged.slot, Err(code_of(refusal).into()));
            return false;
        }
        if mutant::active("acknowledge before the append") && self.staged.is_empty() {
            let (base_offset, log_start) = (self.log.end(), self.log.start());
            let told = Produced { base_offset, append_time: Wall(-1), log_start };
            staged.pending.complete(staged.slot, Ok(told));
        }
        self.staged.push(staged);
        self.staged.len() == 1
    }

    /// Appends what is in line, and tells who waits.
    pub(super) fn write(&mut self, now: Now) {
        let staged = std::mem::take(&mut self.staged);
        for run in staged.chunk_by(|one, next| one.origin == next.origin) {
            let batches: Vec<_> = run.iter().map(|staged| staged.batch.clone()).collect();
            let results = self.log.append(now, self.epoch(), run[0].origin, &batches);
            for (staged, result) in run.iter().zip(results) {
                self.written(now, staged, result);
            }
        }
        self.tell(now, Event::Appended { end: self.log.end() });
        self.carry_out(now);
        self.watchers.hear(News::Appended);
        self.must_flush();
    }

    /// A leader that is none any more, and has not heard that, knows an old log: what it would say of a producer's sequence
    /// numbers ends that producer's session, and its next one would write again what is in the new leader's log.
    #[must_use]
    pub fn may_be_deposed(&self, now: Now, cut_off: bool) -> bool {
        self.replica.may_be_deposed(now.mono, cut_off) && !mutant::active("speak for a log that is old")
    }

    fn written(&mut self, now: Now, staged: &Staged, result: Result<Appended, AppendError>) {
        let appended = match result {
            Ok(appended) => appended,
            Err(AppendError::Producer(_))
                if staged.wait_for_all && self.may_be_deposed(now, staged.cut_off) =>
            {
                return staged.pending.complete(staged.slot, Err(ErrorCode::NotLeaderOrFollower.into()));
            }
            Err(error) => return staged.pending.complete(staged.slot, Err(self.refusal(&error))),
        };
        let produced = Produced {
            base_offset: appended.base_offset,
            append_time: appended.append_time.unwrap_or(Wall(-1)),
            log_start: self.log.start(),
        };
        if staged.wait_for_all {
            let token = Waiting { slot: staged.slot, pending: staged.pending.clone(), produced };
            self.tell(now, Event::Await { end: appended.last_offset.plus(1), token });
        } else {
            staged.pending.complete(staged.slot, Ok(produced));
        }
    }

    fn refusal(&self, error: &AppendError) -> ProduceError {
        let refusal = ProduceError::from(error);
        if refusal.code == ErrorCode::KafkaStorageError {
            tracing::warn!(partition = %self.log.name(), %error, "a batch was refused");
        }
        refusal
    }

    /// `interest` hears of what comes from now on.
    pub(super) fn watch(&mut self, interest: &Arc<Interest>) {
        self.watchers.add(interest);
    }

    /// The end of the log, or its start: what a follower asks for that fetched out of range.
    #[must_use]
    pub fn bound(&self, timestamp: Wall) -> Option<Found> {
        let offset = match timestamp {
            LATEST => self.log.end(),
            EARLIEST | EARLIEST_LOCAL => self.log.start(),
            _ => return None,
        };
        Some(Found { timestamp: Wall(-1), offset, epoch: self.epoch() })
    }

    /// The greatest epoch that is not greater than the one asked for, and where it ends; NONE when there is none (KIP-279).
    #[must_use]
    pub fn end_of_epoch(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        self.log
            .end_of_epoch(epoch)
            .map_or((LeaderEpoch::NONE, Offset::NONE), |found| (found.epoch, found.end))
    }

    /// The offset for a time, or an end of the log; readers of committed records end earlier.
    ///
    /// # Errors
    /// `KAFKA_STORAGE_ERROR`.
    pub fn find(&mut self, timestamp: Wall, committed_only: bool) -> Result<Found, ErrorCode> {
        let end = if committed_only { self.log.last_stable_offset() } else { self.log.high_watermark() };
        let at = |offset, epoch| Found { timestamp: Wall(-1), offset, epoch };
        let found = match timestamp {
            LATEST if !self.replica.high_watermark_is_known() => return Err(ErrorCode::OffsetNotAvailable),
            LATEST => return Ok(at(end, self.epoch())),
            EARLIEST | EARLIEST_LOCAL => {
                let start = self.log.start();
                return Ok(at(start, self.log.epoch_of(start).unwrap_or(self.epoch())));
            }
            MAX_TIMESTAMP => self.log.offset_of_max_timestamp(),
            Wall(time) if time < 0 => return Ok(Found::NOTHING), // ends of tiers that there are not
            time => self.log.offset_for_timestamp(time),
        };
        let found = found.map_err(|error| self.read_error(&ReadError::Storage(error)))?;
        Ok(found.filter(|found| found.offset < end).map_or(Found::NOTHING, |found| Found {
            timestamp: found.timestamp,
            offset: found.offset,
            epoch: found.leader_epoch,
        }))
    }

    /// Moves the log's start; −1 takes everything up to the high watermark.
    ///
    /// # Errors
    /// `OFFSET_OUT_OF_RANGE`, `POLICY_VIOLATION`, `KAFKA_STORAGE_ERROR`.
    pub fn delete_records(&mut self, before: Offset) -> Result<Offset, ErrorCode> {
        if !self.log.config().cleanup_policy.delete {
            return Err(ErrorCode::PolicyViolation);
        }
        let before = if before == Offset::NONE { self.log.high_watermark() } else { before };
        let start = self.log.delete_records(before).map_err(|error| self.read_error(&error))?;
        self.watchers.hear(News::Bounds);
        Ok(start)
    }

    pub(super) fn read_error(&self, error: &ReadError) -> ErrorCode {
        match error {
            ReadError::OutOfRange { .. } => ErrorCode::OffsetOutOfRange,
            ReadError::Storage(error) => {
                tracing::error!(partition = %self.log.name(), %error, "a log cannot be read");
                ErrorCode::KafkaStorageError
            }
        }
    }
}

fn code_of(refusal: Refusal) -> ErrorCode {
    match refusal {
        Refusal::NotLeader | Refusal::Draining => ErrorCode::NotLeaderOrFollower,
        Refusal::NotEnoughReplicas { .. } => ErrorCode::NotEnoughReplicas,
    }
}

impl From<&AppendError> for ProduceError {
    fn from(error: &AppendError) -> Self {
        let code = match error {
            AppendError::TooLarge { .. } => ErrorCode::MessageTooLarge,
            AppendError::LargerThanSegment { .. } => ErrorCode::RecordListTooLarge,
            AppendError::Timestamp { .. } => ErrorCode::InvalidTimestamp,
            AppendError::Producer(ProducerError::Fenced { .. }) => ErrorCode::InvalidProducerEpoch,
            AppendError::Producer(_) => ErrorCode::OutOfOrderSequenceNumber,
            AppendError::Invalid(error) => return error.clone().into(),
            AppendError::StaleEpoch { .. } => ErrorCode::NotLeaderOrFollower,
            AppendError::NotNext { .. } => ErrorCode::UnknownServerError,
            AppendError::Storage(_) => ErrorCode::KafkaStorageError,
        };
        Self { code, message: Some(error.to_string()), records: Vec::new() }
    }
}

impl From<InvalidBatch> for ProduceError {
    fn from(error: InvalidBatch) -> Self {
        let code = match &error {
            InvalidBatch::Crc | InvalidBatch::Record(_) => ErrorCode::CorruptMessage,
            InvalidBatch::Compression(_) | InvalidBatch::ZstdTooEarly => {
                ErrorCode::UnsupportedCompressionType
            }
            InvalidBatch::TimestampType => ErrorCode::InvalidTimestamp,
            _ => ErrorCode::InvalidRecord,
        };
        let message = Some(error.to_string());
        let records = if let InvalidBatch::NoKey(records) = error { records } else { Vec::new() };
        Self { code, message, records }
    }
}
