//! When offsets are too old (KIP-211): those of a group count from when it became empty, not from their commit.

use super::{CommittedOffset, OffsetChange, delete::forget};
use crate::{
    classic::{Group, State},
    in_flight::{Purpose, Turn},
    records,
};
use klamm_types::Wall;
use std::time::Duration;

impl Group {
    /// Forgets offsets whose time is over, and the group itself when nothing keeps it.
    pub(crate) fn expire(&mut self, turn: &mut Turn<'_>) {
        let expired: Vec<OffsetChange> = self
            .offsets
            .slots()
            .filter(|(_, _, slot)| slot.pending == 0)
            .filter_map(|(topic, partition, slot)| Some((topic, partition, slot.committed.as_ref()?)))
            .filter(|(topic, _, offset)| !self.is_subscribed_to(topic) && self.is_expired(offset, turn))
            .map(|(topic, partition, _)| forget(topic, partition))
            .collect();
        let all = expired.len() == self.offsets.partitions().count();
        if all && self.state == State::Empty && self.pending_join.is_empty() {
            self.delete(turn, None);
        } else if !expired.is_empty() {
            self.change_offsets(turn, expired, None);
        } else if self.state == State::Empty && self.stale {
            let records = self.membership_records(None);
            turn.append(&self.id, records, Purpose::Empty, None);
        }
    }

    fn is_expired(&self, offset: &CommittedOffset, turn: &Turn<'_>) -> bool {
        let now = turn.now.wall;
        if let Some(end) = offset.expires_at {
            return now >= end;
        }
        let since = match self.state {
            _ if self.protocol_type.is_none() => offset.committed_at,
            State::Empty => self.since.unwrap_or(offset.committed_at),
            State::Stable if self.subscribed.is_some() => offset.committed_at,
            _ => return false,
        };
        age(since, now) >= turn.config.offsets_retention
    }

    /// Writes tombstones of the group and of all that it has committed.
    pub(crate) fn delete(&mut self, turn: &mut Turn<'_>, answer: Option<(crate::Caller, crate::Response)>) {
        let offsets = self.offsets.partitions().map(|(topic, partition)| forget(topic, partition));
        let offsets = offsets.map(|change| records::offset(&self.id, &change));
        let records = offsets.chain([records::no_group(&self.id)]).collect();
        self.enter(State::Dead, turn.now);
        turn.append(&self.id, records, Purpose::Deletion, answer);
    }
}

fn age(since: Wall, now: Wall) -> Duration {
    Duration::from_millis(u64::try_from(now.0.saturating_sub(since.0)).unwrap_or(0))
}
