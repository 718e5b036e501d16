//! A group's membership in the log.

use super::{
    Group, State,
    member::{Member, Protocol, millis},
};
use crate::{event::LogRecord, in_flight::Turn, records};
use klamm_protocol::{
    EncodeError,
    group_metadata_value::{GroupMetadataValue, MemberMetadata},
};
use klamm_types::{Bytes, Now, Str, Wall};
use std::{collections::BTreeMap, time::Duration};

impl Group {
    /// The record of the membership, with the assignment that is given, else with the one that holds.
    pub(crate) fn membership_records(
        &self,
        assignment: Option<&BTreeMap<Str, Bytes>>,
    ) -> Result<Vec<LogRecord>, EncodeError> {
        let protocol = self.protocol.clone().unwrap_or_default();
        let members = self.members.values().map(|member| MemberMetadata {
            member_id: member.id.clone(),
            group_instance_id: member.instance.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout: to_millis(member.rebalance_timeout),
            session_timeout: to_millis(member.session_timeout),
            subscription: member.metadata(&protocol),
            assignment: match assignment {
                Some(given) => given.get(&member.id).cloned().unwrap_or_default(),
                None => member.assignment.clone(),
            },
        });
        let value = GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            current_state_timestamp: self.since.map_or(-1, |since| since.0),
            members: members.collect(),
        };
        Ok(vec![records::group(&self.id, &value)?])
    }

    /// Takes the membership from the log, in place of what was known.
    pub(crate) fn replay(&mut self, now: Now, value: GroupMetadataValue) {
        self.replay_tombstone(now);
        self.stored = true;
        self.generation = value.generation;
        self.protocol_type = Some(value.protocol_type.detached()).filter(|name| !name.is_empty());
        self.protocol = value.protocol.as_ref().map(Str::detached);
        self.leader = value.leader.as_ref().map(Str::detached);
        self.since = (value.current_state_timestamp >= 0).then_some(Wall(value.current_state_timestamp));
        for member in &value.members {
            self.replay_member(member);
        }
        if self.members.is_empty() {
            self.leader = None;
        } else {
            self.state = State::Stable;
        }
        self.subscribed = self.subscription();
    }

    /// The log says that the group is gone. Offsets that it has are those of a group without members.
    pub(crate) fn replay_tombstone(&mut self, now: Now) {
        let offsets = std::mem::take(&mut self.offsets);
        *self = Group { offsets, ..Group::new(self.id.clone(), now) };
    }

    fn replay_member(&mut self, stored: &MemberMetadata) {
        let protocols = self.protocol.iter().map(|name| Protocol {
            name: name.clone(),
            metadata: Bytes::copy_from_slice(&stored.subscription),
        });
        let rebalance =
            if stored.rebalance_timeout < 0 { stored.session_timeout } else { stored.rebalance_timeout };
        let member = Member {
            id: stored.member_id.detached(),
            instance: stored.group_instance_id.as_ref().map(Str::detached),
            client_id: stored.client_id.detached(),
            client_host: stored.client_host.detached(),
            rebalance_timeout: millis(rebalance),
            session_timeout: millis(stored.session_timeout),
            protocols: protocols.collect(),
            assignment: Bytes::copy_from_slice(&stored.assignment),
            new: false,
            awaiting_join: None,
            awaiting_sync: None,
            session_deadline: None,
        };
        let protocol_type = self.protocol_type.clone();
        self.add(member, "");
        self.protocol_type = protocol_type;
    }

    /// The log was read: from now on the members are expected to be heard of.
    pub(crate) fn loaded(&mut self, turn: &mut Turn<'_>) {
        let ids: Vec<Str> = self.members.keys().cloned().collect();
        for id in ids {
            self.heard_of(turn.now, &id);
        }
        if self.members.len() > turn.config.max_size {
            self.after_departure(turn);
        }
    }
}

fn to_millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
