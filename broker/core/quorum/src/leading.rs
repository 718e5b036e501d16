//! A leader at work: it appends, serves the log, counts who has it, and gives up when a majority does not ask for it.

use crate::{
    After, Body, CallId, ControlRecord, Effect, Leader, Payload, Quorum, Rejected, ReplicaKey, Request, Role,
    SnapshotId, Target, Voter, leader::Change, requests::Sent,
};
use klamm_protocol::ErrorCode;
use klamm_types::{Bytes, LeaderEpoch, Mono, Now, Offset, mutant};
use std::{collections::BTreeSet, mem};

/// A fetch that waits for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parked {
    pub call: CallId,
    pub epoch: LeaderEpoch,
    pub replica: ReplicaKey,
    pub log: SnapshotId,
    pub until: Mono,
    pub high_watermark: Option<Offset>,
}

impl Quorum {
    pub(crate) fn lead(&mut self, now: Now, granted: BTreeSet<ReplicaKey>, out: &mut Vec<Effect>) {
        let epoch = self.state.epoch;
        // as in Kafka, the vote is not kept once this node is the leader
        self.set_state(crate::ElectionState { epoch, leader: Some(self.me.id), voted: None }, out);
        let voters = self.voters.latest().clone();
        let mut records = vec![ControlRecord::LeaderChange {
            leader: self.me.id,
            voters: voters.iter().map(|voter| voter.key.id).collect(),
            granted: granted.iter().map(|key| key.id).collect(),
        }];
        let first = !self.voters.in_log();
        if first {
            records.extend([ControlRecord::KRaftVersion(1), ControlRecord::Voters(voters.clone())]);
        }
        let mut leader = Leader::new(epoch, self.log.end(), granted, &voters, now.mono);
        // a change that an earlier leader began is still the one that is not committed
        let inherited = self.voters.last_change().filter(|offset| self.committed <= Some(*offset));
        leader.change = inherited.map(|offset| Change { offset, call: None });
        if first {
            leader.change = Some(Change { offset: self.log.end().plus(2), call: None });
        }
        self.role = Role::Leader(leader);
        self.append(Payload::Control(records), out);
    }

    /// Stops to lead: who waits is told to ask somebody else.
    pub(crate) fn yield_leadership(&mut self, out: &mut Vec<Effect>) {
        if !matches!(self.role, Role::Leader(_)) {
            return;
        }
        let Role::Leader(leader) = mem::replace(&mut self.role, Role::Unattached) else { return };
        out.push(Effect::Yield { epoch: leader.epoch });
        let waiting =
            leader.parked.iter().map(|one| one.call).chain(leader.change.and_then(|change| change.call));
        for call in waiting {
            self.refuse(call, ErrorCode::NotLeaderOrFollower, None, out);
        }
    }

    /// What is due for a leader: news for followers, a voice for those that do not know it, its own end.
    pub(crate) fn lead_on(&mut self, now: Now, out: &mut Vec<Effect>) {
        let check = self.timeouts.check_quorum();
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.heard_majority(self.me).is_some_and(|heard| now.mono.since(heard) >= check) {
            self.resign(now, out);
            return;
        }
        self.answer_parked(now, out);
        self.begin_epoch(now, out);
        self.own_endpoints(out);
    }

    /// Whether this node leads and a majority has asked for its log within the fetch time-out, after which they stand or vote for
    /// others. (One that misses an answer may do so as much earlier as it waited for it.) A leader whose disk stalls does not
    /// hear who has been elected: it takes nothing from its mailbox.
    #[must_use]
    pub fn is_followed(&self, now: Mono) -> bool {
        let Role::Leader(leader) = &self.role else { return false };
        leader.heard_majority(self.me).is_none_or(|heard| now.since(heard) < self.timeouts.fetch)
            || mutant::active("answer heartbeats when nobody follows")
    }

    pub(crate) fn leading_due(&self) -> Option<Mono> {
        let Role::Leader(leader) = &self.role else { return None };
        let check = leader.heard_majority(self.me).map(|heard| heard.plus(self.timeouts.check_quorum()));
        let parked = leader.parked.iter().map(|one| one.until).min();
        let begin = self.silent(leader).next().map(|_| leader.begin_at);
        [check, parked, begin].into_iter().flatten().min()
    }

    /// The voters that have not fetched for a while.
    fn silent<'a>(&'a self, leader: &'a Leader) -> impl Iterator<Item = ReplicaKey> + 'a {
        let (me, often) = (self.me, self.timeouts.begin_epoch());
        leader.voters.iter().filter_map(move |(key, progress)| {
            let silent = progress.last_fetch.is_none_or(|at| at.plus(often) <= leader.begin_at);
            (*key != me && silent).then_some(*key)
        })
    }

    fn begin_epoch(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Role::Leader(leader) = &self.role else { return };
        if now.mono < leader.begin_at {
            return;
        }
        let silent: Vec<_> = self.silent(leader).collect();
        for voter in silent {
            let (epoch, endpoints) = (self.state.epoch, self.endpoints.clone());
            let request = Request::BeginEpoch { epoch, leader: self.me.id, voter, endpoints };
            self.send(Target::Node(voter.id), request, Sent::Notice, After::State(epoch), out);
        }
        let next = now.mono.plus(self.timeouts.begin_epoch());
        if let Role::Leader(leader) = &mut self.role {
            leader.begin_at = next;
        }
    }

    /// A leader that has moved says so in the log, as soon as it may.
    fn own_endpoints(&mut self, out: &mut Vec<Effect>) {
        let moved = |voter: &&Voter| voter.key == self.me && voter.endpoints != self.endpoints;
        let Some(voter) = self.voters().get(self.me.id).filter(moved).cloned() else { return };
        if self.may_change_voters().is_ok() {
            let voters = self.voters().with(Voter { endpoints: self.endpoints.clone(), ..voter });
            self.change_voters(voters, None, out);
        }
    }

    pub(crate) fn propose(
        &mut self,
        now: Now,
        epoch: LeaderEpoch,
        records: Vec<Bytes>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Rejected> {
        let leads = matches!(&self.role, Role::Leader(leader) if leader.epoch == epoch);
        if !leads {
            return Err(Rejected::NotLeader { asked: epoch, current: self.state.epoch });
        }
        if records.is_empty() {
            return Err(Rejected::NoRecords);
        }
        self.since.bytes += records.iter().map(|record| record.len() as u64).sum::<u64>();
        self.append(Payload::Data(records), out);
        self.answer_parked(now, out);
        Ok(())
    }

    pub(crate) fn durable_up_to(
        &mut self,
        now: Now,
        durable: Offset,
        out: &mut Vec<Effect>,
    ) -> Result<(), Rejected> {
        if durable > self.log.end() {
            return Err(Rejected::DurableBeyondEnd { end: self.log.end(), durable });
        }
        self.durable = self.durable.max(durable);
        self.commit_what_is_told(out);
        let (me, end) = (self.me, self.log.end());
        if let Role::Leader(leader) = &mut self.role {
            if leader.voters.contains_key(&me) {
                leader.reached(me, durable, now.mono, end);
            }
            self.count_ends(now, out);
        }
        Ok(())
    }

    /// Commits what a majority of the voters has.
    pub(crate) fn count_ends(&mut self, now: Now, out: &mut Vec<Effect>) {
        let durable = self.durable;
        let Role::Leader(leader) = &mut self.role else { return };
        let (epoch, first) = (leader.epoch, leader.high_watermark.is_none());
        let Some(end) = leader.advance(durable) else { return };
        let done = leader.change.filter(|change| end > change.offset);
        if done.is_some() {
            leader.change = None;
        }
        self.commit(end, out);
        if first {
            out.push(Effect::Lead { epoch });
        }
        if let Some(call) = done.and_then(|change| change.call) {
            let answer = self.answer(ErrorCode::None, Body::Empty);
            out.push(Effect::Answer { call, answer, after: After::Nothing });
        }
        if done.is_some() && !self.voters().contains(self.me) {
            self.resign(now, out); // it was removed, and has seen to it that this is committed
        }
    }

    /// Whether a request of `epoch` is for this leader.
    pub(crate) fn leads(&self, epoch: LeaderEpoch) -> Result<(), ErrorCode> {
        if epoch < self.state.epoch {
            Err(ErrorCode::FencedLeaderEpoch)
        } else if epoch > self.state.epoch {
            Err(ErrorCode::UnknownLeaderEpoch)
        } else if matches!(self.role, Role::Leader(_)) {
            Ok(())
        } else {
            Err(ErrorCode::NotLeaderOrFollower)
        }
    }

    pub(crate) fn refuse(
        &self,
        call: CallId,
        error: ErrorCode,
        message: Option<String>,
        out: &mut Vec<Effect>,
    ) {
        let answer = crate::Answer { message, ..self.answer(error, Body::Empty) };
        out.push(Effect::Answer { call, answer, after: After::State(self.state.epoch) });
    }

    /// A fetch: answered at once where there is something to say, or parked.
    pub(crate) fn asked_for_log(&mut self, now: Now, fetch: Parked, out: &mut Vec<Effect>) {
        if let Err(error) = self.leads(fetch.epoch) {
            self.refuse(fetch.call, error, None, out);
            return;
        }
        let body = if self.reaches_back_to(fetch.log) {
            let theirs = self.log.end_of(fetch.log.epoch);
            let parts = theirs.epoch != fetch.log.epoch || theirs.end < fetch.log.end;
            (parts && fetch.log.end > Offset(0)).then_some(Body::Diverging(theirs))
        } else {
            Some(Body::Snapshot(self.since.last))
        };
        let end = self.log.end();
        let Role::Leader(leader) = &mut self.role else { return };
        if let Some(body) = body {
            leader.heard(fetch.replica, now.mono);
            let answer = self.answer(ErrorCode::None, body);
            out.push(Effect::Answer { call: fetch.call, answer, after: After::Nothing });
            return;
        }
        // one fetch a replica: an earlier one comes from a connection that is gone
        let earlier: Vec<_> =
            leader.parked.iter().filter(|one| one.replica == fetch.replica).map(|one| one.call).collect();
        leader.parked.retain(|one| one.replica != fetch.replica);
        if fetch.replica.id >= klamm_types::BrokerId(0) {
            leader.reached(fetch.replica, fetch.log.end, now.mono, end);
        }
        leader.parked.push(fetch);
        for call in earlier {
            self.refuse(call, ErrorCode::NotLeaderOrFollower, None, out);
        }
        self.count_ends(now, out);
        self.answer_parked(now, out);
    }

    fn reaches_back_to(&self, log: SnapshotId) -> bool {
        let begin = self.log.begin();
        log.end > begin.end || begin.end == Offset(0) || log == begin
    }

    /// Answers the fetches for which there is news, or whose time is over.
    fn answer_parked(&mut self, now: Now, out: &mut Vec<Effect>) {
        let (end, committed) = (self.log.end(), self.committed);
        let Role::Leader(leader) = &mut self.role else { return };
        let told = leader.high_watermark.and(committed);
        let news = |one: &Parked| {
            one.log.end < end
                || one.until <= now.mono
                || one.high_watermark.is_some_and(|known| Some(known) < told)
        };
        let (ready, parked): (Vec<_>, Vec<_>) = mem::take(&mut leader.parked).into_iter().partition(news);
        leader.parked = parked;
        for one in ready {
            let body = Body::Records { from: one.log.end, batches: Vec::new(), high_watermark: told };
            let answer = self.answer(ErrorCode::None, body);
            out.push(Effect::Answer { call: one.call, answer, after: After::State(self.state.epoch) });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the request's fields")]
    pub(crate) fn asked_for_piece(
        &mut self,
        now: Now,
        call: CallId,
        epoch: LeaderEpoch,
        replica: ReplicaKey,
        snapshot: SnapshotId,
        position: u64,
        out: &mut Vec<Effect>,
    ) {
        if let Err(error) = self.leads(epoch) {
            self.refuse(call, error, None, out);
            return;
        }
        let is_kept = self.log.begin() == snapshot || self.since.last == snapshot;
        if let Role::Leader(leader) = &mut self.role {
            leader.heard(replica, now.mono);
        }
        if !is_kept {
            self.refuse(call, ErrorCode::SnapshotNotFound, None, out);
            return;
        }
        let body = Body::Piece { position, size_bytes: 0, bytes: Bytes::new() };
        let answer = self.answer(ErrorCode::None, body);
        out.push(Effect::Answer { call, answer, after: After::Nothing });
    }
}
