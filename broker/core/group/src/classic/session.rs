//! Heartbeats, and what happens when they stay away.

use super::{Group, State};
use crate::in_flight::Turn;
use klamm_protocol::{ErrorCode, heartbeat_request::HeartbeatRequest};
use klamm_types::{Mono, Str};

impl Group {
    pub(crate) fn heartbeat(&mut self, turn: &Turn<'_>, request: &HeartbeatRequest) -> Result<(), ErrorCode> {
        if self.state == State::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        self.check_member(&request.member_id, request.group_instance_id.as_ref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        self.heard_of(turn.now, &request.member_id);
        match self.state {
            State::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            State::Empty | State::Dead => Err(ErrorCode::UnknownMemberId),
            State::CompletingRebalance | State::Stable => Ok(()),
        }
    }

    /// Does what the deadlines that have come ask for, and finds the next one.
    pub(crate) fn tick(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now.mono;
        self.give_up_the_silent(turn, now);
        if let Some(phase) = self.join_phase.filter(|phase| phase.until() <= now) {
            self.join_phase_over(turn, phase);
        }
        if self.sync_deadline.is_some_and(|deadline| deadline <= now) {
            self.sync_over(turn);
        }
        self.wake = self.next_deadline();
    }

    fn give_up_the_silent(&mut self, turn: &mut Turn<'_>, now: Mono) {
        let unused = self.pending_join.iter().filter(|(_, until)| **until <= now);
        let unused: Vec<Str> = unused.map(|(id, _)| id.clone()).collect();
        let mut lost = Vec::new();
        for member in self.members.values_mut() {
            // who waits for us is excused; the deadline is set anew with the answer
            if member.session_deadline.take_if(|deadline| *deadline <= now).is_some() && !member.is_excused()
            {
                lost.push(member.id.clone());
            }
        }
        for id in unused.iter().chain(&lost) {
            self.remove(turn, id);
        }
        let preparing = self.state == State::PreparingRebalance;
        if !lost.is_empty() || (preparing && !unused.is_empty()) {
            self.after_departure(turn);
        }
    }

    /// Not all have synced in time: those who did not are out, the others join again.
    fn sync_over(&mut self, turn: &mut Turn<'_>) {
        self.sync_deadline = None;
        let late = std::mem::take(&mut self.pending_sync);
        for id in &late {
            self.remove(turn, id);
        }
        if !late.is_empty() {
            self.prepare_rebalance(turn);
        }
    }
}
