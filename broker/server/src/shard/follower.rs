//! A partition as a follower: what its leader sends, and where the log is cut to be a part of the leader's. What a leader hears of
//! its own proposals is here too.

use super::{Partition, partition::Waiting, watch::News};
use klamm_replication::{EpochEnd, Event, Fate, Proposal, Throttled};
use klamm_storage::{Removal, StorageError};
use klamm_types::{BrokerId, Bytes, LeaderEpoch, Now, Offset};

/// Where a follower is to go on fetching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchPosition {
    /// From whom.
    pub leader: BrokerId,
    /// In which epoch.
    pub epoch: LeaderEpoch,
    /// From where on.
    pub offset: Offset,
    /// The epoch of the last record before; NONE in an empty log.
    pub last_epoch: LeaderEpoch,
    /// Where its log starts.
    pub log_start: Offset,
    /// Its high watermark.
    pub high_watermark: Offset,
    /// What the throttle of followers is to it.
    pub throttled: Throttled,
}

/// What a leader sent for one partition.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The epoch in which it was asked.
    pub epoch: LeaderEpoch,
    /// Where it was asked to begin.
    pub offset: Offset,
    /// The leader's high watermark.
    pub high_watermark: Offset,
    /// Where the leader's log starts.
    pub log_start: Offset,
    /// Where the logs part, instead of records.
    pub diverging: Option<EpochEnd>,
    /// The batches.
    pub records: Bytes,
}

impl Partition {
    /// Where to fetch; none on a leader, without one, and while the disk has not what it must have.
    #[must_use]
    pub fn position(&self) -> Option<FetchPosition> {
        let position = self.replica.position()?;
        Some(FetchPosition {
            leader: position.leader,
            epoch: position.epoch,
            offset: position.offset,
            last_epoch: self.log.latest_epoch().map_or(LeaderEpoch::NONE, |latest| latest.epoch),
            log_start: self.log.start(),
            high_watermark: self.log.high_watermark(),
            throttled: self.replica.throttled(),
        })
    }

    /// Appends what the leader sent, or cuts the log where the two part. What was asked in another epoch or of another place says
    /// nothing any more.
    pub(super) fn sent(&mut self, now: Now, sent: Sent) {
        if self.replica.is_leader() || sent.epoch != self.replica.epoch() || sent.offset != self.log.end() {
            return;
        }
        if let Some(leader) = sent.diverging {
            let own = self.log.end_of_epoch(leader.epoch);
            let own = own.map(|own| EpochEnd { epoch: own.epoch, end: own.end });
            self.tell(now, Event::Diverged { leader, own });
            return self.carry_out(now);
        }
        if !sent.records.is_empty() {
            if let Err(error) = self.log.append_fetched(now, &sent.records) {
                tracing::error!(partition = %self.log.name(), %error, "what the leader sent cannot be appended");
            }
            self.tell(now, Event::Appended { end: self.log.end() });
            self.must_flush();
        }
        let own_start = self.log.start();
        let Sent { high_watermark, log_start, .. } = sent;
        self.tell(now, Event::LeaderOffsets { high_watermark, log_start, own_start });
        self.carry_out(now);
    }

    /// The leader has nothing at the log's end; these are its bounds.
    pub(super) fn out_of_range(&mut self, now: Now, epoch: LeaderEpoch, start: Offset, end: Offset) {
        if epoch == self.replica.epoch() {
            self.tell(now, Event::OutOfRange { start, end });
            self.carry_out(now);
        }
    }

    /// What became of a proposal.
    pub(super) fn decided(&mut self, now: Now, proposal: &Proposal, fate: Fate) {
        let Proposal { epoch, partition_epoch, .. } = *proposal;
        self.tell(now, Event::Decided { epoch, partition_epoch, fate });
        self.carry_out(now);
    }

    pub(super) fn cut(&mut self, now: Now, offset: Offset) {
        let cut = self.log.truncate_to(offset, now);
        self.was_cut(now, cut);
    }

    pub(super) fn begin_at(&mut self, now: Now, offset: Offset) {
        let cut = self.log.truncate_fully(offset, now);
        self.was_cut(now, cut);
    }

    fn was_cut(&mut self, now: Now, cut: Result<Removal, StorageError>) {
        match cut {
            Ok(removal) => self.unlink(removal),
            Err(error) => {
                tracing::error!(partition = %self.log.name(), %error, "a log cannot be cut to match its leader's");
            }
        }
        self.tell(now, Event::<Waiting>::Truncated { end: self.log.end() });
    }

    pub(super) fn raise_start(&mut self, offset: Offset) {
        if let Err(error) = self.log.delete_records(offset) {
            tracing::warn!(partition = %self.log.name(), %error, "a log's start cannot follow its leader's");
        }
        self.watchers.hear(News::Bounds);
    }
}
