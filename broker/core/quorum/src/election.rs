//! Who leads: pre-votes, votes, and the ends of patience (KIP-595, KIP-996).

use crate::{
    After, Answer, Body, CallId, Campaign, Effect, ElectionState, Endpoint, Failure, Quorum, ReplicaKey,
    Request, Role, SnapshotId, Target, requests::Sent,
};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, LeaderEpoch, Mono, Now, mutant};
use std::{cmp::Reverse, mem};

impl Quorum {
    /// What happens when the role's patience ends.
    pub(crate) fn patience(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.patience_ends().is_none_or(|end| now.mono < end) {
            return;
        }
        match &self.role {
            Role::Unattached => self.stand(now, out),
            Role::Follower if self.is_voter() => self.stand(now, out),
            // an observer looks for another leader; it may be a voter without knowing, so it does not forget this one
            Role::Follower | Role::Resigned => self.rest(now),
            Role::Prospective(_) => match self.known_leader() {
                Some(leader) => {
                    // perhaps only this node lost it: it is asked at once, and has as long to answer as voters had
                    let (epoch, endpoints) = (self.state.epoch, self.leader_endpoints.clone());
                    self.follow(now, epoch, leader, endpoints, out);
                    self.timer = now.mono.plus(self.timeouts.election.min(self.timeouts.fetch));
                }
                None => self.stand(now, out),
            },
            Role::Candidate(_) => self.stand(now, out),
            Role::Leader(_) => {}
        }
    }

    /// When it does.
    pub(crate) fn patience_ends(&self) -> Option<Mono> {
        let patient = match self.role {
            Role::Leader(_) => true,
            Role::Unattached => !self.is_voter() || self.is_installing(),
            Role::Prospective(_) | Role::Candidate(_) | Role::Follower | Role::Resigned => {
                self.is_installing()
            }
        };
        let alone = self.role == Role::Unattached && self.voters().is_only(self.me);
        (!patient).then_some(if alone { Mono(0) } else { self.timer })
    }

    /// Would it win? Asks for pre-votes in the epoch that is.
    fn stand(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.role = Role::Prospective(Campaign { granted: [self.me].into(), ..Campaign::default() });
        self.timer = now.mono.plus(self.jittered(self.timeouts.election));
        self.canvass(now, true, out);
    }

    /// A new epoch, and this node's own vote in it.
    fn campaign(&mut self, now: Now, out: &mut Vec<Effect>) {
        let epoch = LeaderEpoch(self.state.epoch.0 + 1);
        self.set_state(ElectionState { epoch, leader: None, voted: Some(self.me) }, out);
        self.role = Role::Candidate(Campaign { granted: [self.me].into(), ..Campaign::default() });
        self.timer = now.mono.plus(self.jittered(self.timeouts.election));
        self.canvass(now, false, out);
    }

    fn canvass(&mut self, now: Now, pre_vote: bool, out: &mut Vec<Effect>) {
        if self.count(now, out) {
            return;
        }
        let others: Vec<_> =
            self.voters().iter().map(|voter| voter.key).filter(|key| *key != self.me).collect();
        for voter in others {
            self.ask_for_vote(voter, pre_vote, out);
        }
    }

    fn ask_for_vote(&mut self, voter: ReplicaKey, pre_vote: bool, out: &mut Vec<Effect>) {
        let (epoch, log) = (self.state.epoch, self.log_end());
        let request = Request::Vote { epoch, candidate: self.me, voter, log, pre_vote };
        let after = After::StateAndLog(epoch, log.end);
        self.send(Target::Node(voter.id), request, Sent::Vote { voter, epoch, pre_vote }, after, out);
    }

    /// Goes on when a majority has said yes; waits when it has said no.
    fn count(&mut self, now: Now, out: &mut Vec<Effect>) -> bool {
        let voters = self.voters();
        let Some(campaign) = campaign_of(&self.role) else { return false };
        let granted = campaign.granted.iter().filter(|key| voters.contains(**key)).count();
        let said_no = campaign.rejected.union(&campaign.dead);
        let rejected =
            said_no.filter(|key| voters.contains(**key) && !campaign.granted.contains(key)).count();
        if granted >= voters.majority() {
            match mem::replace(&mut self.role, Role::Unattached) {
                Role::Candidate(campaign) => self.lead(now, campaign.granted, out),
                _ => self.campaign(now, out),
            }
            return true;
        }
        if !campaign.lost && voters.len() - rejected < voters.majority() {
            let backoff = self.random_up_to(self.timeouts.backoff_max);
            self.timer = self.timer.min(now.mono.plus(self.timeouts.retry + backoff));
            if let Some(campaign) = campaign_of_mut(&mut self.role) {
                campaign.lost = true;
            }
        }
        false
    }

    /// A voter has answered, or not.
    pub(crate) fn voted(
        &mut self,
        now: Now,
        voter: ReplicaKey,
        epoch: LeaderEpoch,
        pre_vote: bool,
        answer: Result<Answer, Failure>,
        out: &mut Vec<Effect>,
    ) {
        let stands = match self.role {
            Role::Prospective(_) => pre_vote,
            Role::Candidate(_) => !pre_vote,
            _ => false,
        };
        let again = now.mono.plus(self.timeouts.retry);
        let Some(campaign) = campaign_of_mut(&mut self.role).filter(|_| stands && epoch == self.state.epoch)
        else {
            return;
        };
        match answer {
            Ok(Answer { error: ErrorCode::None, body: Body::Vote { granted: true }, .. }) => {
                campaign.granted.insert(voter);
            }
            Ok(_) => {
                campaign.rejected.insert(voter);
            }
            Err(failure) => {
                campaign.again.insert(voter, again);
                if failure == Failure::Refused {
                    campaign.dead.insert(voter);
                }
            }
        }
        self.count(now, out);
    }

    /// Asks those again who did not answer.
    pub(crate) fn canvass_again(&mut self, now: Now, out: &mut Vec<Effect>) {
        let pre_vote = matches!(self.role, Role::Prospective(_));
        let Some(campaign) = campaign_of_mut(&mut self.role) else { return };
        let due: Vec<_> =
            campaign.again.iter().filter(|(_, at)| **at <= now.mono).map(|(key, _)| *key).collect();
        for voter in due {
            if let Some(campaign) = campaign_of_mut(&mut self.role) {
                campaign.again.remove(&voter);
            }
            self.ask_for_vote(voter, pre_vote, out);
        }
    }

    pub(crate) fn canvass_due(&self) -> Option<Mono> {
        campaign_of(&self.role)?.again.values().min().copied()
    }

    #[expect(clippy::too_many_arguments, reason = "they are the request's fields")]
    pub(crate) fn asked_for_vote(
        &mut self,
        now: Now,
        call: CallId,
        epoch: LeaderEpoch,
        candidate: ReplicaKey,
        voter: ReplicaKey,
        log: SnapshotId,
        pre_vote: bool,
        out: &mut Vec<Effect>,
    ) {
        let mut error = ErrorCode::None;
        let mut granted = false;
        if voter != self.me {
            error = ErrorCode::InvalidVoterKey;
        } else if epoch < self.state.epoch {
            error = ErrorCode::FencedLeaderEpoch;
        } else {
            if epoch > self.state.epoch {
                self.unattach(now, epoch, out);
            }
            granted = self.would_grant(candidate, log, pre_vote);
            if granted && !pre_vote {
                self.grant(now, candidate, out);
            }
        }
        let answer = self.answer(error, Body::Vote { granted });
        out.push(Effect::Answer { call, answer, after: After::State(self.state.epoch) });
    }

    /// Whether `candidate`, whose log ends at `log`, gets this node's vote in the epoch that is.
    fn would_grant(&self, candidate: ReplicaKey, log: SnapshotId, pre_vote: bool) -> bool {
        let up_to_date = (log.epoch, log.end) >= (self.log.last_epoch(), self.log.end())
            || mutant::active("vote for a shorter log");
        let free = self.state.leader.is_none() && self.state.voted.is_none_or(|voted| voted == candidate);
        up_to_date
            && match &self.role {
                Role::Unattached | Role::Prospective(_) | Role::Resigned => pre_vote || free,
                // who stands has voted for itself
                Role::Candidate(_) => pre_vote,
                Role::Leader(_) => false,
                // a leader that is heard is not voted out of office by who does not hear it
                Role::Follower => pre_vote && !self.fetcher.heard,
            }
    }

    fn grant(&mut self, now: Now, candidate: ReplicaKey, out: &mut Vec<Effect>) {
        let state = ElectionState { voted: Some(candidate), ..self.state };
        if mutant::active("forget the vote") {
            self.state = state;
        } else {
            self.set_state(state, out);
        }
        self.rest(now);
    }

    /// No leader is known in `epoch`.
    pub(crate) fn unattach(&mut self, now: Now, epoch: LeaderEpoch, out: &mut Vec<Effect>) {
        self.yield_leadership(out);
        self.set_state(ElectionState { epoch, leader: None, voted: None }, out);
        self.rest(now);
    }

    /// Waits for a leader.
    pub(crate) fn rest(&mut self, now: Now) {
        self.role = Role::Unattached;
        self.leader_endpoints.clear();
        self.timer = now.mono.plus(self.jittered(self.timeouts.election));
        self.fetcher.forget_leader(now.mono);
    }

    pub(crate) fn follow(
        &mut self,
        now: Now,
        epoch: LeaderEpoch,
        leader: BrokerId,
        endpoints: Vec<Endpoint>,
        out: &mut Vec<Effect>,
    ) {
        self.yield_leadership(out);
        let voted = self.state.voted.filter(|_| epoch == self.state.epoch);
        self.set_state(ElectionState { epoch, leader: Some(leader), voted }, out);
        self.role = Role::Follower;
        self.leader_endpoints = endpoints;
        self.timer = now.mono.plus(self.timeouts.fetch);
        self.fetcher = self.fetcher.of_new_leader(now.mono);
    }

    #[expect(clippy::too_many_arguments, reason = "they are the request's fields")]
    pub(crate) fn epoch_begun(
        &mut self,
        now: Now,
        call: CallId,
        epoch: LeaderEpoch,
        leader: BrokerId,
        voter: ReplicaKey,
        endpoints: Vec<Endpoint>,
        out: &mut Vec<Effect>,
    ) {
        let mut error = ErrorCode::None;
        if epoch < self.state.epoch {
            error = ErrorCode::FencedLeaderEpoch;
        } else if voter != self.me {
            error = ErrorCode::InvalidVoterKey;
        } else if leader == self.me.id {
            error = ErrorCode::InvalidRequest;
        } else if epoch > self.state.epoch || self.role != Role::Follower {
            match self.state.leader.filter(|known| epoch == self.state.epoch && *known != leader) {
                Some(_) => error = ErrorCode::InvalidRequest,
                None => self.follow(now, epoch, leader, endpoints, out),
            }
        }
        let answer = self.answer(error, Body::Empty);
        out.push(Effect::Answer { call, answer, after: After::State(self.state.epoch) });
    }

    /// The leader has resigned: its best successor stands at once, the others after it.
    pub(crate) fn epoch_ended(
        &mut self,
        now: Now,
        call: CallId,
        epoch: LeaderEpoch,
        leader: BrokerId,
        preferred: &[ReplicaKey],
        out: &mut Vec<Effect>,
    ) {
        let mut error = ErrorCode::None;
        if epoch < self.state.epoch {
            error = ErrorCode::FencedLeaderEpoch;
        } else if leader == self.me.id {
            error = ErrorCode::InvalidRequest;
        } else {
            if epoch > self.state.epoch || self.known_leader().is_none() {
                self.follow(now, epoch, leader, Vec::new(), out);
            }
            if self.role == Role::Follower && self.state.leader == Some(leader) {
                let place = preferred.iter().position(|key| *key == self.me);
                let wait = match place.and_then(|place| u32::try_from(place).ok()) {
                    Some(place) => self.timeouts.backoff_max / 4 * place,
                    None => self.jittered(self.timeouts.election),
                };
                self.fetcher.heard = false; // from here on others get pre-votes
                self.fetcher.resigned = true;
                self.timer = now.mono.plus(wait);
            }
        }
        let answer = self.answer(error, Body::Empty);
        out.push(Effect::Answer { call, answer, after: After::State(self.state.epoch) });
    }

    /// Hands over, where there is somebody to hand over to.
    pub(crate) fn resign(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Role::Leader(leader) = &self.role else { return };
        if self.voters().is_only(self.me) {
            return;
        }
        let mut successors: Vec<_> = leader.voters.iter().filter(|(key, _)| **key != self.me).collect();
        successors.sort_by_key(|(_, progress)| Reverse(progress.end));
        let preferred: Vec<_> = successors.into_iter().map(|(key, _)| *key).collect();
        let epoch = self.state.epoch;
        self.yield_leadership(out);
        self.rest(now);
        self.role = Role::Resigned;
        for voter in &preferred {
            let request = Request::EndEpoch { epoch, leader: self.me.id, preferred: preferred.clone() };
            self.send(Target::Node(voter.id), request, Sent::Notice, After::Nothing, out);
        }
    }

    fn log_end(&self) -> SnapshotId {
        SnapshotId { end: self.log.end(), epoch: self.log.last_epoch() }
    }
}

fn campaign_of(role: &Role) -> Option<&Campaign> {
    match role {
        Role::Prospective(campaign) | Role::Candidate(campaign) => Some(campaign),
        _ => None,
    }
}

fn campaign_of_mut(role: &mut Role) -> Option<&mut Campaign> {
    match role {
        Role::Prospective(campaign) | Role::Candidate(campaign) => Some(campaign),
        _ => None,
    }
}
