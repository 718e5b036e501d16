//! The ISR of a partition that this broker leads: who is in it, who may be, who joins and who leaves.

use crate::{
    Candidate, Fate, Leadership, PartitionEpoch, Proposal, Rejected, event::Extent, follower::Follower,
};
use klamm_types::{BrokerEpoch, BrokerId, LeaderEpoch, Mono, Offset, mutant};
use std::time::Duration;

/// The replicas of a partition that this broker leads.
///
/// Invariant: a proposal is under way from the moment it is made until its fate is certain; until then its members are counted
/// together with those of the committed ISR (the maximal ISR of KIP-497).
#[derive(Clone, Debug)]
pub(crate) struct InSync {
    me: BrokerId,
    epoch: LeaderEpoch,
    followers: Vec<Follower>,
    committed: Vec<BrokerId>,
    proposed: Option<Vec<Candidate>>,
    pub(crate) partition_epoch: PartitionEpoch,
    /// The controller refused: nothing is asked again before there is news.
    refused: bool,
}

impl InSync {
    pub(crate) fn new(now: Mono, me: BrokerId, leadership: Leadership) -> Self {
        let Leadership { epoch, partition_epoch, replicas, in_sync } = leadership;
        let others = replicas.into_iter().filter(|member| member.id != me);
        let followers = others.map(|member| Follower::new(now, member, in_sync.contains(&member.id)));
        Self {
            me,
            epoch,
            followers: followers.collect(),
            committed: in_sync,
            proposed: None,
            partition_epoch,
            refused: false,
        }
    }

    /// The metadata log has the same or another version within the epoch: what is known of followers stays. A newer version
    /// decides a proposal.
    pub(crate) fn update(&mut self, now: Mono, leadership: Leadership) {
        self.refused = false;
        for member in &leadership.replicas {
            if let Some(known) = self.followers.iter_mut().find(|known| known.id == member.id) {
                known.registered(*member);
            }
        }
        if leadership.partition_epoch <= self.partition_epoch {
            return;
        }
        let mut next = Self::new(now, self.me, leadership);
        for follower in &mut next.followers {
            if let Some(known) = self.followers.iter().find(|known| known.id == follower.id) {
                follower.remember(known);
            }
        }
        *self = next;
    }

    pub(crate) fn fetched(
        &mut self,
        now: Mono,
        id: BrokerId,
        epoch: Option<BrokerEpoch>,
        has: Extent,
        leader_end: Offset,
    ) -> Result<(), Rejected> {
        let found = self.followers.iter_mut().find(|follower| follower.id == id);
        found.ok_or(Rejected::NotReplica(id))?.fetched(now, epoch, has, leader_end)
    }

    pub(crate) fn decided(&mut self, partition_epoch: PartitionEpoch, fate: Fate) -> Result<(), Rejected> {
        if self.proposed.is_none() || partition_epoch != self.partition_epoch {
            return Err(Rejected::NoProposal);
        }
        if let Fate::Taken { in_sync, .. } = &fate {
            // with the last of them the reassignment may be complete, which the metadata tells only later
            let joined = self.followers.iter_mut().filter(|follower| in_sync.contains(&follower.id));
            joined.for_each(|follower| follower.adding = false);
        }
        match fate {
            Fate::Taken { partition_epoch, in_sync } if partition_epoch > self.partition_epoch => {
                (self.partition_epoch, self.committed, self.proposed) = (partition_epoch, in_sync, None);
            }
            // the same ISR as before: there was nothing to do
            Fate::Taken { in_sync, .. } => (self.committed, self.proposed) = (in_sync, None),
            // a controller that refuses says that the version holds; one that lost an earlier attempt would not
            Fate::NotTaken => (self.proposed, self.refused) = (None, true),
            Fate::NoAnswer | Fate::Outdated => {}
        }
        Ok(())
    }

    /// The proposal under way.
    pub(crate) fn proposal(&self) -> Option<Proposal> {
        let in_sync = self.proposed.clone()?;
        Some(Proposal { epoch: self.epoch, partition_epoch: self.partition_epoch, in_sync })
    }

    /// Asks for `id` in the ISR when it has earned it: it has all that is committed and all that was there when the epoch began
    /// (so that it has been cut to this log), and is who it says it is.
    pub(crate) fn grow(
        &mut self,
        id: BrokerId,
        high_watermark: Offset,
        epoch_start: Offset,
    ) -> Option<Proposal> {
        let follower = self.followers.iter().find(|follower| follower.id == id)?;
        let past_start = follower.end >= epoch_start || mutant::active("join before the epoch start");
        let joins = !self.committed.contains(&id)
            && follower.end >= high_watermark
            && past_start
            && follower.may_join();
        let now = self.candidates(|follower| self.committed.contains(&follower.id) || follower.id == id);
        if joins { self.propose(now) } else { None }
    }

    /// Asks for an ISR without those who had not everything for too long.
    pub(crate) fn shrink(&mut self, now: Mono, leader_end: Offset, lag_max: Duration) -> Option<Proposal> {
        self.refused = false;
        let stays = self.candidates(|follower| {
            self.committed.contains(&follower.id) && follower.is_caught_up(now, leader_end, lag_max)
        });
        if stays.len() < self.committed.len() { self.propose(stays) } else { None }
    }

    fn candidates(&self, wanted: impl Fn(&Follower) -> bool) -> Vec<Candidate> {
        let me = Candidate { id: self.me, epoch: None }; // whoever asks the controller says who asks
        let others = self.followers.iter().filter(|follower| wanted(follower)).map(Follower::candidate);
        std::iter::once(me).chain(others).collect()
    }

    fn propose(&mut self, in_sync: Vec<Candidate>) -> Option<Proposal> {
        if self.proposed.is_some() || self.refused {
            return None;
        }
        self.proposed = Some(in_sync);
        self.proposal()
    }

    /// Whether it has followers in sync, and none of them has fetched for `silence`.
    pub(crate) fn is_left_alone(&self, now: Mono, silence: Duration) -> bool {
        let mut others = self.followers.iter().filter(|one| self.committed.contains(&one.id)).peekable();
        others.peek().is_some() && others.all(|one| one.is_silent(now, silence))
    }

    /// Which follower among `near` serves a consumer that reads on from `offset`, by the rules of Kafka's RackAwareReplicaSelector
    /// (KIP-392): none when the leader is near itself. Who is not in sync may lag ever more, and its readers with it.
    pub(crate) fn nearest(&self, near: &[BrokerId], offset: Offset) -> Option<BrokerId> {
        if near.contains(&self.me) {
            return None;
        }
        let serves = |one: &&Follower| {
            near.contains(&one.id) && self.committed.contains(&one.id) && one.reaches(offset)
        };
        let best = self.followers.iter().filter(serves).max_by_key(|one| one.freshness());
        best.map(|one| one.id)
    }

    pub(crate) fn committed(&self) -> &[BrokerId] {
        &self.committed
    }

    pub(crate) fn replicas(&self) -> usize {
        self.followers.len() + 1
    }

    /// How many replicas `acks=all` needs: no more than there were before a reassignment that is not complete. Else a partition
    /// that gets more replicas would refuse producers until the first of them is in sync.
    pub(crate) fn needed(&self, min_in_sync: u32) -> usize {
        let join = self.followers.iter().filter(|follower| follower.adding).count();
        (min_in_sync as usize).min((self.replicas() - join).max(1))
    }

    /// What every member of the maximal ISR has, this broker having everything before `own`. One who is about to join is waited
    /// for too: else the high watermark would run ahead of it for ever.
    pub(crate) fn common_end(&self, now: Mono, own: Offset, leader_end: Offset, lag_max: Duration) -> Offset {
        if mutant::active("ack before replication") {
            return own;
        }
        let joins = |follower: &Follower| {
            !mutant::active("high watermark over the committed isr only")
                && follower.may_join()
                && follower.is_caught_up(now, leader_end, lag_max)
        };
        let counted = self.followers.iter().filter(|follower| self.counts(follower.id) || joins(follower));
        counted.map(|follower| follower.end).fold(own, Offset::min)
    }

    /// Whether every member of the maximal ISR has everything before `end`.
    pub(crate) fn all_have(&self, end: Offset) -> bool {
        self.followers.iter().all(|follower| !self.counts(follower.id) || follower.end >= end)
    }

    fn counts(&self, id: BrokerId) -> bool {
        let asked = || self.proposed.iter().flatten().any(|candidate| candidate.id == id);
        self.committed.contains(&id)
            || !mutant::active("high watermark over the committed isr only") && asked()
    }
}
