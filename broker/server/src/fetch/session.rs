//! Fetch sessions (KIP-227): a client names its partitions once, then only what changes; the answer leaves out what is unchanged.
//!
//! A session stands by its partitions: which of them are due to be looked at is known without asking each, so that a fetch costs as
//! much as has changed, and not as much as the session has partitions.

use crate::shard::{Interest, Reader, Watch};
use klamm_protocol::ErrorCode;
use klamm_storage::Limit;
use klamm_types::{LeaderEpoch, Mono, Offset, PartitionIndex, Str, TopicId};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A session that was not used for so long may be evicted for a new one (`min.incremental.fetch.session.eviction.ms` of Kafka).
const EVICTABLE_AFTER: Duration = Duration::from_secs(120);

/// A follower's partitions are all looked at so often: its leader wants to know that it still has everything, long before
/// `replica.lag.time.max.ms` is over. No later than a follower comes that finds nothing (`replica.fetch.wait.max.ms`).
const FOLLOWER_LOOKS_AGAIN: Duration = Duration::from_millis(500);

/// A consumer's so often: what marks no partition, such as a failed disk, is told then.
const CONSUMER_LOOKS_AGAIN: Duration = Duration::from_secs(10);

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
    /// Where a follower's log starts; NONE for consumers.
    pub log_start: Offset,
}

/// What the client was told of a partition the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The high watermark.
    pub high_watermark: Offset,
    /// The log's start.
    pub log_start: Offset,
}

/// What a look at a partition gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gave {
    /// There is nothing, until something comes.
    Nothing,
    /// Records, or where the logs part: the client comes back with another offset, or wants the same again.
    Records,
    /// There are records, but the answer had no room for them.
    NoRoom,
    /// The name of another replica, to be asked instead (KIP-392).
    Elsewhere,
    /// An error.
    Error,
}

#[derive(Clone, Debug)]
struct Slot {
    wanted: Wanted,
    told: Option<Told>,
    /// Partitions that gave records move behind those that did not, so that each gets its turn. No two are the same.
    turn: u64,
    interest: Arc<Interest>,
}

/// Invariant: a partition that is neither due nor marked gave [`Gave::Nothing`] when it was last looked at, and its log thread
/// knew of the interest then.
#[derive(Debug)]
struct Session {
    by_id: bool,
    reader: Reader,
    limit: Limit,
    next_epoch: i32,
    used: Mono,
    turns: u64,
    partitions: BTreeMap<Named, Slot>,
    /// The partitions to look at, in turn.
    due: BTreeMap<u64, Named>,
    /// When all were.
    all_due: Mono,
    watch: Arc<Watch>,
}

/// A partition to look at.
#[derive(Clone, Debug)]
pub struct Due {
    /// Which one.
    pub named: Named,
    /// What is wanted of it.
    pub wanted: Wanted,
    /// Told to its log thread.
    pub interest: Arc<Interest>,
}

/// What a request asks for, once its session is found.
#[derive(Debug)]
pub struct Resolved {
    /// The session to name in the answer; 0 for none.
    pub session: i32,
    /// Whether the answer leaves out what the client knows.
    pub incremental: bool,
    /// The partitions to look at, in turn.
    pub due: Vec<Due>,
    /// Tells when there is more.
    pub watch: Arc<Watch>,
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
    /// Who asks.
    pub reader: Reader,
    /// Up to where the client reads.
    pub limit: Limit,
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
    pub fn resolve(
        &mut self,
        now: Mono,
        ask: Ask,
        random: impl FnOnce() -> u64,
    ) -> Result<Resolved, ErrorCode> {
        if ask.epoch == FINAL_EPOCH || ask.epoch == INITIAL_EPOCH {
            self.sessions.remove(&ask.session);
            return Ok(self.begin(now, ask, random));
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
            session.forget(named);
        }
        for (named, wanted) in ask.partitions {
            session.want(named, wanted);
        }
        session.look_again(now, ask.limit);
        let (due, watch) = (session.due(), Arc::clone(&session.watch));
        Ok(Resolved { session: ask.session, incremental: true, due, watch })
    }

    /// The partitions of a session that are to be looked at now; none when it is gone.
    pub fn due(&mut self, session: i32) -> Option<Vec<Due>> {
        self.sessions.get_mut(&session).map(Session::due)
    }

    /// Whether the client of a session was not told of this high watermark the last time.
    pub fn knows_less(&self, session: i32, named: &Named, high_watermark: Offset) -> bool {
        let slot = self.sessions.get(&session).and_then(|session| session.partitions.get(named));
        let knows = |told: Told| told.high_watermark == high_watermark;
        slot.is_some_and(|slot| !slot.told.is_some_and(knows))
    }

    /// Whether an incremental answer must name the partition; remembers what it says.
    pub fn tell(&mut self, session: i32, named: &Named, told: Told, gave: Gave) -> bool {
        let Some(session) = self.sessions.get_mut(&session) else { return true };
        let Some(slot) = session.partitions.get_mut(named) else { return true };
        let changed =
            slot.told != Some(told) || matches!(gave, Gave::Records | Gave::Elsewhere | Gave::Error);
        // after an error the client asks again, and must be told again
        slot.told = (gave != Gave::Error).then_some(told);
        match gave {
            Gave::Nothing => drop(session.due.remove(&slot.turn)),
            Gave::Records => {
                session.due.remove(&slot.turn);
                session.turns += 1;
                slot.turn = session.turns;
                session.due.insert(slot.turn, named.clone());
            }
            Gave::NoRoom | Gave::Elsewhere | Gave::Error => {
                drop(session.due.insert(slot.turn, named.clone()))
            }
        }
        changed
    }

    fn begin(&mut self, now: Mono, ask: Ask, random: impl FnOnce() -> u64) -> Resolved {
        let watch = Arc::default();
        if ask.epoch == FINAL_EPOCH {
            let due = ask.partitions.into_iter().map(|(named, wanted)| {
                let interest = Interest::new(&watch, named.clone(), ask.reader);
                Due { named, wanted, interest }
            });
            return Resolved { session: 0, incremental: false, due: due.collect(), watch };
        }
        let mut session = Session {
            by_id: ask.by_id,
            reader: ask.reader,
            limit: ask.limit,
            next_epoch: 1,
            used: now,
            turns: 0,
            partitions: BTreeMap::new(),
            due: BTreeMap::new(),
            all_due: now,
            watch: Arc::clone(&watch),
        };
        for (named, wanted) in ask.partitions {
            session.want(named, wanted);
        }
        let due = session.due();
        Resolved { session: self.keep(now, session, random()), incremental: false, due, watch }
    }

    /// Keeps a session under a new id; 0 when there is no room: the client goes on without one, as with Kafka.
    fn keep(&mut self, now: Mono, session: Session, random: u64) -> i32 {
        if self.sessions.len() >= self.slots_max && !self.evict(now) {
            return 0;
        }
        let mut id = (random & 0x7fff_ffff) as i32;
        while id == 0 || self.sessions.contains_key(&id) {
            id = id.wrapping_add(1) & i32::MAX;
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
        if let Some(slot) = self.partitions.get_mut(&named) {
            slot.wanted = wanted;
            self.due.insert(slot.turn, named);
            return;
        }
        let named = Named { name: named.name.detached(), ..named };
        let interest = Interest::new(&self.watch, named.clone(), self.reader);
        self.turns += 1;
        self.due.insert(self.turns, named.clone());
        self.partitions.insert(named, Slot { wanted, told: None, turn: self.turns, interest });
    }

    fn forget(&mut self, named: &Named) {
        if let Some(slot) = self.partitions.remove(named) {
            self.due.remove(&slot.turn);
        }
    }

    /// Makes all partitions due when it is time, or when what is at the end for the client is another place than before.
    fn look_again(&mut self, now: Mono, limit: Limit) {
        let after = if limit == Limit::End { FOLLOWER_LOOKS_AGAIN } else { CONSUMER_LOOKS_AGAIN };
        if limit == self.limit && now.since(self.all_due) < after {
            return;
        }
        (self.limit, self.all_due) = (limit, now);
        self.due = self.partitions.iter().map(|(named, slot)| (slot.turn, named.clone())).collect();
    }

    fn due(&mut self) -> Vec<Due> {
        for named in self.watch.take() {
            if let Some(slot) = self.partitions.get(&named) {
                slot.interest.unmark();
                self.due.insert(slot.turn, named);
            }
        }
        let slots = self.due.values().filter_map(|named| self.partitions.get_key_value(named));
        slots
            .map(|(named, slot)| Due {
                named: named.clone(),
                wanted: slot.wanted.clone(),
                interest: Arc::clone(&slot.interest),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::{News, Watchers};

    fn named(partition: i32) -> Named {
        Named { id: TopicId::default(), name: Str::from("t"), partition: PartitionIndex(partition) }
    }

    fn wanted(offset: i64) -> Wanted {
        Wanted {
            offset: Offset(offset),
            bytes_max: 100,
            current_leader_epoch: LeaderEpoch::NONE,
            last_fetched_epoch: LeaderEpoch::NONE,
            log_start: Offset::NONE,
        }
    }

    fn ask(session: i32, epoch: i32, partitions: &[(i32, i64)], forgotten: &[i32]) -> Ask {
        Ask {
            session,
            epoch,
            by_id: false,
            reader: Reader::Consumer,
            limit: Limit::HighWatermark,
            partitions: partitions.iter().map(|&(p, offset)| (named(p), wanted(offset))).collect(),
            forgotten: forgotten.iter().map(|&p| named(p)).collect(),
        }
    }

    fn order(resolved: &Resolved) -> Vec<(i32, i64)> {
        resolved.due.iter().map(|due| (due.named.partition.0, due.wanted.offset.0)).collect()
    }

    const TOLD: Told = Told { high_watermark: Offset(9), log_start: Offset(0) };

    #[test]
    fn a_session_remembers_what_the_client_wants_and_knows() {
        let mut sessions = Sessions::new(10);
        let first = sessions.resolve(Mono(0), ask(0, 0, &[(0, 5), (1, 6)], &[]), || 7).expect("new");
        assert_eq!((first.session, first.incremental), (7, false));
        assert!(sessions.tell(7, &named(0), TOLD, Gave::Records));
        let second = sessions.resolve(Mono(1), ask(7, 1, &[(0, 9)], &[]), || 0).expect("known");
        assert!(second.incremental);
        assert_eq!(order(&second), [(1, 6), (0, 9)], "who gave records comes last");
        assert!(!sessions.tell(7, &named(0), TOLD, Gave::Nothing), "nothing is new");
        assert!(sessions.tell(7, &named(1), TOLD, Gave::Nothing), "never told");
        assert!(sessions.tell(7, &named(1), TOLD, Gave::Error), "an error is always told");
        assert!(sessions.tell(7, &named(1), TOLD, Gave::NoRoom), "and what follows it");
        assert!(sessions.tell(7, &named(1), TOLD, Gave::Elsewhere), "whoever comes back is sent away again");
        let third = sessions.resolve(Mono(2), ask(7, 2, &[], &[0]), || 0).expect("known");
        assert_eq!(order(&third), [(1, 6)]);
    }

    #[test]
    fn only_what_may_have_something_is_due() {
        let mut sessions = Sessions::new(10);
        let first = sessions.resolve(Mono(0), ask(0, 0, &[(0, 0), (1, 0), (2, 0), (3, 0)], &[]), || 7);
        let due = first.expect("new").due;
        let mut partition = Watchers::default();
        partition.add(&due[0].interest);
        partition.hear(News::Committed);
        for (at, gave) in [Gave::Nothing, Gave::Nothing, Gave::Error, Gave::Records].into_iter().enumerate() {
            sessions.tell(7, &named(at as i32), TOLD, gave);
        }
        let next = sessions.resolve(Mono(1), ask(7, 1, &[], &[]), || 0).expect("known");
        assert_eq!(order(&next), [(0, 0), (2, 0), (3, 0)], "0: something came before it was told of");
        for at in [0, 2, 3] {
            sessions.tell(7, &named(at), TOLD, Gave::Nothing);
        }
        let next = sessions.resolve(Mono(2), ask(7, 2, &[], &[]), || 0).expect("known");
        assert_eq!(order(&next), []);
        partition.hear(News::Committed);
        assert_eq!(sessions.due(7).expect("known").len(), 1, "it was woken while it waited");
        assert!(sessions.tell(7, &named(0), TOLD, Gave::Records));
        let next = sessions.resolve(Mono(3), ask(7, 3, &[(1, 1)], &[0]), || 0).expect("known");
        assert_eq!(order(&next), [(1, 1)], "what the client changes is due, and not what it forgot");
        partition.hear(News::Committed);
        assert_eq!(sessions.due(7).expect("known").len(), 1, "nobody hears of what was forgotten");
    }

    #[test]
    fn a_session_knows_which_high_watermark_was_told() {
        let mut sessions = Sessions::new(10);
        sessions.resolve(Mono(0), ask(0, 0, &[(0, 0), (1, 0)], &[]), || 7).expect("new");
        sessions.tell(7, &named(0), TOLD, Gave::Nothing);
        let check = |session, partition, high_watermark| {
            sessions.knows_less(session, &named(partition), Offset(high_watermark))
        };
        assert!(check(7, 0, 10) && !check(7, 0, 9));
        assert!(check(7, 1, 10), "it was told nothing");
        assert!(!check(8, 0, 10) && !check(7, 2, 10), "who has no session is not remembered");
    }

    #[test]
    fn all_are_due_after_a_while_and_for_another_limit() {
        let mut sessions = Sessions::new(10);
        sessions.resolve(Mono(0), ask(0, 0, &[(0, 0), (1, 0)], &[]), || 7).expect("new");
        let mut due = |epoch, now, limit| {
            for partition in [0, 1] {
                sessions.tell(7, &named(partition), TOLD, Gave::Nothing);
            }
            let ask = Ask { limit, ..ask(7, epoch, &[], &[]) };
            sessions.resolve(now, ask, || 0).expect("known").due.len()
        };
        let later = Mono(0).plus(CONSUMER_LOOKS_AGAIN);
        assert_eq!(due(1, Mono(1), Limit::HighWatermark), 0);
        assert_eq!(due(2, later, Limit::HighWatermark), 2);
        assert_eq!(due(3, later, Limit::HighWatermark), 0);
        assert_eq!(due(4, later, Limit::LastStable), 2);
        assert_eq!(due(5, later, Limit::End), 2);
        assert_eq!(due(6, later, Limit::End), 0);
        assert_eq!(due(7, later.plus(FOLLOWER_LOOKS_AGAIN), Limit::End), 2);
    }

    #[test]
    fn wrong_epochs_and_ids_are_refused() {
        let mut sessions = Sessions::new(10);
        sessions.resolve(Mono(0), ask(0, 0, &[(0, 5)], &[]), || 7).expect("new");
        let refused =
            |sessions: &mut Sessions, ask| sessions.resolve(Mono(0), ask, || 0).expect_err("refused");
        assert_eq!(refused(&mut sessions, ask(8, 1, &[], &[])), ErrorCode::FetchSessionIdNotFound);
        assert_eq!(refused(&mut sessions, ask(7, 2, &[], &[])), ErrorCode::InvalidFetchSessionEpoch);
        let by_id = Ask { by_id: true, ..ask(7, 1, &[(1, 1)], &[]) };
        assert_eq!(refused(&mut sessions, by_id), ErrorCode::FetchSessionTopicIdError);
        let closed = sessions.resolve(Mono(0), ask(7, -1, &[(0, 5)], &[]), || 0).expect("closed");
        assert_eq!((closed.session, sessions.len()), (0, 0));
    }

    #[test]
    fn only_idle_sessions_are_evicted() {
        let mut sessions = Sessions::new(1);
        assert_eq!(sessions.resolve(Mono(0), ask(0, 0, &[], &[]), || 7).expect("new").session, 7);
        assert_eq!(sessions.resolve(Mono(1), ask(0, 0, &[], &[]), || 8).expect("none").session, 0);
        let later = Mono(0).plus(EVICTABLE_AFTER);
        assert_eq!(sessions.resolve(later, ask(0, 0, &[], &[]), || 9).expect("new").session, 9);
    }
}
