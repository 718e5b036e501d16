//! A voter votes for at most one candidate in an epoch, also after it has died and come back (Raft §5.2). A voter is an id with a
//! directory: one whose volume is lost is another (KIP-853).

use super::{Rule, topics::Topics};
use crate::wire::{Answered, Asked, Said, Speech};
use klamm_types::Uuid;
use std::collections::BTreeMap;

type Replica = (i32, Uuid);

/// Votes by voter and epoch.
#[derive(Default)]
pub(super) struct OneVote(BTreeMap<(Replica, i32), Replica>);

impl OneVote {
    fn vote(&mut self, voter: Replica, epoch: i32, candidate: Replica) -> Result<(), String> {
        let voted = *self.0.entry((voter, epoch)).or_insert(candidate);
        if voted == candidate {
            return Ok(());
        }
        Err(format!("in epoch {epoch} {} voted for {} and for {}", voter.0, voted.0, candidate.0))
    }
}

impl Rule for OneVote {
    fn hear(&mut self, _: &Speech, said: &Said, _: &Topics) -> Result<(), String> {
        let (request, answer) = match said {
            Said::Asked(Asked::Vote(request)) => (request, None),
            Said::Answered(Answered::Vote(request, answer)) => (request, Some(answer)),
            _ => return Ok(()),
        };
        for asked in request.topics.iter().flat_map(|topic| &topic.partitions) {
            if asked.pre_vote {
                continue; // promises nothing (KIP-996)
            }
            let candidate = (asked.replica_id, asked.replica_directory_id);
            let Some(answer) = answer else {
                self.vote(candidate, asked.replica_epoch, candidate)?; // who asks for votes has voted for itself
                continue;
            };
            let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
            if answer.error_code == 0 && partitions.any(|told| told.error_code == 0 && told.vote_granted) {
                let voter = (request.voter_id, asked.voter_directory_id);
                self.vote(voter, asked.replica_epoch, candidate)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::check;
    use klamm_protocol::{VoteRequest, VoteResponse, vote_request, vote_response};

    fn request(voter: i32, epoch: i32, candidate: i32, pre_vote: bool) -> VoteRequest {
        let partition = vote_request::PartitionData {
            replica_epoch: epoch,
            replica_id: candidate,
            pre_vote,
            ..Default::default()
        };
        let topic = vote_request::TopicData { partitions: vec![partition], ..Default::default() };
        VoteRequest { voter_id: voter, topics: vec![topic], ..Default::default() }
    }

    fn granted(request: VoteRequest) -> Said {
        let partition = vote_response::PartitionData { vote_granted: true, ..Default::default() };
        let topic = vote_response::TopicData { partitions: vec![partition], ..Default::default() };
        let answer = VoteResponse { topics: vec![topic], ..Default::default() };
        Said::Answered(Answered::Vote(request, answer))
    }

    #[test]
    fn a_second_vote_is_found() {
        let mut rule = OneVote::default();
        check(&mut rule, granted(request(1, 5, 2, false)), Ok(()));
        check(&mut rule, granted(request(1, 5, 2, false)), Ok(()));
        check(&mut rule, granted(request(1, 6, 3, false)), Ok(()));
        check(&mut rule, granted(request(1, 5, 3, true)), Ok(()));
        check(&mut rule, granted(request(1, 5, 3, false)), Err("in epoch 5 1 voted for 2 and for 3"));
        let candidate = Said::Asked(Asked::Vote(request(2, 5, 1, false)));
        check(&mut rule, candidate, Err("in epoch 5 1 voted for 2 and for 1"));
    }
}
