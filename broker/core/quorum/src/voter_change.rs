//! Voters come and go, one at a time (KIP-853). The newest voters in the log count, committed or not; so the next change waits
//! until this one is committed.

use crate::{
    Body, CallId, ControlRecord, Effect, Payload, Quorum, ReplicaKey, Role, Voter, Voters, leader::Change,
};
use klamm_protocol::ErrorCode;
use klamm_types::{LeaderEpoch, Now, mutant};
use std::time::Duration;

/// An observer that is to vote has had the whole log within this time.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(30);

impl Quorum {
    /// Whether a change may be made now.
    pub(crate) fn may_change_voters(&self) -> Result<(), (ErrorCode, Option<String>)> {
        let Role::Leader(leader) = &self.role else { return Err((ErrorCode::NotLeaderOrFollower, None)) };
        if leader.high_watermark.is_none() {
            let text = "the leader has just been elected and does not know yet what is committed: try again";
            return Err((ErrorCode::RequestTimedOut, Some(text.to_owned())));
        }
        if leader.change.is_some() && !mutant::active("two changes of the voters at once") {
            let text = "another change of the voters is not committed yet: try again";
            return Err((ErrorCode::RequestTimedOut, Some(text.to_owned())));
        }
        Ok(())
    }

    pub(crate) fn change_voters(&mut self, voters: Voters, call: Option<CallId>, out: &mut Vec<Effect>) {
        let offset = self.log.end();
        if let Role::Leader(leader) = &mut self.role {
            leader.set_voters(&voters);
            leader.change = Some(Change { offset, call });
        }
        self.append(Payload::Control(vec![ControlRecord::Voters(voters)]), out);
    }

    pub(crate) fn add_voter(
        &mut self,
        now: Now,
        call: CallId,
        voter: Voter,
        wait: bool,
        out: &mut Vec<Effect>,
    ) {
        if let Err((error, message)) = self.may_add(now, &voter) {
            self.refuse(call, error, message, out);
            return;
        }
        let voters = self.voters().with(voter);
        self.change_voters(voters, wait.then_some(call), out);
        if !wait {
            self.refuse(call, ErrorCode::None, None, out);
        }
    }

    fn may_add(&self, now: Now, voter: &Voter) -> Result<(), (ErrorCode, Option<String>)> {
        self.may_change_voters()?;
        let (key, error) = (voter.key, |code, text: String| Err((code, Some(text))));
        if let Some(other) = self.voters().get(key.id) {
            let text = match other.key == key {
                true => format!("node {} is a voter already", key.id),
                false => format!(
                    "node {} is a voter with another directory, {}: remove that voter first",
                    key.id, other.key.directory
                ),
            };
            return error(ErrorCode::DuplicateVoter, text);
        }
        if !(voter.kraft_versions.0..=voter.kraft_versions.1).contains(&1) {
            let (min, max) = voter.kraft_versions;
            let text = format!("node {} speaks kraft.version {min} to {max}, and the quorum has 1", key.id);
            return error(ErrorCode::InvalidRequest, text);
        }
        if voter.endpoints.is_empty() {
            return error(ErrorCode::InvalidRequest, format!("node {} is given without an address", key.id));
        }
        let Role::Leader(leader) = &self.role else { return Err((ErrorCode::NotLeaderOrFollower, None)) };
        let caught_up = leader.observers.get(&key).and_then(|progress| progress.last_caught_up);
        if caught_up.is_none_or(|at| now.mono.since(at) > CAUGHT_UP_WITHIN) {
            let text = format!(
                "node {} with directory {} has not caught up with the metadata log: try again",
                key.id, key.directory
            );
            return error(ErrorCode::RequestTimedOut, text);
        }
        Ok(())
    }

    pub(crate) fn remove_voter(&mut self, now: Now, call: CallId, key: ReplicaKey, out: &mut Vec<Effect>) {
        let allowed = self.may_change_voters().and_then(|()| {
            let text = |text: String| Some(text);
            if !self.voters().contains(key) {
                let what = format!("node {} with directory {} is not a voter", key.id, key.directory);
                return Err((ErrorCode::VoterNotFound, text(what)));
            }
            if self.voters().len() == 1 {
                let what = format!("node {} is the only voter: without it there is no quorum", key.id);
                return Err((ErrorCode::InvalidRequest, text(what)));
            }
            Ok(())
        });
        match allowed {
            Err((error, message)) => self.refuse(call, error, message, out),
            Ok(()) => {
                let voters = self.voters().without(key);
                self.change_voters(voters, Some(call), out);
                self.count_ends(now, out);
            }
        }
    }

    /// A voter has moved, or speaks other versions.
    pub(crate) fn update_voter(
        &mut self,
        now: Now,
        call: CallId,
        epoch: LeaderEpoch,
        voter: Voter,
        out: &mut Vec<Effect>,
    ) {
        let allowed =
            self.leads(epoch).map_err(|error| (error, None)).and_then(|()| self.may_change_voters());
        let allowed =
            allowed.and_then(|()| match self.voters().contains(voter.key) && !voter.endpoints.is_empty() {
                true => Ok(()),
                false => Err((ErrorCode::VoterNotFound, None)),
            });
        if let Err((error, message)) = allowed {
            self.refuse(call, error, message, out);
            return;
        }
        if self.voters().get(voter.key.id) == Some(&voter) {
            let answer = self.answer(ErrorCode::None, Body::Empty);
            out.push(Effect::Answer { call, answer, after: crate::After::Nothing });
            return;
        }
        let voters = self.voters().with(voter);
        self.change_voters(voters, Some(call), out);
        self.count_ends(now, out);
    }
}
