//! SyncGroup: the leader's assignment goes to the log, then to everyone.

use super::{Group, State, member::Waiter};
use crate::{
    event::{Caller, Context, Response},
    in_flight::{Purpose, Turn},
};
use klamm_protocol::{
    ErrorCode, sync_group_request::SyncGroupRequest, sync_group_response::SyncGroupResponse,
};
use klamm_types::{Bytes, Str};
use std::collections::BTreeMap;

impl Group {
    pub(crate) fn sync(
        &mut self,
        turn: &mut Turn<'_>,
        caller: Caller,
        context: &Context,
        request: &SyncGroupRequest,
    ) {
        match self.check_sync(request) {
            Err(error) => turn.answer(caller, refuse(error)),
            Ok(()) if self.state == State::Stable => {
                self.synced(&request.member_id);
                let response = self.assignment_response(&request.member_id);
                turn.answer(caller, Response::Sync(response));
            }
            Ok(()) => {
                self.await_assignment(turn, Waiter { caller, api_version: context.api_version }, request)
            }
        }
    }

    fn check_sync(&self, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        if self.state == State::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        self.check_member(&request.member_id, request.group_instance_id.as_ref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        let differs =
            |theirs: &Option<Str>, ours: &Option<Str>| matches!((theirs, ours), (Some(a), Some(b)) if a != b);
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol)
        {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        match self.state {
            State::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            State::Empty => Err(ErrorCode::UnknownMemberId),
            State::CompletingRebalance | State::Stable | State::Dead => Ok(()),
        }
    }

    fn synced(&mut self, id: &str) {
        self.pending_sync.remove(id);
        if self.pending_sync.is_empty() {
            self.sync_deadline = None;
        }
    }

    fn await_assignment(&mut self, turn: &mut Turn<'_>, waiter: Waiter, request: &SyncGroupRequest) {
        let Some(member) = self.members.get_mut(&request.member_id) else { return };
        let earlier = member.awaiting_sync.replace(waiter);
        super::group::answer_sync_error(turn, earlier, ErrorCode::RebalanceInProgress);
        self.synced(&request.member_id);
        if self.is_leader(&request.member_id) {
            self.store_assignment(turn, request);
        }
    }

    /// Writes the assignment; members that the leader left out have none.
    fn store_assignment(&mut self, turn: &mut Turn<'_>, request: &SyncGroupRequest) {
        let given = request
            .assignments
            .iter()
            .map(|given| (given.member_id.detached(), Bytes::copy_from_slice(&given.assignment)));
        let mut assignment: BTreeMap<Str, Bytes> = given.collect();
        assignment.retain(|id, _| self.members.contains_key(id));
        let records = self.membership_records(Some(&assignment));
        self.stored = true;
        let purpose = Purpose::Assignment { generation: self.generation, assignment };
        turn.append(&self.id, records, purpose, None);
    }

    fn awaits_assignment_of(&self, generation: i32) -> bool {
        self.state == State::CompletingRebalance && self.generation == generation
    }

    /// The log has the assignment: the group is stable. A rebalance that came between makes it void: then this is false.
    pub(crate) fn assignment_committed(
        &mut self,
        turn: &mut Turn<'_>,
        generation: i32,
        mut assignment: BTreeMap<Str, Bytes>,
    ) -> bool {
        if !self.awaits_assignment_of(generation) {
            return false;
        }
        self.enter(State::Stable, turn.now);
        let ids: Vec<Str> = self.members.keys().cloned().collect();
        for id in ids {
            let Some(member) = self.members.get_mut(&id) else { continue };
            member.assignment = assignment.remove(&id).unwrap_or_default();
            if let Some(waiter) = member.awaiting_sync.take() {
                let response = self.assignment_response(&id);
                turn.answer(waiter.caller, Response::Sync(response));
                // its session may have ended while it waited, which was excused
                self.heard_of(turn.now, &id);
            }
        }
        true
    }

    /// The log does not have the assignment: everyone joins again.
    pub(crate) fn assignment_failed(&mut self, turn: &mut Turn<'_>, generation: i32, error: ErrorCode) {
        if self.awaits_assignment_of(generation) {
            self.withdraw_assignment(turn, error);
            self.prepare_rebalance(turn);
        }
    }

    fn assignment_response(&self, id: &str) -> SyncGroupResponse {
        SyncGroupResponse {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment: self.members.get(id).map(|member| member.assignment.clone()).unwrap_or_default(),
            ..Default::default()
        }
    }
}

/// The answer to a SyncGroup that is not served.
pub(crate) fn refuse(error: ErrorCode) -> Response {
    Response::Sync(SyncGroupResponse { error_code: error.code(), ..Default::default() })
}
