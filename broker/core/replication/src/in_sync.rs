//! What a leader knows of its replicas.

use crate::{Durability, Leadership, PartitionEpoch, Rejected};
use klamm_types::{BrokerEpoch, BrokerId, Offset};

/// A follower, as its fetches show it.
#[derive(Clone, Debug)]
struct Follower {
    id: BrokerId,
    broker_epoch: Option<BrokerEpoch>,
    /// One past the last record that it has; −1 until it has fetched in this epoch.
    end: Offset,
}

/// The replicas of a partition that this broker leads.
#[derive(Clone, Debug)]
pub(crate) struct InSync {
    followers: Vec<Follower>,
    committed: Vec<BrokerId>,
    proposed: Option<Vec<BrokerId>>,
    pub(crate) partition_epoch: PartitionEpoch,
}

impl InSync {
    pub(crate) fn new(me: BrokerId, leadership: Leadership) -> Self {
        let Leadership { partition_epoch, mut replicas, in_sync, .. } = leadership;
        replicas.retain(|id| *id != me);
        let followers = replicas.into_iter().map(|id| Follower { id, broker_epoch: None, end: Offset::NONE });
        Self { followers: followers.collect(), committed: in_sync, proposed: None, partition_epoch }
    }

    /// The metadata log has another version within the epoch: what is known of followers stays, a proposal is decided.
    pub(crate) fn update(&mut self, me: BrokerId, leadership: Leadership) {
        let mut next = Self::new(me, leadership);
        for follower in &mut next.followers {
            if let Some(known) = self.followers.iter().find(|known| known.id == follower.id) {
                *follower = known.clone();
            }
        }
        *self = next;
    }

    pub(crate) fn propose(&mut self, in_sync: Option<Vec<BrokerId>>) {
        self.proposed = in_sync;
    }

    pub(crate) fn fetched(
        &mut self,
        id: BrokerId,
        epoch: Option<BrokerEpoch>,
        end: Offset,
    ) -> Result<(), Rejected> {
        let found = self.followers.iter_mut().find(|follower| follower.id == id);
        let follower = found.ok_or(Rejected::NotReplica(id))?;
        if let (Some(told), Some(known)) = (epoch, follower.broker_epoch)
            && told < known
        {
            return Err(Rejected::OldBrokerEpoch { follower: id, told, known });
        }
        follower.broker_epoch = epoch.or(follower.broker_epoch);
        follower.end = end; // may go back: a follower that lost its tail says so
        Ok(())
    }

    pub(crate) fn committed(&self) -> &[BrokerId] {
        &self.committed
    }

    /// How many replicas `acks=all` needs: no more than there are.
    pub(crate) fn needed(&self, min_in_sync: u32) -> usize {
        (min_in_sync as usize).min(self.followers.len() + 1)
    }

    /// What every member of the maximal ISR has, this broker having everything before `own`.
    pub(crate) fn common_end(&self, own: Offset) -> Offset {
        let ends =
            self.followers.iter().filter(|follower| self.counts(follower.id)).map(|follower| follower.end);
        ends.fold(own, Offset::min)
    }

    fn counts(&self, id: BrokerId) -> bool {
        self.committed.contains(&id) || self.proposed.as_ref().is_some_and(|proposed| proposed.contains(&id))
    }
}

/// How far this broker itself has everything, in the sense of the topic's durability.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnEnd {
    pub(crate) log: Offset,
    pub(crate) synced: Offset,
}

impl OwnEnd {
    pub(crate) fn counted(self, durability: Durability) -> Offset {
        match durability {
            Durability::Replicated => self.log,
            Durability::Fsync => self.synced.min(self.log),
        }
    }
}
