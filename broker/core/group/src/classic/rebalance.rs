//! The rebalance: from "everyone join again" to the next generation.

use super::{
    Group, JoinPhase, State,
    group::{answer_join, answer_sync_error},
};
use crate::in_flight::{Purpose, Turn};
use klamm_protocol::ErrorCode;
use klamm_types::{Bytes, Str};
use std::time::Duration;

impl Group {
    /// Begins a rebalance where one can begin; ends the joining where it can end.
    pub(super) fn rebalance_or_complete(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::Empty | State::CompletingRebalance | State::Stable => self.prepare_rebalance(turn),
            State::PreparingRebalance => self.complete_join_if_ready(turn),
            State::Dead => {}
        }
    }

    /// Ends the joining when all have joined, unless a new group still waits for more.
    pub(super) fn complete_join_if_ready(&mut self, turn: &mut Turn<'_>) {
        if matches!(self.join_phase, Some(JoinPhase::Rejoin { .. })) && self.has_all_joined() {
            self.complete_join(turn);
        }
    }

    /// Asks all members to join again: their heartbeats say so.
    pub(super) fn prepare_rebalance(&mut self, turn: &mut Turn<'_>) {
        if self.state == State::CompletingRebalance {
            self.withdraw_assignment(turn, ErrorCode::RebalanceInProgress);
        }
        self.pending_sync.clear();
        self.sync_deadline = None;
        let first = self.state == State::Empty;
        self.enter(State::PreparingRebalance, turn.now);
        if first {
            let delay = turn.config.initial_rebalance_delay;
            let remaining = self.rebalance_timeout().saturating_sub(delay);
            self.wait_for_more(turn, delay, remaining);
        } else {
            self.wait_for_all(turn);
            self.complete_join_if_ready(turn);
        }
    }

    fn wait_for_more(&mut self, turn: &Turn<'_>, delay: Duration, remaining: Duration) {
        let until = turn.now.mono.plus(delay);
        self.join_phase = Some(JoinPhase::Initial { until, delay, remaining, grew: false });
        self.wake_by(until);
    }

    fn wait_for_all(&mut self, turn: &Turn<'_>) {
        let until = turn.now.mono.plus(self.rebalance_timeout());
        self.join_phase = Some(JoinPhase::Rejoin { until });
        self.wake_by(until);
    }

    /// A member came: if the group is waiting for more, it may wait once more.
    pub(super) fn note_growth(&mut self) {
        if let Some(JoinPhase::Initial { grew, .. }) = &mut self.join_phase {
            *grew = true;
        }
    }

    /// The time to join is over.
    pub(super) fn join_phase_over(&mut self, turn: &mut Turn<'_>, phase: JoinPhase) {
        match phase {
            JoinPhase::Initial { delay, remaining, grew: true, .. } if !remaining.is_zero() => {
                let next = turn.config.initial_rebalance_delay.min(remaining);
                self.wait_for_more(turn, next, remaining.saturating_sub(delay));
            }
            JoinPhase::Initial { .. } | JoinPhase::Rejoin { .. } => self.complete_join(turn),
        }
    }

    /// Begins the next generation with those who joined, and static members who may come yet.
    pub(super) fn complete_join(&mut self, turn: &mut Turn<'_>) {
        let absent = self
            .members
            .values()
            .filter(|member| member.awaiting_join.is_none() && member.instance.is_none());
        let absent: Vec<Str> = absent.map(|member| member.id.clone()).collect();
        for id in absent {
            self.remove(turn, &id);
        }
        if self.members.is_empty() {
            self.become_empty(turn);
        } else if self.elect_present_leader() {
            self.begin_generation(turn);
        } else {
            // only static members are left, and none has come: until one comes or their sessions end
            self.wait_for_all(turn);
        }
    }

    /// Makes sure that the leader is one who joined; false when nobody did.
    fn elect_present_leader(&mut self) -> bool {
        let present = |id: &Str| self.members.get(id).is_some_and(|member| member.awaiting_join.is_some());
        if !self.leader.as_ref().is_some_and(present) {
            let joined = self.members.values().find(|member| member.awaiting_join.is_some());
            match joined.map(|member| member.id.clone()) {
                Some(id) => self.leader = Some(id),
                None => return false,
            }
        }
        true
    }

    fn become_empty(&mut self, turn: &mut Turn<'_>) {
        self.next_generation();
        self.enter(State::Empty, turn.now);
        self.stored = true;
        let records = self.membership_records(None);
        turn.append(&self.id, records, Purpose::Empty, None);
    }

    fn begin_generation(&mut self, turn: &mut Turn<'_>) {
        self.next_generation();
        self.enter(State::CompletingRebalance, turn.now);
        let ids: Vec<Str> = self.members.keys().cloned().collect();
        for id in ids {
            let response = self.join_response(&id);
            let Some(member) = self.members.get_mut(&id) else { continue };
            member.new = false;
            answer_join(turn, member.awaiting_join.take(), response);
            self.heard_of(turn.now, &id);
            self.pending_sync.insert(id);
        }
        let until = turn.now.mono.plus(self.rebalance_timeout());
        self.sync_deadline = Some(until);
        self.wake_by(until);
    }

    /// Counts on, and chooses the protocol. An empty group keeps its type, but has no protocol and no leader.
    fn next_generation(&mut self) {
        self.generation = if self.generation == i32::MAX { 1 } else { self.generation + 1 };
        self.protocol = self.select_protocol();
        self.subscribed = self.subscription();
        self.pending_sync.clear();
    }

    /// Nobody has an assignment any more; who waits for one gets the error.
    pub(super) fn withdraw_assignment(&mut self, turn: &mut Turn<'_>, error: ErrorCode) {
        let ids: Vec<Str> = self.members.keys().cloned().collect();
        for id in ids {
            let Some(member) = self.members.get_mut(&id) else { continue };
            member.assignment = Bytes::new();
            if let Some(waiter) = member.awaiting_sync.take() {
                answer_sync_error(turn, Some(waiter), error);
                self.heard_of(turn.now, &id);
            }
        }
    }
}
