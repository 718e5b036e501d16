//! A static member that comes back without its member id (KIP-345): its client was restarted.

use super::{
    Group, State,
    group::{answer_join, answer_join_error, answer_sync_error, join_error},
    join::Join,
    member::{Member, Protocol, Waiter},
};
use crate::in_flight::{Purpose, Turn};
use klamm_protocol::{ErrorCode, join_group_response::JoinGroupResponse};
use klamm_types::Str;
use std::time::Duration;

/// What a replacement changes of the member, to take it back when the log does not take it.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    protocols: Vec<Protocol>,
    rebalance_timeout: Duration,
    session_timeout: Duration,
}

impl Group {
    /// Gives the instance a new member id, and with it fences the old one. A stable group whose protocol stays the
    /// same stays stable: the member gets its old assignment.
    pub(super) fn replace_static_member(
        &mut self,
        turn: &mut Turn<'_>,
        join: &Join<'_>,
        old: &Str,
        new: Str,
    ) {
        let Some(instance) = join.instance().map(Str::detached) else { return };
        let Some(before) = self.rename(turn, &instance, old, &new) else { return };
        self.heard_of(turn.now, &new);
        self.take_join(turn, join, &new);
        match self.state {
            State::Stable if self.select_protocol() == self.protocol => {
                let purpose = Purpose::Replacement { instance, old_id: old.clone(), new_id: new, before };
                let records = self.membership_records(None);
                self.stored = true;
                turn.append(&self.id, records, purpose, None);
            }
            // the leader may be assigning to the old member id right now
            State::Stable | State::CompletingRebalance => self.prepare_rebalance(turn),
            State::PreparingRebalance | State::Empty | State::Dead => self.complete_join_if_ready(turn),
        }
    }

    /// Puts the member under another id. Who waits under the old one is fenced.
    fn rename(&mut self, turn: &mut Turn<'_>, instance: &Str, old: &Str, new: &Str) -> Option<Before> {
        let mut member = self.members.remove(old)?;
        answer_join_error(turn, member.awaiting_join.take(), old.clone(), ErrorCode::FencedInstanceId);
        answer_sync_error(turn, member.awaiting_sync.take(), ErrorCode::FencedInstanceId);
        let before = Before {
            protocols: member.protocols.clone(),
            rebalance_timeout: member.rebalance_timeout,
            session_timeout: member.session_timeout,
        };
        if self.pending_sync.remove(old) {
            self.pending_sync.insert(new.clone());
        }
        if self.is_leader(old) {
            self.leader = Some(new.clone());
        }
        self.static_members.insert(instance.clone(), new.clone());
        self.members.insert(new.clone(), Member { id: new.clone(), ..member });
        Some(before)
    }

    /// The log has the new member id: the client may know it.
    pub(crate) fn replacement_committed(&mut self, turn: &mut Turn<'_>, old: &Str, new: &str) {
        if self.state != State::Stable {
            return; // a rebalance has come between and will answer
        }
        let Some(waiter) = self.members.get_mut(new).and_then(|member| member.awaiting_join.take()) else {
            return;
        };
        let leads = self.is_leader(new);
        let mut response = self.join_response(new);
        if waiter.api_version >= 9 {
            // KIP-814: the leader learns of the members, but must not assign
            response.skip_assignment = leads;
        } else {
            // an older leader would assign: it is told that the old one leads, and syncs as a follower
            response.members = Vec::new();
            response.leader = if leads { old.clone() } else { response.leader };
        }
        answer_join(turn, Some(waiter), response);
        self.heard_of(turn.now, new);
    }

    /// The log does not have the new member id: the old one is back, the client tries again.
    pub(crate) fn replacement_failed(&mut self, turn: &mut Turn<'_>, change: Replaced<'_>, error: ErrorCode) {
        if self.state != State::Stable || self.static_members.get(change.instance) != Some(change.new) {
            return;
        }
        let waiter: Option<Waiter> =
            self.members.get_mut(change.new).and_then(|member| member.awaiting_join.take());
        self.rename(turn, change.instance, change.new, change.old);
        if let Some(member) = self.members.get_mut(change.old) {
            member.protocols.clone_from(&change.before.protocols);
            member.rebalance_timeout = change.before.rebalance_timeout;
            member.session_timeout = change.before.session_timeout;
        }
        self.heard_of(turn.now, change.old);
        let refusal =
            JoinGroupResponse { generation_id: self.generation, ..join_error(Str::default(), error) };
        answer_join(turn, waiter, refusal);
    }
}

/// A replacement that failed.
pub(crate) struct Replaced<'a> {
    pub(crate) instance: &'a Str,
    pub(crate) old: &'a Str,
    pub(crate) new: &'a Str,
    pub(crate) before: &'a Before,
}
