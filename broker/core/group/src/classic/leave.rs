//! LeaveGroup: members go, or are sent away by an administrator.

use super::{Group, JoinPhase, State};
use crate::in_flight::Turn;
use klamm_protocol::{
    ErrorCode,
    leave_group_request::{LeaveGroupRequest, MemberIdentity},
    leave_group_response::{LeaveGroupResponse, MemberResponse},
};

impl Group {
    /// Lets the members go; each has an answer of its own.
    pub(crate) fn leave(&mut self, turn: &mut Turn<'_>, request: &LeaveGroupRequest) -> LeaveGroupResponse {
        if self.state == State::Dead {
            return LeaveGroupResponse {
                error_code: ErrorCode::CoordinatorNotAvailable.code(),
                ..Default::default()
            };
        }
        let mut response = LeaveGroupResponse::default();
        for identity in &request.members {
            response.members.push(MemberResponse {
                member_id: identity.member_id.clone(),
                group_instance_id: identity.group_instance_id.clone(),
                error_code: self.let_go(turn, identity).err().unwrap_or_default().code(),
            });
        }
        if response.members.iter().any(|member| member.error_code == ErrorCode::None.code()) {
            self.after_departure(turn);
        }
        response
    }

    fn let_go(&mut self, turn: &mut Turn<'_>, identity: &MemberIdentity) -> Result<(), ErrorCode> {
        let id = match &identity.group_instance_id {
            // an administrator names the instance only (KIP-345)
            Some(instance) if identity.member_id.is_empty() => {
                self.static_members.get(instance.as_str()).cloned().ok_or(ErrorCode::UnknownMemberId)?
            }
            _ => identity.member_id.clone(),
        };
        if !self.pending_join.contains_key(id.as_str()) {
            self.check_member(&id, identity.group_instance_id.as_ref())?;
        }
        self.remove(turn, &id);
        Ok(())
    }

    /// Goes on without those who are gone.
    pub(super) fn after_departure(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::Stable | State::CompletingRebalance => self.prepare_rebalance(turn),
            State::PreparingRebalance if self.has_all_joined() => {
                // a new group goes on waiting for others, but not without any member
                if self.members.is_empty() || matches!(self.join_phase, Some(JoinPhase::Rejoin { .. })) {
                    self.complete_join(turn);
                }
            }
            State::PreparingRebalance | State::Empty | State::Dead => {}
        }
    }
}
