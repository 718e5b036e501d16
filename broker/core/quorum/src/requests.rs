//! Requests under way, and where they and their answers go.

use crate::{
    After, Answer, CallId, Effect, Failure, Quorum, Rejected, ReplicaKey, Request, RequestId, Role,
    SnapshotId, Target,
};
use klamm_types::{LeaderEpoch, Now};

/// What a request under way was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Vote {
        voter: ReplicaKey,
        epoch: LeaderEpoch,
        pre_vote: bool,
    },
    Fetch {
        log: SnapshotId,
    },
    Piece {
        id: SnapshotId,
        position: u64,
    },
    UpdateVoter,
    /// Nobody minds what becomes of it.
    Notice,
}

impl Quorum {
    pub(crate) fn send(
        &mut self,
        to: Target,
        request: Request,
        sent: Sent,
        after: After,
        out: &mut Vec<Effect>,
    ) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.sent.insert(id, sent);
        out.push(Effect::Send { id, to, request, after });
        id
    }

    pub(crate) fn asked(&mut self, now: Now, call: CallId, request: Request, out: &mut Vec<Effect>) {
        match request {
            Request::Vote { epoch, candidate, voter, log, pre_vote } => {
                self.asked_for_vote(now, call, epoch, candidate, voter, log, pre_vote, out);
            }
            Request::BeginEpoch { epoch, leader, voter, endpoints } => {
                self.epoch_begun(now, call, epoch, leader, voter, endpoints, out);
            }
            Request::EndEpoch { epoch, leader, preferred } => {
                self.epoch_ended(now, call, epoch, leader, &preferred, out);
            }
            Request::Fetch { epoch, replica, log, max_wait, high_watermark } => {
                self.asked_for_log(
                    now,
                    crate::leading::Parked {
                        call,
                        epoch,
                        replica,
                        log,
                        until: now.mono.plus(max_wait),
                        high_watermark,
                    },
                    out,
                );
            }
            Request::FetchSnapshot { epoch, replica, snapshot, position } => {
                self.asked_for_piece(now, call, epoch, replica, snapshot, position, out);
            }
            Request::UpdateVoter { epoch, voter } => self.update_voter(now, call, epoch, voter, out),
            Request::AddVoter { voter, wait } => self.add_voter(now, call, voter, wait, out),
            Request::RemoveVoter { key } => self.remove_voter(now, call, key, out),
        }
    }

    pub(crate) fn answered(
        &mut self,
        now: Now,
        request: RequestId,
        answer: Result<Answer, Failure>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Rejected> {
        let Some(sent) = self.sent.remove(&request) else { return Ok(()) };
        if let Ok(answer) = &answer {
            self.hear(now, answer, out);
        }
        match sent {
            Sent::Vote { voter, epoch, pre_vote } => self.voted(now, voter, epoch, pre_vote, answer, out),
            Sent::Fetch { log } => self.fetched(now, request, log, answer, out)?,
            Sent::Piece { id, position } => self.piece_fetched(now, request, id, position, answer, out),
            Sent::UpdateVoter | Sent::Notice => {}
        }
        Ok(())
    }

    /// An answer may tell of a newer epoch, or of this one's leader.
    fn hear(&mut self, now: Now, answer: &Answer, out: &mut Vec<Effect>) {
        let leader = answer.leader.filter(|leader| *leader != self.me.id);
        if answer.epoch > self.state.epoch {
            match leader {
                Some(leader) => self.follow(now, answer.epoch, leader, answer.endpoints.clone(), out),
                None => self.unattach(now, answer.epoch, out),
            }
        } else if let (true, Some(leader)) = (answer.epoch == self.state.epoch, leader) {
            let news = match self.role {
                Role::Unattached => true,
                Role::Prospective(_) | Role::Candidate(_) => self.state.leader.is_none(),
                Role::Leader(_) | Role::Follower | Role::Resigned => false,
            };
            if news {
                self.follow(now, answer.epoch, leader, answer.endpoints.clone(), out);
            }
        }
    }
}
