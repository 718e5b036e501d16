//! The coordinator of the groups in one partition of `__consumer_offsets`.
//!
//! Owns the groups, the order of events and the deadlines. Knows nothing of logs and sockets: it is told what is
//! committed, and says what to append and whom to answer. Groups of the newer protocols (KIP-848, 932) will live beside
//! the classic ones in `groups`, in the same log.

use crate::{
    census::{Census, Phase, Tally},
    classic::{Group, Replaced, State},
    config::GroupConfig,
    event::{AppendId, Effect, Event, GroupView, LogRecord},
    failure::told,
    in_flight::{Append, InFlight, Purpose, Turn},
    records::{self, Change},
    request,
};
use klamm_protocol::ErrorCode;
use klamm_types::{Mono, Now, Str, mutant};
use std::collections::{BTreeMap, BTreeSet};

/// The coordinator: a pure machine. See [`Event`] and [`Effect`].
#[derive(Debug)]
pub struct GroupCoordinator {
    config: GroupConfig,
    phase: Phase,
    groups: BTreeMap<Str, Group>,
    in_flight: InFlight,
    /// When to look at which group; one entry for each group with a deadline.
    wakes: BTreeSet<(Mono, Str)>,
    /// When to look for offsets that are too old.
    next_expiry: Mono,
    /// Records that could not be read; they stay in the log.
    unreadable: u64,
    tally: Tally,
}

impl GroupCoordinator {
    /// A coordinator that is not one yet: [`Event::Load`] begins it.
    #[must_use]
    pub fn new(config: GroupConfig) -> Self {
        Self {
            config,
            phase: Phase::Elsewhere,
            groups: BTreeMap::new(),
            in_flight: InFlight::default(),
            wakes: BTreeSet::new(),
            next_expiry: Mono(u64::MAX),
            unreadable: 0,
            tally: Tally::default(),
        }
    }

    /// New settings; they count from the next event on.
    pub fn reconfigure(&mut self, config: GroupConfig) {
        self.config = config;
    }

    /// When [`Event::Tick`] is wanted next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let wake = self.wakes.first().map(|(wake, _)| *wake);
        let expiry = (self.phase == Phase::Active).then_some(self.next_expiry);
        [wake, expiry, self.in_flight.next_deadline()].into_iter().flatten().min()
    }

    /// How many records of the log could not be read.
    #[must_use]
    pub fn unreadable_records(&self) -> u64 {
        self.unreadable
    }

    /// The groups as they are known.
    #[must_use]
    pub fn view(&self) -> BTreeMap<Str, GroupView> {
        let view = |(id, group): (&Str, &Group)| (id.clone(), group.view(self.in_flight.concerns(id)));
        self.groups.iter().map(view).collect()
    }

    /// What there is now.
    #[must_use]
    pub fn census(&self) -> Census {
        let mut census = Census::new(self.phase);
        self.groups.values().for_each(|group| census.count(group.state, group.offsets.count()));
        census
    }

    /// What was done since this was last asked for.
    pub fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Takes an event.
    pub fn on_event(&mut self, now: Now, event: Event, out: &mut Vec<Effect>) {
        self.handle(now, event, out);
        while let Some(id) = self.in_flight.take_unwritable() {
            self.failed(now, id, ErrorCode::UnknownServerError, out);
        }
    }

    fn handle(&mut self, now: Now, event: Event, out: &mut Vec<Effect>) {
        match event {
            Event::Load => {
                self.forget_all(now, out);
                self.phase = Phase::Loading;
            }
            Event::Replay(records) => records.iter().for_each(|record| self.replay(now, record)),
            Event::Loaded => self.loaded(now, out),
            Event::Unload => self.forget_all(now, out),
            Event::Request { caller, context, request } => match self.phase {
                Phase::Elsewhere => {
                    request::refuse(caller, &context, &request, ErrorCode::NotCoordinator, out)
                }
                Phase::Loading if !mutant::active("serve groups while they are loaded") => {
                    request::refuse(caller, &context, &request, ErrorCode::CoordinatorLoadInProgress, out);
                }
                Phase::Active | Phase::Loading => self.serve(now, caller, &context, &request, out),
            },
            Event::Committed(id) => self.committed(now, id, out),
            Event::Failed(id, error) => self.failed(now, id, error, out),
            Event::TopicsDeleted(topics) if self.phase == Phase::Active => {
                self.for_all(now, out, |group, turn| group.forget_topics(turn, &topics));
            }
            Event::TopicsDeleted(_) => {}
            Event::Tick => self.tick(now, out),
        }
    }

    /// Runs `act` on a group, if it is there, and keeps the books about it.
    pub(crate) fn with<T>(
        &mut self,
        now: Now,
        out: &mut Vec<Effect>,
        id: &str,
        act: impl FnOnce(&mut Group, &mut Turn<'_>) -> T,
    ) -> Option<T> {
        let group = self.groups.get_mut(id)?;
        let before = group.wake;
        let mut turn = Turn { now, config: &self.config, in_flight: &mut self.in_flight, out };
        let result = act(group, &mut turn);
        let (after, id) = (group.wake, group.id.clone());
        if group.is_nothing() {
            self.remove(&id, before);
        } else {
            self.rewake(&id, before, after);
        }
        Some(result)
    }

    fn rewake(&mut self, id: &Str, before: Option<Mono>, after: Option<Mono>) {
        if before != after {
            before.map(|wake| self.wakes.remove(&(wake, id.clone())));
            after.map(|wake| self.wakes.insert((wake, id.clone())));
        }
    }

    fn remove(&mut self, id: &Str, wake: Option<Mono>) {
        self.rewake(id, wake, None);
        self.groups.remove(id);
    }

    pub(crate) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    pub(crate) fn create(&mut self, now: Now, id: &Str) {
        self.groups.entry(id.detached()).or_insert_with_key(|id| Group::new(id.clone(), now));
    }

    pub(crate) fn turn<'a>(&'a mut self, now: Now, out: &'a mut Vec<Effect>) -> Turn<'a> {
        Turn { now, config: &self.config, in_flight: &mut self.in_flight, out }
    }

    fn for_all(&mut self, now: Now, out: &mut Vec<Effect>, mut act: impl FnMut(&mut Group, &mut Turn<'_>)) {
        let ids: Vec<Str> = self.groups.keys().cloned().collect();
        for id in ids {
            self.with(now, out, &id, &mut act);
        }
    }

    fn replay(&mut self, now: Now, record: &LogRecord) {
        match records::read(record) {
            Ok(Change::Offset(id, change)) => {
                if change.offset.is_some() {
                    self.create(now, &id);
                }
                self.with(now, &mut Vec::new(), &id, |group, _| group.offsets.replay(change));
            }
            Ok(Change::Group(id, Some(value))) => {
                self.create(now, &id);
                self.with(now, &mut Vec::new(), &id, |group, _| group.replay(now, value));
            }
            // offsets that follow the tombstone are of a new, simple group; those before have tombstones of their own
            Ok(Change::Group(id, None)) => {
                self.with(now, &mut Vec::new(), &id, |group, _| group.replay_tombstone(now));
            }
            Ok(Change::Other) => {}
            Err(_) => self.unreadable += 1,
        }
    }

    fn loaded(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.phase == Phase::Loading {
            self.phase = Phase::Active;
            self.next_expiry = now.mono.plus(self.config.offsets_retention_check_interval);
            self.for_all(now, out, |group, turn| group.loaded(turn));
        }
    }

    fn forget_all(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.phase = Phase::Elsewhere;
        let appends: Vec<Append> = self.in_flight.drain().collect();
        let mut turn = Turn { now, config: &self.config, in_flight: &mut self.in_flight, out };
        for (caller, response) in appends.into_iter().filter_map(|append| append.answer) {
            turn.answer(caller, response.failed(ErrorCode::NotCoordinator));
        }
        for mut group in std::mem::take(&mut self.groups).into_values() {
            group.dismiss_all(&mut turn, ErrorCode::NotCoordinator);
        }
        self.wakes.clear();
    }

    fn committed(&mut self, now: Now, id: AppendId, out: &mut Vec<Effect>) {
        let Some(append) = self.in_flight.take(id) else { return };
        match append.purpose {
            Purpose::Assignment { generation, assignment } => {
                let stable = self.with(now, out, &append.group, |group, turn| {
                    group.stale = false;
                    group.assignment_committed(turn, generation, assignment)
                });
                self.tally.rebalances += u64::from(stable == Some(true));
            }
            Purpose::Replacement { old_id, new_id, .. } => {
                self.with(now, out, &append.group, |group, turn| {
                    group.stale = false;
                    group.replacement_committed(turn, &old_id, &new_id);
                });
            }
            Purpose::Offsets(changes) => {
                let commits = changes.iter().filter(|change| change.offset.is_some()).count();
                self.tally.commits += commits as u64;
                self.tally.removals += (changes.len() - commits) as u64;
                self.with(now, out, &append.group, |group, _| group.offsets.commit(changes));
            }
            Purpose::Deletion => {
                let group = self.groups.get(&append.group);
                self.tally.removals += group.map_or(0, |group| group.offsets.count());
                let wake = group.and_then(|group| group.wake);
                self.remove(&append.group, wake);
            }
            Purpose::Empty => {
                self.with(now, out, &append.group, |group, _| group.stale = false);
            }
        }
        if let Some((caller, response)) = append.answer {
            self.turn(now, out).answer(caller, response);
        }
    }

    fn failed(&mut self, now: Now, id: AppendId, error: ErrorCode, out: &mut Vec<Effect>) {
        let Some(append) = self.in_flight.take(id) else { return };
        let error = told(error);
        self.with(now, out, &append.group, |group, turn| match append.purpose {
            Purpose::Assignment { generation, .. } => {
                group.stale = true;
                group.assignment_failed(turn, generation, error);
            }
            Purpose::Replacement { instance, old_id, new_id, before } => {
                group.stale = true;
                let change = Replaced { instance: &instance, old: &old_id, new: &new_id, before: &before };
                group.replacement_failed(turn, change, error);
            }
            Purpose::Offsets(changes) => group.offsets.abandon(changes),
            Purpose::Deletion => group.enter(State::Empty, turn.now),
            // a reload would find the generation before, whose members will not be heard of: safe, and repaired
            // with the next look for offsets that are too old
            Purpose::Empty => group.stale = true,
        });
        if let Some((caller, response)) = append.answer {
            self.turn(now, out).answer(caller, response.failed(error));
        }
    }

    fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        while let Some(id) = self.in_flight.overdue(now.mono) {
            self.out_of_patience(now, id, out);
        }
        // each group once: what is due again at once is due at the next tick
        let due: Vec<Str> =
            self.wakes.iter().take_while(|(wake, _)| *wake <= now.mono).map(|(_, id)| id.clone()).collect();
        for id in due {
            self.with(now, out, &id, |group, turn| group.tick(turn));
        }
        if self.phase == Phase::Active && self.next_expiry <= now.mono {
            self.next_expiry = now.mono.plus(self.config.offsets_retention_check_interval);
            self.for_all(now, out, |group, turn| group.expire(turn));
        }
    }

    /// Tells a requester that it takes too long. What it wanted may still happen: what the log says counts.
    fn out_of_patience(&mut self, now: Now, id: AppendId, out: &mut Vec<Effect>) {
        let Some(append) = self.in_flight.get_mut(id) else { return };
        match append.purpose {
            // the members who wait must not wait for ever: this counts as a failure
            Purpose::Assignment { .. } | Purpose::Replacement { .. } => {
                self.failed(now, id, ErrorCode::RequestTimedOut, out);
            }
            Purpose::Offsets(_) | Purpose::Deletion | Purpose::Empty => {
                if let Some((caller, response)) = append.answer.take() {
                    let response = response.failed(told(ErrorCode::RequestTimedOut));
                    self.turn(now, out).answer(caller, response);
                }
            }
        }
    }
}
