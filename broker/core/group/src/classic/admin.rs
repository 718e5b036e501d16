//! What administrators see of a group.

use super::{Group, State, member::Member};
use crate::{
    event::{Caller, GroupView, Response},
    in_flight::Turn,
};
use klamm_protocol::{
    ErrorCode,
    describe_groups_response::{DescribedGroup, DescribedGroupMember},
    list_groups_response::ListedGroup,
};
use klamm_types::{Bytes, Str};

/// Kafka's name for groups of this protocol (KIP-848).
const GROUP_TYPE: Str = Str::from_static("classic");

impl Group {
    pub(crate) fn describe(&self) -> DescribedGroup {
        // while it rebalances, subscriptions and assignments are in flow
        let settled = (self.state == State::Stable).then(|| self.protocol.clone().unwrap_or_default());
        let tell = |member: &Member| DescribedGroupMember {
            member_id: member.id.clone(),
            group_instance_id: member.instance.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            member_metadata: settled.as_ref().map(|protocol| member.metadata(protocol)).unwrap_or_default(),
            member_assignment: settled.as_ref().map_or_else(Bytes::new, |_| member.assignment.clone()),
        };
        DescribedGroup {
            group_id: self.id.clone(),
            group_state: Str::from_static(self.state.name()),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            members: self.members.values().map(tell).collect(),
            protocol_data: settled.clone().unwrap_or_default(),
            ..Default::default()
        }
    }

    /// The group in a list, if the list is to have it. Nothing given is all.
    pub(crate) fn list(&self, states: &[Str], types: &[Str]) -> Option<ListedGroup> {
        let has = |wanted: &[Str], mine: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(mine))
        };
        (has(states, self.state.name()) && has(types, &GROUP_TYPE)).then(|| ListedGroup {
            group_id: self.id.clone(),
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            group_state: Str::from_static(self.state.name()),
            group_type: GROUP_TYPE,
        })
    }

    /// DeleteGroups: only of a group without members.
    pub(crate) fn delete_on_request(&mut self, turn: &mut Turn<'_>, caller: Caller) {
        match self.state {
            State::Empty => self.delete(turn, Some((caller, Response::Delete(ErrorCode::None)))),
            State::Dead => turn.answer(caller, Response::Delete(ErrorCode::GroupIdNotFound)),
            _ => turn.answer(caller, Response::Delete(ErrorCode::NonEmptyGroup)),
        }
    }

    pub(crate) fn view(&self, in_flight: bool) -> GroupView {
        let members = self.members.values();
        let offsets = self.offsets.committed();
        GroupView {
            state: self.state.name(),
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            members: members
                .map(|one| (one.id.clone(), one.instance.clone(), one.assignment.clone()))
                .collect(),
            offsets: offsets
                .map(|(topic, partition, offset)| (topic.clone(), partition, offset.clone()))
                .collect(),
            settled: !in_flight && !self.stale,
        }
    }
}

/// A group that is not there: `Dead` to older clients, an error since version 6 (KIP-1043).
pub(crate) fn describe_absent(id: &Str, api_version: i16) -> DescribedGroup {
    let mut group = DescribedGroup {
        group_id: id.clone(),
        group_state: Str::from_static(State::Dead.name()),
        ..Default::default()
    };
    if api_version >= 6 {
        group.error_code = ErrorCode::GroupIdNotFound.code();
        group.error_message = Some(Str::from(format!("Group {id} not found.")));
    }
    group
}
