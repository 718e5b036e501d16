//! What is known of a group, and the small steps that keep it consistent.

use super::member::{Member, Waiter};
use crate::{
    event::{Context, Response},
    in_flight::Turn,
    offsets::Offsets,
};
use klamm_protocol::{
    ErrorCode, join_group_response::JoinGroupResponse, sync_group_response::SyncGroupResponse,
};
use klamm_types::{Mono, Now, Str, Wall};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Kafka's states of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No members; perhaps offsets.
    Empty,
    /// Members join; those who are in are told to join again.
    PreparingRebalance,
    /// The generation is known, its leader's assignment is awaited.
    CompletingRebalance,
    /// Everyone can have its assignment.
    Stable,
    /// Its deletion is on the way to the log.
    Dead,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Empty => "Empty",
            State::PreparingRebalance => "PreparingRebalance",
            State::CompletingRebalance => "CompletingRebalance",
            State::Stable => "Stable",
            State::Dead => "Dead",
        }
    }
}

/// How long the members have to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinPhase {
    /// The first rebalance of an empty group: wait `delay` for others, again while more come, `remaining` in all.
    Initial { until: Mono, delay: Duration, remaining: Duration, grew: bool },
    /// Until every member has joined again, but no longer.
    Rejoin { until: Mono },
}

impl JoinPhase {
    pub(crate) fn until(self) -> Mono {
        match self {
            JoinPhase::Initial { until, .. } | JoinPhase::Rejoin { until } => until,
        }
    }
}

/// A client may name no time at all to rebalance in; time must go on even so.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// A group.
///
/// Invariants: `Empty` and `Dead` ⇔ no members; `join_phase` ⇔ `PreparingRebalance`; the leader is a member; the
/// values of `static_members` are members; `pending_sync` are members; only `PreparingRebalance` (and a replacement
/// on its way) has members awaiting join, only `CompletingRebalance` has members awaiting sync.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: Str,
    pub(crate) state: State,
    /// Since when it is in its state; unknown when it came from an old record.
    pub(crate) since: Option<Wall>,
    pub(crate) generation: i32,
    pub(crate) protocol_type: Option<Str>,
    pub(crate) protocol: Option<Str>,
    pub(crate) leader: Option<Str>,
    pub(crate) members: BTreeMap<Str, Member>,
    /// Member ids by instance id (KIP-345).
    pub(crate) static_members: BTreeMap<Str, Str>,
    /// Member ids that were given out and not yet used (KIP-394), and until when they are good.
    pub(crate) pending_join: BTreeMap<Str, Mono>,
    /// Members of this generation that have not sent SyncGroup.
    pub(crate) pending_sync: BTreeSet<Str>,
    pub(crate) join_phase: Option<JoinPhase>,
    /// Until when all members of this generation must have sent SyncGroup.
    pub(crate) sync_deadline: Option<Mono>,
    /// The topics that its members read, when it is a group of consumers and that can be told.
    pub(crate) subscribed: Option<BTreeSet<Str>>,
    pub(crate) offsets: Offsets,
    /// Whether the log has, or may have, a record of its membership.
    pub(crate) stored: bool,
    /// Whether the log's latest record of its membership failed to be written.
    pub(crate) stale: bool,
    /// When to look at the deadlines: never later than the earliest of them.
    pub(crate) wake: Option<Mono>,
}

impl Group {
    pub(crate) fn new(id: Str, now: Now) -> Self {
        Self {
            id,
            state: State::Empty,
            since: Some(now.wall),
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_join: BTreeMap::new(),
            pending_sync: BTreeSet::new(),
            join_phase: None,
            sync_deadline: None,
            subscribed: None,
            offsets: Offsets::default(),
            stored: false,
            stale: false,
            wake: None,
        }
    }

    /// Whether nothing would be lost if it were forgotten: nobody is in it, and the log knows nothing of it.
    pub(crate) fn is_nothing(&self) -> bool {
        self.state == State::Empty && !self.stored && self.pending_join.is_empty() && self.offsets.is_empty()
    }

    pub(crate) fn enter(&mut self, state: State, now: Now) {
        self.state = state;
        self.since = Some(now.wall);
        if state != State::PreparingRebalance {
            self.join_phase = None;
        }
    }

    pub(crate) fn is_leader(&self, member: &str) -> bool {
        self.leader.as_ref().is_some_and(|leader| *leader == *member)
    }

    pub(crate) fn has_all_joined(&self) -> bool {
        self.pending_join.is_empty() && self.members.values().all(|member| member.awaiting_join.is_some())
    }

    pub(crate) fn awaiting_join(&self) -> usize {
        self.members.values().filter(|member| member.awaiting_join.is_some()).count()
    }

    /// The longest of the members' rebalance timeouts.
    pub(crate) fn rebalance_timeout(&self) -> Duration {
        let longest = self.members.values().map(|member| member.rebalance_timeout).max();
        longest.unwrap_or_default().max(SHORTEST_WAIT)
    }

    /// Puts a member in. The first one is the leader and brings the protocol type.
    pub(crate) fn add(&mut self, member: Member, protocol_type: &str) {
        if self.members.is_empty() {
            self.protocol_type = Some(Str::from(protocol_type));
        }
        self.leader.get_or_insert_with(|| member.id.clone());
        if let Some(instance) = &member.instance {
            self.static_members.insert(instance.clone(), member.id.clone());
        }
        self.pending_join.remove(&member.id);
        self.members.insert(member.id.clone(), member);
    }

    /// Takes a member, or an id that was given out, off. Who waits is told to join anew.
    pub(crate) fn remove(&mut self, turn: &mut Turn<'_>, id: &str) {
        self.pending_join.remove(id);
        self.pending_sync.remove(id);
        let Some(mut member) = self.members.remove(id) else { return };
        answer_join_error(turn, member.awaiting_join.take(), Str::default(), ErrorCode::UnknownMemberId);
        answer_sync_error(turn, member.awaiting_sync.take(), ErrorCode::UnknownMemberId);
        if let Some(instance) = &member.instance {
            self.static_members.remove(instance);
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
    }

    /// Checks the sender of a request (KIP-345): a static member must be the latest holder of its instance id.
    pub(crate) fn check_member(&self, id: &str, instance: Option<&Str>) -> Result<(), ErrorCode> {
        if let Some(instance) = instance {
            match self.static_members.get(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(holder) if *holder != *id => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(id) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    /// Keeps a member for another session timeout.
    pub(crate) fn heard_of(&mut self, now: Now, id: &str) {
        if let Some(timeout) = self.members.get(id).map(|member| member.session_timeout) {
            self.expect_within(now, id, timeout);
        }
    }

    /// Gives a member up unless it is heard of within `timeout`.
    pub(crate) fn expect_within(&mut self, now: Now, id: &str, timeout: Duration) {
        if let Some(member) = self.members.get_mut(id) {
            let deadline = now.mono.plus(timeout);
            member.session_deadline = Some(deadline);
            self.wake_by(deadline);
        }
    }

    pub(crate) fn wake_by(&mut self, deadline: Mono) {
        self.wake = Some(self.wake.map_or(deadline, |wake| wake.min(deadline)));
    }

    /// The earliest of all deadlines.
    pub(crate) fn next_deadline(&self) -> Option<Mono> {
        let sessions = self.members.values().filter_map(|member| member.session_deadline);
        let phases = [self.join_phase.map(JoinPhase::until), self.sync_deadline];
        sessions.chain(self.pending_join.values().copied()).chain(phases.into_iter().flatten()).min()
    }

    /// Answers everyone who waits with the error.
    pub(crate) fn dismiss_all(&mut self, turn: &mut Turn<'_>, error: ErrorCode) {
        for member in self.members.values_mut() {
            answer_join_error(turn, member.awaiting_join.take(), member.id.clone(), error);
            answer_sync_error(turn, member.awaiting_sync.take(), error);
        }
    }
}

/// A member's id: its instance's or client's name and a random UUID as Java writes it.
pub(crate) fn member_id(context: &Context, instance: Option<&Str>, fresh: klamm_types::Uuid) -> Str {
    let bits = u128::from_be_bytes(fresh.0);
    let prefix = instance.unwrap_or(&context.client_id);
    let (a, b, c, d, e) =
        (bits >> 96, bits >> 80 & 0xffff, bits >> 64 & 0xffff, bits >> 48 & 0xffff, bits & 0xffff_ffff_ffff);
    Str::from(format!("{prefix}-{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}"))
}

/// Answers a JoinGroup that waits, if one does.
pub(crate) fn answer_join(turn: &mut Turn<'_>, waiter: Option<Waiter>, response: JoinGroupResponse) {
    if let Some(waiter) = waiter {
        turn.answer(waiter.caller, Response::Join(for_version(waiter.api_version, response)));
    }
}

/// The protocol's name may be missing since version 7 only.
pub(crate) fn for_version(api_version: i16, mut response: JoinGroupResponse) -> JoinGroupResponse {
    if api_version < 7 {
        response.protocol_name.get_or_insert_default();
    }
    response
}

/// Answers a JoinGroup that waits, if one does, with an error.
pub(crate) fn answer_join_error(
    turn: &mut Turn<'_>,
    waiter: Option<Waiter>,
    member_id: Str,
    error: ErrorCode,
) {
    answer_join(turn, waiter, join_error(member_id, error));
}

pub(crate) fn join_error(member_id: Str, error: ErrorCode) -> JoinGroupResponse {
    JoinGroupResponse { error_code: error.code(), member_id, generation_id: -1, ..Default::default() }
}

/// Answers a SyncGroup that waits, if one does, with an error.
pub(crate) fn answer_sync_error(turn: &mut Turn<'_>, waiter: Option<Waiter>, error: ErrorCode) {
    if let Some(waiter) = waiter {
        turn.answer(
            waiter.caller,
            Response::Sync(SyncGroupResponse { error_code: error.code(), ..Default::default() }),
        );
    }
}
