//! What a partition gives to those who fetch: its records, or where else to look.

use super::{Partition, watch::Interest};
use crate::fetch::Wanted;
use klamm_protocol::{ErrorCode, fetch_response::EpochEndOffset};
use klamm_replication::{Event, Throttled};
use klamm_storage::Limit;
use klamm_types::{BrokerEpoch, BrokerId, Chunk, FileSlice, LeaderEpoch, Now, Offset, TopicIdPartition};
use klamm_world::mutant;
use std::sync::Arc;

/// What to read of a partition.
#[derive(Clone, Debug)]
pub struct ReadItem {
    /// Which one.
    pub partition: TopicIdPartition,
    /// From where, how much.
    pub wanted: Wanted,
    /// Up to where.
    pub limit: Limit,
    /// Who asks.
    pub asker: Asker,
    /// Whether the throttle of leaders is exceeded.
    pub over_rate: bool,
    /// Who is to hear of what comes from now on.
    pub interest: Option<Arc<Interest>>,
    /// Whether the log thread may wait for the device, else [`Read::cold`] says what it would wait for.
    pub waits: bool,
}

/// Who asks for records, and so which replica may give them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A follower, the leader: it has everything before the offset.
    Follower(FollowerId),
    /// A consumer, the leader: before Fetch version 11 it knows of no other.
    OfLeader,
    /// A consumer, any replica: the leader may send it to one in its rack (KIP-392).
    OfAny {
        /// The brokers in its rack; none when it is sent nowhere.
        near: Arc<[BrokerId]>,
    },
}

/// A follower as it names itself in a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowerId {
    /// Its id.
    pub id: BrokerId,
    /// Its incarnation; from Fetch version 15 on (KIP-903).
    pub epoch: Option<BrokerEpoch>,
}

/// What was read of a partition.
#[derive(Clone, Debug)]
pub struct Read {
    /// The records, in a file.
    pub records: Vec<Chunk>,
    /// The high watermark.
    pub high_watermark: Offset,
    /// The last stable offset.
    pub last_stable: Offset,
    /// The log's start.
    pub log_start: Offset,
    /// Where the reader's log and this one part (KIP-595), instead of records.
    pub diverging: Option<EpochEndOffset>,
    /// Which replica to read from, instead of records (KIP-392).
    pub preferred: Option<BrokerId>,
    /// What the throttle of leaders is to the reader.
    pub throttled: Throttled,
    /// Whether the reader has everything that it may read.
    pub at_end: bool,
    /// What is to be brought into the page cache before there can be records.
    pub cold: Option<FileSlice>,
}

impl Read {
    /// How many bytes of records there are.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        self.records.iter().map(|chunk| chunk.len() as u32).sum()
    }
}

impl Partition {
    /// Reads records, at most `left` bytes; beyond that a whole first batch when `first_whole`.
    ///
    /// # Errors
    /// `OFFSET_OUT_OF_RANGE`, `KAFKA_STORAGE_ERROR`.
    pub fn read(
        &mut self,
        now: Now,
        item: &ReadItem,
        left: u32,
        first_whole: bool,
    ) -> Result<Read, ErrorCode> {
        let wanted = &item.wanted;
        let nothing = Read {
            records: Vec::new(),
            high_watermark: self.log.high_watermark(),
            last_stable: self.log.last_stable_offset(),
            log_start: self.log.start(),
            diverging: None,
            preferred: None,
            throttled: match item.asker {
                Asker::Follower(follower) => self.replica.throttled_for(follower.id),
                Asker::OfLeader | Asker::OfAny { .. } => Throttled::No,
            },
            at_end: false,
            cold: None,
        };
        if let Asker::OfAny { near } = &item.asker
            && let Some(preferred) = self.replica.nearest(near, wanted.offset)
        {
            return Ok(Read { preferred: Some(preferred), ..nothing });
        }
        if let Some(diverging) = self.diverging(wanted) {
            if diverging.epoch == LeaderEpoch::NONE.0 {
                return Err(ErrorCode::OffsetOutOfRange); // all that the two could share is gone here
            }
            return Ok(Read { diverging: Some(diverging), ..nothing });
        }
        let held_back = item.over_rate && nothing.throttled == Throttled::Waits;
        let bytes_max = if held_back { 0 } else { wanted.bytes_max.min(left) };
        if !item.waits
            && bytes_max > 0
            && let Some(cold) =
                self.log.cold(wanted.offset, bytes_max).map_err(|error| self.read_error(&error.into()))?
        {
            return Ok(Read { cold: Some(cold), ..nothing });
        }
        let limit = match item.limit {
            _ if !self.replica.is_leader() && mutant::active("follow and serve everything") => Limit::End,
            limit => limit,
        };
        let read = self.log.read(wanted.offset, limit, bytes_max, first_whole && !held_back);
        let mut fetched = read.map_err(|error| self.read_error(&error))?;
        if let Asker::Follower(FollowerId { id: follower, epoch: broker_epoch }) = item.asker {
            // its log is the same up to there: its last epoch was looked at above (KIP-320)
            let (log_start, end) = (wanted.log_start, wanted.offset);
            self.tell(now, Event::Fetched { follower, broker_epoch, log_start, end });
            self.carry_out(now);
            fetched.high_watermark = self.log.high_watermark();
        }
        let end = match item.limit {
            Limit::HighWatermark => fetched.high_watermark,
            Limit::LastStable => fetched.last_stable,
            Limit::End => self.log.end(),
        };
        Ok(Read {
            at_end: wanted.offset >= end,
            records: fetched.records.map(Chunk::File).into_iter().collect(),
            high_watermark: fetched.high_watermark,
            last_stable: fetched.last_stable,
            log_start: fetched.start,
            ..nothing
        })
    }

    fn diverging(&self, wanted: &Wanted) -> Option<EpochEndOffset> {
        if wanted.last_fetched_epoch == LeaderEpoch::NONE || mutant::active("believe every follower's log") {
            return None;
        }
        let (epoch, end) = self.end_of_epoch(wanted.last_fetched_epoch);
        let parts = epoch < wanted.last_fetched_epoch || end < wanted.offset;
        parts.then_some(EpochEndOffset { epoch: epoch.0, end_offset: end.0 })
    }
}
