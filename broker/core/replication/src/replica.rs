//! The machine.

use crate::{
    Acks, Durability, Effect, Event, Fate, Leadership, PartitionEpoch, Refusal, Rejected, ReplicaSettings,
    event::Extent,
    follow,
    in_sync::InSync,
    leader::{Draining, Leader, OwnEnd},
    throttle::Throttled,
    waiting::Waiting,
};
use klamm_types::{BrokerId, LeaderEpoch, Mono, Now, Offset, mutant};

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
    settings: ReplicaSettings,
    role: Role,
    waiting: Waiting<T>,
}

#[derive(Clone, Debug)]
enum Role {
    Leader(Leader),
    Follower { leader: Option<BrokerId>, committed: Option<Offset> },
}

impl Role {
    /// Follows nobody.
    const ALONE: Role = Role::Follower { leader: None, committed: None };
}

/// Where a follower is to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From whom.
    pub leader: BrokerId,
    /// In which epoch.
    pub epoch: LeaderEpoch,
    /// From where on. It says to the leader that everything before is here.
    pub offset: Offset,
}

impl<T> Replica<T> {
    /// A replica that follows nobody yet. `high_watermark` is the one last checkpointed, `end` is where its log ends, and up to
    /// `synced` it is on the disk: after the death of a process the rest may be in the page cache only.
    #[must_use]
    pub fn new(me: BrokerId, high_watermark: Offset, end: Offset, synced: Offset) -> Self {
        let synced = if mutant::active("believe the log is on the disk") { end } else { synced.min(end) };
        Self {
            me,
            epoch: LeaderEpoch::NONE,
            high_watermark: high_watermark.min(end),
            end: OwnEnd { log: end, synced },
            settings: ReplicaSettings::default(),
            role: Role::ALONE,
            waiting: Waiting::default(),
        }
    }

    /// Something has happened. What is to be done is added to `out`.
    ///
    /// # Errors
    /// [`Rejected`] when it must change nothing; then nothing has changed.
    pub fn on_event(&mut self, now: Now, event: Event<T>, out: &mut Vec<Effect<T>>) -> Result<(), Rejected> {
        let now = now.mono;
        match event {
            Event::Lead(leadership) => self.lead(now, leadership, out)?,
            Event::Follow { epoch, leader } => self.follow(epoch, leader, out)?,
            Event::Appended { end } => self.end.log = end,
            Event::Await { end, token } => self.wait(end, token, out),
            Event::Synced { end } => self.end.synced = self.end.synced.max(end),
            Event::Truncated { end } => self.truncated(end),
            Event::Fetched { follower, broker_epoch, log_start, end } => {
                let (leader_end, has) = (self.end.log, Extent { start: log_start, end });
                self.leader_mut()?.in_sync.fetched(now, follower, broker_epoch, has, leader_end)?;
                self.advance(now, out); // who has what makes the high watermark may join with it
                self.grow(follower, out);
            }
            Event::Decided { epoch, partition_epoch, fate } => {
                self.decided(epoch, partition_epoch, fate, out)?;
            }
            Event::Drain { until } => {
                self.leader_mut()?.draining = Some(Draining { until, done: false });
            }
            Event::LeaderOffsets { high_watermark, log_start, own_start } => {
                self.hear(high_watermark, out)?;
                let log_start = log_start.min(self.high_watermark);
                if log_start > own_start {
                    out.push(Effect::LogStart(log_start));
                }
            }
            Event::Diverged { leader, own } => {
                self.follower()?;
                out.push(Effect::Truncate(follow::cut(leader, own, self.end.log)?));
            }
            Event::OutOfRange { start, end } => self.out_of_range(start, end, out)?,
            Event::Configured(settings) => self.settings = settings,
            Event::Tick => self.tick(now, out),
        }
        self.advance(now, out);
        self.say_when_drained(out);
        Ok(())
    }

    /// Whether a batch may be appended.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit(&self, acks: Acks) -> Result<(), Refusal> {
        let leader = self.leader().ok_or(Refusal::NotLeader)?;
        if leader.draining.is_some() {
            return Err(Refusal::Draining);
        }
        let (in_sync, needed) =
            (leader.in_sync.committed().len(), leader.in_sync.needed(self.settings.min_in_sync));
        if acks == Acks::All && in_sync < needed {
            return Err(Refusal::NotEnoughReplicas { in_sync, needed });
        }
        Ok(())
    }

    /// Whether a broker that leads has fewer in sync than `acks=all` needs: who left the ISR last may lead in its place, where that
    /// one is eligible (KIP-966).
    fn is_short(&self) -> bool {
        matches!(self.admit(Acks::All), Err(Refusal::NotEnoughReplicas { .. }))
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
        self.leader().is_none_or(|leader| self.high_watermark >= leader.epoch_start)
    }

    /// Where the log ends.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.end.log
    }

    /// What the topic promises.
    #[must_use]
    pub fn durability(&self) -> Durability {
        self.settings.durability
    }

    /// Where to fetch: none on a leader, without a leader, and while the disk has not yet what a topic with
    /// `klamm.durability=fsync` must have there before the leader may count it.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let Role::Follower { leader: Some(leader), .. } = self.role else { return None };
        let offset = self.end.counted(self.settings.durability);
        (offset == self.end.log).then_some(Position { leader, epoch: self.epoch, offset })
    }

    /// How many records that its leader says are committed a follower lacks; none before it has heard.
    #[must_use]
    pub fn lag(&self) -> Option<u64> {
        let Role::Follower { leader: Some(_), committed: Some(committed) } = self.role else { return None };
        Some(u64::try_from(committed.0 - self.end.log.0).unwrap_or(0))
    }

    /// What the throttle of followers is to this one.
    #[must_use]
    pub fn throttled(&self) -> Throttled {
        Throttled::of(self.settings.throttled_follower, self.lag() == Some(0))
    }

    /// What the throttle of leaders is to `follower`, which fetches from this one.
    #[must_use]
    pub fn throttled_for(&self, follower: BrokerId) -> Throttled {
        Throttled::of(self.settings.throttled_leader, self.in_sync().contains(&follower))
    }

    /// The epoch of the leader that this replica knows.
    #[must_use]
    pub fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// Whether this broker leads.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.leader().is_some()
    }

    /// Whether a broker that leads may well lead no more. Others are in sync with it, and none of them has fetched for longer than
    /// they wait for an answer, and a fifth of that for the way: with the defaults that is a session (600 ms), and before that
    /// nobody is fenced for silence. Or it is `cut_off` from the active controller for a session, and another may lead in its
    /// place. It is a guess: who acts on it must lose nothing by a wrong one.
    #[must_use]
    pub fn may_be_deposed(&self, now: Mono, cut_off: bool) -> bool {
        let wait = self.settings.fetch_wait_max;
        self.leader().is_some_and(|leader| {
            leader.in_sync.is_left_alone(now, wait + wait / 5)
                || cut_off && (leader.in_sync.committed().len() > 1 || self.is_short())
        })
    }

    /// Whether this broker leads others: then time matters.
    #[must_use]
    pub fn has_followers(&self) -> bool {
        self.leader().is_some_and(|leader| leader.in_sync.replicas() > 1)
    }

    /// The replicas in sync, as the metadata log has them; none on a follower.
    #[must_use]
    pub fn in_sync(&self) -> &[BrokerId] {
        self.leader().map_or(&[], |leader| leader.in_sync.committed())
    }

    /// The follower that a consumer is sent to which reads on from `offset`, and has the brokers `near` in its rack; none when it
    /// is served here (KIP-392).
    #[must_use]
    pub fn nearest(&self, near: &[BrokerId], offset: Offset) -> Option<BrokerId> {
        self.leader()?.in_sync.nearest(near, offset)
    }

    /// The version of the partition's metadata that this leader knows.
    #[must_use]
    pub fn partition_epoch(&self) -> Option<PartitionEpoch> {
        self.leader().map(|leader| leader.in_sync.partition_epoch)
    }

    /// How many wait for the high watermark.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn lead(&mut self, now: Mono, leadership: Leadership, out: &mut Vec<Effect<T>>) -> Result<(), Rejected> {
        self.check_epoch(leadership.epoch)?;
        let epoch = leadership.epoch;
        match &mut self.role {
            Role::Leader(leader) if epoch == self.epoch => leader.in_sync.update(now, leadership),
            _ => {
                self.resign(out); // also when it led before: what waits was appended in another epoch
                let in_sync = InSync::new(now, self.me, leadership);
                self.role = Role::Leader(Leader { in_sync, epoch_start: self.end.log, draining: None });
                self.epoch = epoch;
            }
        }
        Ok(())
    }

    fn follow(
        &mut self,
        epoch: LeaderEpoch,
        leader: Option<BrokerId>,
        out: &mut Vec<Effect<T>>,
    ) -> Result<(), Rejected> {
        self.check_epoch(epoch)?;
        let committed = match self.role {
            Role::Follower { leader: before, committed } if (before, self.epoch) == (leader, epoch) => {
                committed
            }
            _ => None,
        };
        self.resign(out);
        let to_high_watermark =
            mutant::active("truncate to the high watermark") || mutant::active("forget the high watermarks");
        if epoch > self.epoch && to_high_watermark {
            out.push(Effect::Truncate(self.high_watermark));
        }
        self.role = Role::Follower { leader, committed };
        self.epoch = epoch;
        Ok(())
    }

    fn check_epoch(&self, told: LeaderEpoch) -> Result<(), Rejected> {
        if told < self.epoch { Err(Rejected::OldEpoch { told, known: self.epoch }) } else { Ok(()) }
    }

    fn resign(&mut self, out: &mut Vec<Effect<T>>) {
        self.role = Role::ALONE;
        out.extend(self.waiting.drain().map(|token| Effect::Refuse(token, Refusal::NotLeader)));
    }

    fn wait(&mut self, end: Offset, token: T, out: &mut Vec<Effect<T>>) {
        if !self.is_leader() {
            out.push(Effect::Refuse(token, Refusal::NotLeader));
        } else if end <= self.high_watermark {
            out.push(Effect::Acknowledge(token));
        } else {
            self.waiting.push(end, token);
        }
    }

    fn truncated(&mut self, end: Offset) {
        self.end = OwnEnd { log: end, synced: self.end.synced.min(end) };
        self.high_watermark = self.high_watermark.min(end);
    }

    fn hear(&mut self, high_watermark: Offset, out: &mut Vec<Effect<T>>) -> Result<(), Rejected> {
        let Role::Follower { committed, .. } = &mut self.role else { return Err(Rejected::IsLeader) };
        *committed = Some(high_watermark);
        self.raise(high_watermark.min(self.end.log), out);
        Ok(())
    }

    /// A log that begins behind our end has nothing that follows ours; one that ends before it is that of a leader who was not
    /// in sync, and is right now.
    fn out_of_range(&mut self, start: Offset, end: Offset, out: &mut Vec<Effect<T>>) -> Result<(), Rejected> {
        self.follower()?;
        if start > self.end.log {
            out.push(Effect::BeginAt(start));
        } else if end < self.end.log {
            out.push(Effect::Truncate(end.max(start)));
        }
        Ok(())
    }

    fn leader(&self) -> Option<&Leader> {
        match &self.role {
            Role::Leader(leader) => Some(leader),
            Role::Follower { .. } => None,
        }
    }

    fn leader_mut(&mut self) -> Result<&mut Leader, Rejected> {
        match &mut self.role {
            Role::Leader(leader) => Ok(leader),
            Role::Follower { .. } => Err(Rejected::NotLeader),
        }
    }

    fn follower(&self) -> Result<(), Rejected> {
        if self.is_leader() { Err(Rejected::IsLeader) } else { Ok(()) }
    }

    fn grow(&mut self, follower: BrokerId, out: &mut Vec<Effect<T>>) {
        let high_watermark = self.high_watermark;
        if let Role::Leader(Leader { in_sync, epoch_start, .. }) = &mut self.role {
            out.extend(in_sync.grow(follower, high_watermark, *epoch_start).map(Effect::Propose));
        }
    }

    fn decided(
        &mut self,
        epoch: LeaderEpoch,
        partition_epoch: PartitionEpoch,
        fate: Fate,
        out: &mut Vec<Effect<T>>,
    ) -> Result<(), Rejected> {
        self.check_epoch(epoch)?;
        let in_sync = &mut self.leader_mut()?.in_sync;
        let again = fate == Fate::NoAnswer;
        in_sync.decided(partition_epoch, fate)?;
        out.extend(in_sync.proposal().filter(|_| again).map(Effect::Propose));
        Ok(())
    }

    fn tick(&mut self, now: Mono, out: &mut Vec<Effect<T>>) {
        let (end, lag_max) = (self.end.log, self.settings.lag_max);
        let Role::Leader(leader) = &mut self.role else { return };
        out.extend(leader.in_sync.shrink(now, end, lag_max).map(Effect::Propose));
        if leader.draining.is_some_and(|draining| now >= draining.until) {
            leader.draining = None;
            out.push(Effect::Resume);
        }
    }

    fn say_when_drained(&mut self, out: &mut Vec<Effect<T>>) {
        let end = self.end.log;
        let Role::Leader(Leader { in_sync, draining: Some(draining), .. }) = &mut self.role else { return };
        if !draining.done && in_sync.all_have(end) {
            draining.done = true;
            out.push(Effect::Drained);
        }
    }

    /// Moves a leader's high watermark as far as it may.
    fn advance(&mut self, now: Mono, out: &mut Vec<Effect<T>>) {
        let Role::Leader(Leader { in_sync, .. }) = &self.role else { return };
        let enough = in_sync.committed().len() >= in_sync.needed(self.settings.min_in_sync);
        if enough || mutant::active("move the high watermark below the minimum") {
            let own = self.end.counted(self.settings.durability);
            let committed = in_sync.common_end(now, own, self.end.log, self.settings.lag_max);
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
