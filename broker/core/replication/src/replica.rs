//! The machine.

use crate::{
    Acks, Durability, Effect, Event, Leadership, PartitionEpoch, Refusal, Rejected,
    in_sync::{InSync, OwnEnd},
    waiting::Waiting,
};
use klamm_types::{BrokerId, LeaderEpoch, Now, Offset};

/// One replica of a partition on this broker.
///
/// Invariants: the high watermark never exceeds the log's end, and goes back only when the log is cut below it; who waits,
/// waits for an offset above it, and only while this broker leads.
#[derive(Clone, Debug)]
pub struct Replica<T> {
    me: BrokerId,
    epoch: LeaderEpoch,
    high_watermark: Offset,
    end: OwnEnd,
    min_in_sync: u32,
    durability: Durability,
    leader: Option<Leader>,
    waiting: Waiting<T>,
}

#[derive(Clone, Debug)]
struct Leader {
    in_sync: InSync,
    /// Where the log ended when this broker became the leader.
    epoch_start: Offset,
}

impl<T> Replica<T> {
    /// A replica that follows nobody yet. `high_watermark` is the one last checkpointed, `end` is where its log ends; the log
    /// is taken to be on the disk up to there, as recovery leaves it.
    #[must_use]
    pub fn new(me: BrokerId, high_watermark: Offset, end: Offset) -> Self {
        Self {
            me,
            epoch: LeaderEpoch::NONE,
            high_watermark: high_watermark.min(end),
            end: OwnEnd { log: end, synced: end },
            min_in_sync: 1,
            durability: Durability::Replicated,
            leader: None,
            waiting: Waiting::default(),
        }
    }

    /// Something has happened. What is to be done is added to `out`.
    ///
    /// # Errors
    /// [`Rejected`] when it must change nothing; then nothing has changed.
    pub fn on_event(&mut self, _now: Now, event: Event<T>, out: &mut Vec<Effect<T>>) -> Result<(), Rejected> {
        match event {
            Event::Lead(leadership) => self.lead(leadership, out)?,
            Event::Follow { epoch } => self.follow(epoch, out)?,
            Event::Appended { end } => self.end.log = end,
            Event::Await { end, token } => self.wait(end, token, out),
            Event::Synced { end } => self.end.synced = self.end.synced.max(end),
            Event::Truncated { end } => self.truncate(end),
            Event::Fetched { follower, broker_epoch, end } => {
                self.leader_mut()?.in_sync.fetched(follower, broker_epoch, end)?;
            }
            Event::LeaderHighWatermark { high_watermark } => self.hear(high_watermark, out)?,
            Event::Proposed { in_sync } => self.leader_mut()?.in_sync.propose(Some(in_sync)),
            Event::ProposalRefused => self.leader_mut()?.in_sync.propose(None),
            Event::Configured { min_in_sync, durability } => {
                (self.min_in_sync, self.durability) = (min_in_sync, durability);
            }
        }
        self.advance(out);
        Ok(())
    }

    /// Whether a batch may be appended.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit(&self, acks: Acks) -> Result<(), Refusal> {
        let leader = self.leader.as_ref().ok_or(Refusal::NotLeader)?;
        let (in_sync, needed) = (leader.in_sync.committed().len(), leader.in_sync.needed(self.min_in_sync));
        if acks == Acks::All && in_sync < needed {
            return Err(Refusal::NotEnoughReplicas { in_sync, needed });
        }
        Ok(())
    }

    /// Everything before it is committed.
    #[must_use]
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Whether the high watermark is at least what consumers may have seen before this broker led: until then a question for
    /// the latest offset is answered OFFSET_NOT_AVAILABLE, lest it goes back (KIP-207).
    #[must_use]
    pub fn high_watermark_is_known(&self) -> bool {
        self.leader.as_ref().is_none_or(|leader| self.high_watermark >= leader.epoch_start)
    }

    /// Where the log ends.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.end.log
    }

    /// The epoch of the leader that this replica knows.
    #[must_use]
    pub fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// Whether this broker leads.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.leader.is_some()
    }

    /// The replicas in sync, as the metadata log has them; none on a follower.
    #[must_use]
    pub fn in_sync(&self) -> &[BrokerId] {
        self.leader.as_ref().map_or(&[], |leader| leader.in_sync.committed())
    }

    /// The version of the partition's metadata that this leader knows.
    #[must_use]
    pub fn partition_epoch(&self) -> Option<PartitionEpoch> {
        self.leader.as_ref().map(|leader| leader.in_sync.partition_epoch)
    }

    /// How many wait for the high watermark.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn lead(&mut self, leadership: Leadership, out: &mut Vec<Effect<T>>) -> Result<(), Rejected> {
        self.check_epoch(leadership.epoch)?;
        let epoch = leadership.epoch;
        match &mut self.leader {
            Some(leader) if epoch == self.epoch => {
                if leadership.partition_epoch >= leader.in_sync.partition_epoch {
                    leader.in_sync.update(self.me, leadership);
                }
            }
            _ => {
                self.resign(out); // also when it led before: what waits was appended in another epoch
                let in_sync = InSync::new(self.me, leadership);
                self.leader = Some(Leader { in_sync, epoch_start: self.end.log });
                self.epoch = epoch;
            }
        }
        Ok(())
    }

    fn follow(&mut self, epoch: LeaderEpoch, out: &mut Vec<Effect<T>>) -> Result<(), Rejected> {
        self.check_epoch(epoch)?;
        self.resign(out);
        self.epoch = epoch;
        Ok(())
    }

    fn check_epoch(&self, told: LeaderEpoch) -> Result<(), Rejected> {
        if told < self.epoch { Err(Rejected::OldEpoch { told, known: self.epoch }) } else { Ok(()) }
    }

    fn resign(&mut self, out: &mut Vec<Effect<T>>) {
        self.leader = None;
        out.extend(self.waiting.drain().map(|token| Effect::Refuse(token, Refusal::NotLeader)));
    }

    fn wait(&mut self, end: Offset, token: T, out: &mut Vec<Effect<T>>) {
        if self.leader.is_none() {
            out.push(Effect::Refuse(token, Refusal::NotLeader));
        } else if end <= self.high_watermark {
            out.push(Effect::Acknowledge(token));
        } else {
            self.waiting.push(end, token);
        }
    }

    fn truncate(&mut self, end: Offset) {
        self.end = OwnEnd { log: end, synced: self.end.synced.min(end) };
        self.high_watermark = self.high_watermark.min(end);
    }

    fn hear(&mut self, high_watermark: Offset, out: &mut Vec<Effect<T>>) -> Result<(), Rejected> {
        if self.leader.is_some() {
            return Err(Rejected::IsLeader);
        }
        self.raise(high_watermark.min(self.end.log), out);
        Ok(())
    }

    fn leader_mut(&mut self) -> Result<&mut Leader, Rejected> {
        self.leader.as_mut().ok_or(Rejected::NotLeader)
    }

    /// Moves a leader's high watermark as far as it may.
    fn advance(&mut self, out: &mut Vec<Effect<T>>) {
        let Some(Leader { in_sync, .. }) = &self.leader else { return };
        if in_sync.committed().len() >= in_sync.needed(self.min_in_sync) {
            let committed = in_sync.common_end(self.end.counted(self.durability));
            self.raise(committed, out);
        }
    }

    fn raise(&mut self, to: Offset, out: &mut Vec<Effect<T>>) {
        if to <= self.high_watermark {
            return;
        }
        self.high_watermark = to;
        out.push(Effect::HighWatermark(to));
        while let Some(token) = self.waiting.pop(to) {
            out.push(Effect::Acknowledge(token));
        }
    }
}
