//! JoinGroup: who is let in, and what it does to the group.

use super::{
    Group, State,
    group::{answer_join, answer_join_error, for_version, join_error, member_id},
    member::{Member, Waiter, millis, protocols_of, rebalance_timeout},
};
use crate::{
    config::NEW_MEMBER_JOIN_TIMEOUT,
    event::{Caller, Context, Response},
    in_flight::Turn,
};
use klamm_protocol::{
    ErrorCode,
    join_group_request::JoinGroupRequest,
    join_group_response::{JoinGroupResponse, JoinGroupResponseMember},
};
use klamm_types::{Bytes, Str, Uuid};

/// A JoinGroup with all that belongs to it.
pub(crate) struct Join<'a> {
    pub(crate) caller: Caller,
    pub(crate) context: &'a Context,
    pub(crate) request: &'a JoinGroupRequest,
    pub(crate) fresh: Uuid,
}

impl Join<'_> {
    pub(super) fn waiter(&self) -> Waiter {
        Waiter { caller: self.caller, api_version: self.context.api_version }
    }

    pub(super) fn instance(&self) -> Option<&Str> {
        self.request.group_instance_id.as_ref()
    }

    pub(crate) fn refuse(&self, turn: &mut Turn<'_>, member_id: &Str, error: ErrorCode) {
        answer_join_error(turn, Some(self.waiter()), member_id.clone(), error);
    }
}

/// What can be said without looking at the group.
pub(crate) fn check_request(request: &JoinGroupRequest, turn: &Turn<'_>) -> Result<(), ErrorCode> {
    let session = millis(request.session_timeout_ms);
    if request.group_id.is_empty() {
        Err(ErrorCode::InvalidGroupId)
    } else if session < turn.config.min_session_timeout || session > turn.config.max_session_timeout {
        Err(ErrorCode::InvalidSessionTimeout)
    } else {
        Ok(())
    }
}

impl Group {
    pub(crate) fn join(&mut self, turn: &mut Turn<'_>, join: &Join<'_>) {
        let id = &join.request.member_id;
        let names = join.request.protocols.iter().map(|protocol| protocol.name.as_str());
        if self.state == State::Dead {
            join.refuse(turn, id, ErrorCode::CoordinatorNotAvailable);
        } else if !self.has_room_for(turn, id) {
            self.remove(turn, id);
            join.refuse(turn, &Str::default(), ErrorCode::GroupMaxSizeReached);
            self.complete_join_if_ready(turn);
        } else if !self.supports_protocols(&join.request.protocol_type, names) {
            join.refuse(turn, id, ErrorCode::InconsistentGroupProtocol);
        } else if id.is_empty() {
            self.join_unnamed(turn, join);
        } else if self.pending_join.contains_key(id.as_str()) && join.instance().is_none() {
            self.admit(turn, join, id.detached());
        } else {
            match self.check_member(id, join.instance()) {
                Ok(()) => self.rejoin(turn, join),
                Err(error) => join.refuse(turn, id, error),
            }
        }
    }

    /// Members are let in up to `group.max.size`; while a rebalance is prepared, those who have joined again count,
    /// so that the last to come are those who are sent away.
    fn has_room_for(&self, turn: &Turn<'_>, id: &str) -> bool {
        let known = self.members.get(id);
        match self.state {
            State::Empty | State::Dead => true,
            State::PreparingRebalance => {
                known.is_some_and(|member| member.awaiting_join.is_some())
                    || self.awaiting_join() < turn.config.max_size
            }
            State::CompletingRebalance | State::Stable => {
                known.is_some() || self.members.len() < turn.config.max_size
            }
        }
    }

    /// Someone who has no member id: it gets one.
    fn join_unnamed(&mut self, turn: &mut Turn<'_>, join: &Join<'_>) {
        let id = member_id(join.context, join.instance(), join.fresh);
        if let Some(instance) = join.instance() {
            match self.static_members.get(instance.as_str()).cloned() {
                Some(old) => self.replace_static_member(turn, join, &old, id),
                None => self.admit(turn, join, id),
            }
        } else if join.context.api_version >= 4 {
            // KIP-394: it must come again with its id, so that clients that gave up leave no members behind
            let until = turn.now.mono.plus(millis(join.request.session_timeout_ms));
            self.pending_join.insert(id.clone(), until);
            self.wake_by(until);
            join.refuse(turn, &id, ErrorCode::MemberIdRequired);
        } else {
            self.admit(turn, join, id);
        }
    }

    /// Makes the sender a member; this needs a rebalance.
    fn admit(&mut self, turn: &mut Turn<'_>, join: &Join<'_>, id: Str) {
        let request = join.request;
        let member = Member {
            id: id.clone(),
            instance: request.group_instance_id.as_ref().map(Str::detached),
            client_id: join.context.client_id.detached(),
            client_host: join.context.client_host.detached(),
            rebalance_timeout: rebalance_timeout(request),
            session_timeout: millis(request.session_timeout_ms),
            protocols: protocols_of(request),
            assignment: Bytes::new(),
            new: true,
            awaiting_join: Some(join.waiter()),
            awaiting_sync: None,
            session_deadline: None,
        };
        self.add(member, &request.protocol_type);
        self.note_growth();
        self.expect_within(turn.now, &id, NEW_MEMBER_JOIN_TIMEOUT);
        self.rebalance_or_complete(turn);
    }

    /// A member joins again.
    fn rejoin(&mut self, turn: &mut Turn<'_>, join: &Join<'_>) {
        let id = join.request.member_id.as_str();
        let changed = self.members.get(id).is_some_and(|member| !member.matches(join.request));
        match self.state {
            State::PreparingRebalance => self.rejoin_and_rebalance(turn, join),
            // the same again: it missed the answer, which is still good
            State::CompletingRebalance if !changed => {
                let response = self.join_response(id);
                answer_join(turn, Some(join.waiter()), response);
            }
            // the leader may ask for a rebalance without a change of its own: a topic has more partitions, say
            State::Stable if !changed && !self.is_leader(id) => {
                let response = self.join_response(id);
                answer_join(turn, Some(join.waiter()), response);
            }
            State::CompletingRebalance | State::Stable => self.rejoin_and_rebalance(turn, join),
            State::Empty | State::Dead => {
                answer_join_error(turn, Some(join.waiter()), Str::from(id), ErrorCode::UnknownMemberId);
            }
        }
    }

    fn rejoin_and_rebalance(&mut self, turn: &mut Turn<'_>, join: &Join<'_>) {
        self.take_join(turn, join, &join.request.member_id);
        self.rebalance_or_complete(turn);
    }

    /// Keeps the JoinGroup of a member until the rebalance is through.
    pub(super) fn take_join(&mut self, turn: &mut Turn<'_>, join: &Join<'_>, id: &Str) {
        let Some(member) = self.members.get_mut(id) else { return };
        member.update(join.request);
        // Kafka forgets an earlier request of the same member; here every request is answered, because the answers
        // of a connection go out in order
        let earlier = member.awaiting_join.replace(join.waiter());
        answer_join_error(turn, earlier, id.clone(), ErrorCode::RebalanceInProgress);
    }

    /// What a member is told of this generation: the leader gets the members, the others do not.
    pub(super) fn join_response(&self, id: &str) -> JoinGroupResponse {
        JoinGroupResponse {
            members: if self.is_leader(id) { self.members_for_leader() } else { Vec::new() },
            member_id: Str::from(id),
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            ..join_error(Str::default(), ErrorCode::None)
        }
    }

    pub(super) fn members_for_leader(&self) -> Vec<JoinGroupResponseMember> {
        let protocol = self.protocol.clone().unwrap_or_default();
        let tell = |member: &Member| JoinGroupResponseMember {
            member_id: member.id.clone(),
            group_instance_id: member.instance.clone(),
            metadata: member.metadata(&protocol),
        };
        self.members.values().map(tell).collect()
    }
}

/// The answer to a JoinGroup that cannot be let near a group.
pub(crate) fn refuse(request: &JoinGroupRequest, context: &Context, error: ErrorCode) -> Response {
    Response::Join(for_version(context.api_version, join_error(request.member_id.clone(), error)))
}
