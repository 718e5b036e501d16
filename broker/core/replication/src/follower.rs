//! What a leader knows of one follower: from its fetches, and from the metadata log.

use crate::{Candidate, Member, Rejected, event::Extent};
use klamm_types::{BrokerEpoch, BrokerId, Mono, Offset, mutant};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Follower {
    pub(crate) id: BrokerId,
    /// Its registration, by the metadata log.
    registered: Option<BrokerEpoch>,
    eligible: bool,
    /// Whether a reassignment brings it, and it was not in sync since.
    pub(crate) adding: bool,
    /// The incarnation that fetched last.
    fetched_as: Option<BrokerEpoch>,
    /// One past the last record that it has; −1 until it has fetched in this epoch.
    pub(crate) end: Offset,
    /// Where its log starts.
    log_start: Offset,
    /// When it last had everything that there was.
    caught_up: Option<Mono>,
    /// When it fetched last, and where the leader's log ended then.
    last_fetch: Option<(Mono, Offset)>,
}

impl Follower {
    /// One of whom nothing is known but what the metadata says. Those in sync have a full lag time to show themselves.
    pub(crate) fn new(now: Mono, member: Member, in_sync: bool) -> Self {
        Self {
            id: member.id,
            registered: member.epoch,
            eligible: member.eligible,
            adding: member.adding && !in_sync,
            fetched_as: None,
            end: Offset::NONE,
            log_start: Offset::NONE,
            caught_up: in_sync.then_some(now),
            last_fetch: None,
        }
    }

    /// What is known of it by its fetches stays, when the metadata has a newer version.
    pub(crate) fn remember(&mut self, known: &Self) {
        *self = Self { adding: self.adding, ..known.clone() };
    }

    pub(crate) fn registered(&mut self, member: Member) {
        (self.registered, self.eligible) = (member.epoch, member.eligible);
    }

    /// It fetches what follows all that it `has`, while the leader's log ends at `leader_end`.
    pub(crate) fn fetched(
        &mut self,
        now: Mono,
        epoch: Option<BrokerEpoch>,
        has: Extent,
        leader_end: Offset,
    ) -> Result<(), Rejected> {
        if let (Some(told), Some(known)) = (epoch, self.fetched_as)
            && told < known
            && !mutant::active("ignore the broker epoch")
        {
            return Err(Rejected::OldBrokerEpoch { follower: self.id, told, known });
        }
        // having everything that there was at the last fetch is having been in sync then
        let caught_up = match self.last_fetch {
            _ if has.end >= leader_end => Some(now),
            Some((then, its_end)) if has.end >= its_end => Some(then),
            _ => None,
        };
        self.caught_up = self.caught_up.max(caught_up);
        self.last_fetch = Some((now, leader_end));
        self.fetched_as = epoch.or(self.fetched_as);
        (self.log_start, self.end) = (has.start, has.end); // may go back: a follower that lost its tail says so
        Ok(())
    }

    /// Whether it can read on from `offset`.
    pub(crate) fn reaches(&self, offset: Offset) -> bool {
        (self.log_start..=self.end).contains(&offset)
    }

    /// The greater, the better it serves consumers: what it has, and when it had everything.
    pub(crate) fn freshness(&self) -> impl Ord + use<> {
        (self.end, self.caught_up, self.id)
    }

    /// Whether it has not fetched for `silence`.
    pub(crate) fn is_silent(&self, now: Mono, silence: Duration) -> bool {
        let last = self.last_fetch.map(|(then, _)| then).or(self.caught_up); // in sync when the leadership began
        last.is_none_or(|then| now.since(then) > silence)
    }

    /// Whether it had everything within the last `lag_max`.
    pub(crate) fn is_caught_up(&self, now: Mono, leader_end: Offset, lag_max: Duration) -> bool {
        self.end == leader_end || self.caught_up.is_some_and(|then| now.since(then) <= lag_max)
    }

    /// Whether the controller would take it into the ISR: the incarnation that fetched is the one that is registered, and that
    /// one takes part (KIP-841, KIP-903).
    pub(crate) fn may_join(&self) -> bool {
        if mutant::active("ignore the broker epoch") {
            return true;
        }
        self.eligible && self.fetched_as.is_none_or(|epoch| Some(epoch) == self.registered)
    }

    pub(crate) fn candidate(&self) -> Candidate {
        let known = !mutant::active("ignore the broker epoch");
        Candidate { id: self.id, epoch: self.fetched_as.or(self.registered).filter(|_| known) }
    }
}
