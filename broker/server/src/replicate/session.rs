//! One follower's fetch session with one leader (KIP-227): what the leader was told stays true until it is told otherwise.
//!
//! Pure. Owns which positions are asked for, and which of them the leader knows already.

use crate::shard::FetchPosition;
use klamm_protocol::{
    ErrorCode, FetchRequest, FetchResponse,
    fetch_request::{FetchPartition, FetchTopic, ForgottenTopic},
};
use klamm_replication::Throttled;
use klamm_types::{PartitionIndex, TopicId, TopicIdPartition};
use std::collections::{BTreeMap, BTreeSet};

/// The epoch of a request that begins a session.
const INITIAL_EPOCH: i32 = 0;

/// What is wanted of one leader.
#[derive(Debug, Default)]
pub(super) struct Session {
    id: i32,
    epoch: i32,
    wanted: BTreeMap<TopicIdPartition, FetchPosition>,
    /// What the leader has in its session.
    known: BTreeSet<TopicIdPartition>,
    /// What differs from that.
    news: BTreeSet<TopicIdPartition>,
}

impl Session {
    /// Fetch there from now on, or not at all. Says whether that is another place than before.
    pub(super) fn want(&mut self, id: TopicIdPartition, position: Option<FetchPosition>) -> bool {
        let before = match position {
            Some(position) => self.wanted.insert(id, position),
            None => self.wanted.remove(&id),
        };
        let place = |at: &FetchPosition| (at.epoch, at.offset, at.last_epoch);
        let moved = before.as_ref().map(place) != position.as_ref().map(place);
        if moved || before != position {
            self.news.insert(id);
        }
        moved
    }

    /// Where a partition is fetched.
    pub(super) fn wanted(&self, id: TopicIdPartition) -> Option<FetchPosition> {
        self.wanted.get(&id).copied()
    }

    /// Those who wait while the throttle is exceeded.
    pub(super) fn throttled(&self) -> Vec<TopicIdPartition> {
        let waits = self.wanted.iter().filter(|(_, at)| at.throttled == Throttled::Waits);
        waits.map(|(id, _)| *id).collect()
    }

    /// Whether nothing is fetched.
    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Begins anew with the next request: the answer to the last one will not be read, or said that the session is gone. The id
    /// stays, so that the leader can let go of the old session.
    pub(super) fn restart(&mut self) {
        self.epoch = INITIAL_EPOCH;
        self.known.clear();
    }

    /// Adds to `request` what the leader must hear: everything at the beginning, then what has changed.
    pub(super) fn fill(&mut self, request: &mut FetchRequest, partition_bytes_max: i32) {
        (request.session_id, request.session_epoch) = (self.id, self.epoch);
        let news = std::mem::take(&mut self.news);
        let ids: Vec<TopicIdPartition> = match self.epoch {
            INITIAL_EPOCH => self.wanted.keys().copied().collect(),
            _ => news.into_iter().collect(),
        };
        for id in ids {
            let Some(at) = self.wanted.get(&id) else {
                if self.known.remove(&id) {
                    forgotten(request, id.topic).partitions.push(id.partition.0);
                }
                continue;
            };
            self.known.insert(id);
            topic(request, id.topic).partitions.push(FetchPartition {
                partition: id.partition.0,
                current_leader_epoch: at.epoch.0,
                fetch_offset: at.offset.0,
                last_fetched_epoch: at.last_epoch.0,
                log_start_offset: at.log_start.0,
                partition_max_bytes: partition_bytes_max,
                ..Default::default()
            });
        }
    }

    /// Learns from the answer how to go on.
    ///
    /// # Errors
    /// The answer's own; the session then begins anew.
    pub(super) fn answered(&mut self, response: &FetchResponse) -> Result<(), ErrorCode> {
        match ErrorCode::from_code(response.error_code).unwrap_or(ErrorCode::UnknownServerError) {
            ErrorCode::None => {}
            error => {
                self.restart();
                return Err(error);
            }
        }
        if self.epoch != INITIAL_EPOCH {
            self.epoch = if self.epoch == i32::MAX { 1 } else { self.epoch + 1 };
        } else if response.session_id != 0 {
            (self.id, self.epoch) = (response.session_id, 1);
        } else {
            self.restart(); // the leader has no room for sessions: each request says everything
        }
        Ok(())
    }
}

fn topic(request: &mut FetchRequest, id: TopicId) -> &mut FetchTopic {
    if request.topics.last().is_none_or(|last| last.topic_id != id.0) {
        request.topics.push(FetchTopic { topic_id: id.0, ..Default::default() });
    }
    request.topics.last_mut().expect("it was just put there")
}

fn forgotten(request: &mut FetchRequest, id: TopicId) -> &mut ForgottenTopic {
    let all = &mut request.forgotten_topics_data;
    if all.last().is_none_or(|last| last.topic_id != id.0) {
        all.push(ForgottenTopic { topic_id: id.0, ..Default::default() });
    }
    all.last_mut().expect("it was just put there")
}

/// A partition as an answer names it.
pub(super) fn named(topic: klamm_types::Uuid, partition: i32) -> TopicIdPartition {
    TopicIdPartition { topic: TopicId(topic), partition: PartitionIndex(partition) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_types::{BrokerId, LeaderEpoch, Offset, Uuid};

    fn at(offset: i64) -> Option<FetchPosition> {
        Some(FetchPosition {
            leader: BrokerId(1),
            epoch: LeaderEpoch(0),
            offset: Offset(offset),
            last_epoch: LeaderEpoch(0),
            log_start: Offset(0),
            high_watermark: Offset(0),
            throttled: Throttled::No,
        })
    }

    fn id(topic: u8, partition: i32) -> TopicIdPartition {
        named(Uuid([topic; 16]), partition)
    }

    /// The request's session, what it asks for as (topic, partition, offset), and what it lets go.
    type Said = ((i32, i32), Vec<(u8, i32, i64)>, Vec<(u8, i32)>);

    fn said(session: &mut Session) -> Said {
        let mut request = FetchRequest::default();
        session.fill(&mut request, 1);
        let asks = request.topics.iter().flat_map(|topic| {
            topic.partitions.iter().map(move |one| (topic.topic_id.0[0], one.partition, one.fetch_offset))
        });
        let forgets = request.forgotten_topics_data.iter();
        let forgets =
            forgets.flat_map(|topic| topic.partitions.iter().map(move |one| (topic.topic_id.0[0], *one)));
        ((request.session_id, request.session_epoch), asks.collect(), forgets.collect())
    }

    fn answer(session_id: i32, error: ErrorCode) -> FetchResponse {
        FetchResponse { session_id, error_code: error.code(), ..Default::default() }
    }

    #[test]
    fn after_the_first_request_only_news_are_said() {
        let mut session = Session::default();
        assert!(session.want(id(1, 0), at(5)));
        assert!(session.want(id(1, 1), at(6)));
        assert!(session.want(id(2, 0), at(7)));
        assert!(!session.want(id(2, 0), at(7)), "it is there already");
        assert_eq!(said(&mut session), ((0, 0), vec![(1, 0, 5), (1, 1, 6), (2, 0, 7)], vec![]));
        assert_eq!(session.answered(&answer(9, ErrorCode::None)), Ok(()));
        session.want(id(1, 1), at(8));
        session.want(id(2, 0), None);
        session.want(id(3, 0), at(1));
        session.want(id(3, 0), None);
        assert_eq!(said(&mut session), ((9, 1), vec![(1, 1, 8)], vec![(2, 0)]), "3-0 it never knew");
        assert_eq!(session.answered(&answer(9, ErrorCode::None)), Ok(()));
        assert_eq!(said(&mut session), ((9, 2), vec![], vec![]));
        assert_eq!(session.wanted(id(1, 1)), at(8));
    }

    #[test]
    fn names_those_who_wait_for_the_throttle() {
        let mut session = Session::default();
        let at = |throttled| at(5).map(|at| FetchPosition { throttled, ..at });
        session.want(id(1, 0), at(Throttled::No));
        session.want(id(1, 1), at(Throttled::Counts));
        session.want(id(1, 2), at(Throttled::Waits));
        assert_eq!(session.throttled(), [id(1, 2)]);
        session.want(id(1, 2), None);
        assert_eq!(session.throttled(), []);
    }

    #[test]
    fn a_lost_session_begins_anew_with_everything_and_gives_the_old_one_back() {
        let mut session = Session::default();
        session.want(id(1, 0), at(5));
        said(&mut session);
        session.answered(&answer(9, ErrorCode::None)).expect("no error");
        said(&mut session);
        let lost = session.answered(&answer(0, ErrorCode::FetchSessionIdNotFound));
        assert_eq!(lost, Err(ErrorCode::FetchSessionIdNotFound));
        assert_eq!(said(&mut session), ((9, 0), vec![(1, 0, 5)], vec![]));
    }

    #[test]
    fn a_leader_without_room_for_sessions_is_told_everything_each_time() {
        let mut session = Session::default();
        session.want(id(1, 0), at(5));
        for _ in 0..2 {
            assert_eq!(said(&mut session), ((0, 0), vec![(1, 0, 5)], vec![]));
            session.answered(&answer(0, ErrorCode::None)).expect("no error");
        }
    }
}
