//! Fetch sessions (KIP-227): a client names its partitions once, then only what changes; the answer leaves out what is unchanged.

use klamm_protocol::ErrorCode;
use klamm_types::{LeaderEpoch, Mono, Offset, PartitionIndex, Str, TopicId};
use std::{collections::BTreeMap, time::Duration};

/// A session that was not used for so long may be evicted for a new one (`min.incremental.fetch.session.eviction.ms` of Kafka).
const EVICTABLE_AFTER: Duration = Duration::from_secs(120);

/// The epoch of a request that wants no session.
const FINAL_EPOCH: i32 = -1;

/// The epoch of a request that wants a new session.
const INITIAL_EPOCH: i32 = 0;

/// A partition as the client names it: by topic id from version 13 on, by name before; the other one is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The topic's id, or zero.
    pub id: TopicId,
    /// The topic's name, or empty.
    pub name: Str,
    /// The partition.
    pub partition: PartitionIndex,
}

/// What the client wants of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// From where on.
    pub offset: Offset,
    /// How much, in bytes.
    pub bytes_max: u32,
    /// The leader epoch that the client knows; NONE when it does not care.
    pub current_leader_epoch: LeaderEpoch,
    /// The epoch of the last record that a follower has; NONE for consumers.
    pub last_fetched_epoch: LeaderEpoch,
}

/// What the client was told of a partition the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The high watermark.
    pub high_watermark: Offset,
    /// The log's start.
    pub log_start: Offset,
}

#[derive(Clone, Debug)]
struct Slot {
    wanted: Wanted,
    told: Option<Told>,
    /// Partitions that gave records move behind those that did not, so that each gets its turn.
    turn: u64,
}

#[derive(Debug)]
struct Session {
    by_id: bool,
    next_epoch: i32,
    used: Mono,
    turns: u64,
    partitions: BTreeMap<Named, Slot>,
}

/// What a request asks for, once its session is found.
#[derive(Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The session to name in the answer; 0 for none.
    pub session: i32,
    /// Whether the answer leaves out what the client knows.
    pub incremental: bool,
    /// The partitions to read, in turn.
    pub partitions: Vec<(Named, Wanted)>,
}

/// The sessions of this broker.
#[derive(Debug)]
pub struct Sessions {
    slots_max: usize,
    sessions: BTreeMap<i32, Session>,
}

/// The session part of a request.
#[derive(Debug)]
pub struct Ask {
    /// The session's id; 0 for none.
    pub session: i32,
    /// Its epoch; 0 for a new session, −1 for none.
    pub epoch: i32,
    /// Whether topics are named by id.
    pub by_id: bool,
    /// Partitions that are new or have changed.
    pub partitions: Vec<(Named, Wanted)>,
    /// Partitions that the client wants no more.
    pub forgotten: Vec<Named>,
}

impl Sessions {
    /// At most `slots_max` sessions (`max.incremental.fetch.session.cache.slots`).
    #[must_use]
    pub fn new(slots_max: usize) -> Self {
        Self { slots_max, sessions: BTreeMap::new() }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Finds or makes the request's session. `random` gives the id of a new one.
    ///
    /// # Errors
    /// `FETCH_SESSION_ID_NOT_FOUND`, `INVALID_FETCH_SESSION_EPOCH`, `FETCH_SESSION_TOPIC_ID_ERROR`.
    pub fn resolve(&mut self, now: Mono, ask: Ask, random: u64) -> Result<Resolved, ErrorCode> {
        if ask.epoch == FINAL_EPOCH || ask.epoch == INITIAL_EPOCH {
            self.sessions.remove(&ask.session);
            let session = if ask.epoch == INITIAL_EPOCH { self.open(now, &ask, random) } else { 0 };
            return Ok(Resolved { session, incremental: false, partitions: ask.partitions });
        }
        let session = self.sessions.get_mut(&ask.session).ok_or(ErrorCode::FetchSessionIdNotFound)?;
        if session.next_epoch != ask.epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if session.by_id != ask.by_id && !(ask.partitions.is_empty() && ask.forgotten.is_empty()) {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        session.next_epoch = if ask.epoch == i32::MAX { 1 } else { ask.epoch + 1 };
        session.used = now;
        for named in &ask.forgotten {
            session.partitions.remove(named);
        }
        for (named, wanted) in ask.partitions {
            session.want(named, wanted);
        }
        let mut slots: Vec<_> = session.partitions.iter().collect();
        slots.sort_by_key(|(_, slot)| slot.turn);
        let partitions =
            slots.into_iter().map(|(named, slot)| (named.clone(), slot.wanted.clone())).collect();
        Ok(Resolved { session: ask.session, incremental: true, partitions })
    }

    /// Whether an incremental answer must name the partition; remembers what it says.
    pub fn tell(
        &mut self,
        session: i32,
        named: &Named,
        told: Told,
        has_records: bool,
        is_error: bool,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(&session) else { return true };
        let Some(slot) = session.partitions.get_mut(named) else { return true };
        let changed = slot.told != Some(told) || has_records || is_error;
        // after an error the client asks again, and must be told again
        slot.told = (!is_error).then_some(told);
        if has_records {
            session.turns += 1;
            slot.turn = session.turns;
        }
        changed
    }

    fn open(&mut self, now: Mono, ask: &Ask, random: u64) -> i32 {
        if self.sessions.len() >= self.slots_max && !self.evict(now) {
            return 0; // the client goes on without a session, as with Kafka
        }
        let mut id = (random & 0x7fff_ffff) as i32;
        while id == 0 || self.sessions.contains_key(&id) {
            id = id.wrapping_add(1) & i32::MAX;
        }
        let mut session =
            Session { by_id: ask.by_id, next_epoch: 1, used: now, turns: 0, partitions: BTreeMap::new() };
        for (named, wanted) in &ask.partitions {
            let named = Named { name: named.name.detached(), ..named.clone() };
            session.want(named, wanted.clone());
        }
        self.sessions.insert(id, session);
        id
    }

    fn evict(&mut self, now: Mono) -> bool {
        let oldest = self.sessions.iter().min_by_key(|(_, session)| session.used);
        match oldest {
            Some((&id, session)) if now.since(session.used) >= EVICTABLE_AFTER => {
                self.sessions.remove(&id).is_some()
            }
            _ => false,
        }
    }
}

impl Session {
    fn want(&mut self, named: Named, wanted: Wanted) {
        match self.partitions.get_mut(&named) {
            Some(slot) => slot.wanted = wanted,
            None => {
                let named = Named { name: named.name.detached(), ..named };
                self.turns += 1;
                self.partitions.insert(named, Slot { wanted, told: None, turn: self.turns });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(partition: i32) -> Named {
        Named { id: TopicId::default(), name: Str::from("t"), partition: PartitionIndex(partition) }
    }

    fn wanted(offset: i64) -> Wanted {
        Wanted {
            offset: Offset(offset),
            bytes_max: 100,
            current_leader_epoch: LeaderEpoch::NONE,
            last_fetched_epoch: LeaderEpoch::NONE,
        }
    }

    fn ask(session: i32, epoch: i32, partitions: &[(i32, i64)], forgotten: &[i32]) -> Ask {
        Ask {
            session,
            epoch,
            by_id: false,
            partitions: partitions.iter().map(|&(p, offset)| (named(p), wanted(offset))).collect(),
            forgotten: forgotten.iter().map(|&p| named(p)).collect(),
        }
    }

    fn order(resolved: &Resolved) -> Vec<(i32, i64)> {
        resolved.partitions.iter().map(|(named, wanted)| (named.partition.0, wanted.offset.0)).collect()
    }

    #[test]
    fn a_session_remembers_what_the_client_wants_and_knows() {
        let mut sessions = Sessions::new(10);
        let first = sessions.resolve(Mono(0), ask(0, 0, &[(0, 5), (1, 6)], &[]), 7).expect("new");
        assert_eq!((first.session, first.incremental), (7, false));
        let told = Told { high_watermark: Offset(9), log_start: Offset(0) };
        assert!(sessions.tell(7, &named(0), told, true, false));
        let second = sessions.resolve(Mono(1), ask(7, 1, &[(0, 9)], &[]), 0).expect("known");
        assert!(second.incremental);
        assert_eq!(order(&second), [(1, 6), (0, 9)], "who gave records comes last");
        assert!(!sessions.tell(7, &named(0), told, false, false), "nothing is new");
        assert!(sessions.tell(7, &named(1), told, false, false), "never told");
        assert!(sessions.tell(7, &named(1), told, false, true), "an error is always told");
        assert!(sessions.tell(7, &named(1), told, false, false), "and what follows it");
        let third = sessions.resolve(Mono(2), ask(7, 2, &[], &[0]), 0).expect("known");
        assert_eq!(order(&third), [(1, 6)]);
    }

    #[test]
    fn wrong_epochs_and_ids_are_refused() {
        let mut sessions = Sessions::new(10);
        sessions.resolve(Mono(0), ask(0, 0, &[(0, 5)], &[]), 7).expect("new");
        let refused = |sessions: &mut Sessions, ask| sessions.resolve(Mono(0), ask, 0).expect_err("refused");
        assert_eq!(refused(&mut sessions, ask(8, 1, &[], &[])), ErrorCode::FetchSessionIdNotFound);
        assert_eq!(refused(&mut sessions, ask(7, 2, &[], &[])), ErrorCode::InvalidFetchSessionEpoch);
        let by_id = Ask { by_id: true, ..ask(7, 1, &[(1, 1)], &[]) };
        assert_eq!(refused(&mut sessions, by_id), ErrorCode::FetchSessionTopicIdError);
        let closed = sessions.resolve(Mono(0), ask(7, -1, &[(0, 5)], &[]), 0).expect("closed");
        assert_eq!((closed.session, sessions.len()), (0, 0));
    }

    #[test]
    fn only_idle_sessions_are_evicted() {
        let mut sessions = Sessions::new(1);
        assert_eq!(sessions.resolve(Mono(0), ask(0, 0, &[], &[]), 7).expect("new").session, 7);
        assert_eq!(sessions.resolve(Mono(1), ask(0, 0, &[], &[]), 8).expect("none").session, 0);
        let later = Mono(0).plus(EVICTABLE_AFTER);
        assert_eq!(sessions.resolve(later, ask(0, 0, &[], &[]), 9).expect("new").session, 9);
    }
}
