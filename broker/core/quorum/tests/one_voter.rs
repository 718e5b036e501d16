//! A quorum of one voter: it elects itself, commits what is durable, and forgets nothing when it crashes between any two effects.

use klamm_protocol::ErrorCode;
use klamm_quorum::{
    After, Answer, Body, ControlRecord, Effect, ElectionState, Event, Failure, LogShape, Payload, Quorum,
    Rejected, ReplicaKey, SnapshotId, SnapshotPolicy, Start, Target, Timeouts, Voter, VoterHistory, Voters,
};
use klamm_types::{BrokerId, Bytes, DirectoryId, LeaderEpoch, Mono, Now, Offset, Uuid, Wall};
use std::{collections::VecDeque, time::Duration};

fn me() -> ReplicaKey {
    ReplicaKey { id: BrokerId(3), directory: DirectoryId(Uuid([7; 16])) }
}

fn voter(key: ReplicaKey) -> Voter {
    Voter { key, endpoints: Vec::new(), kraft_versions: (0, 1) }
}

fn voters() -> Voters {
    Voters::from_iter([voter(me())])
}

fn log(batches: &[(LeaderEpoch, i64)]) -> LogShape {
    let mut shape = LogShape::default();
    for (epoch, end) in batches {
        shape.append(*epoch, Offset(*end));
    }
    shape
}

fn start() -> Start {
    Start {
        me: me(),
        endpoints: Vec::new(),
        voters: VoterHistory::new(voters(), false),
        state: None,
        log: LogShape::default(),
        snapshot: SnapshotId::BOOTSTRAP,
        bytes_since_snapshot: 0,
        policy: SnapshotPolicy { bytes: 100, interval: Some(Duration::from_secs(60)) },
        timeouts: Timeouts::new(
            Duration::from_millis(300),
            Duration::from_millis(600),
            Duration::from_millis(200),
            Duration::from_millis(20),
        ),
        bootstrap: 0,
        seed: 1,
    }
}

fn at(seconds: u64) -> Now {
    Now { mono: Mono(seconds * 1_000_000_000), wall: Wall(0) }
}

fn step(quorum: &mut Quorum, seconds: u64, event: Event) -> Vec<Effect> {
    let mut out = Vec::new();
    quorum.on_event(at(seconds), event, &mut out).expect("the event is one that the machine waits for");
    out
}

fn proposal(epoch: i32, bytes: usize) -> Event {
    Event::Propose { epoch: LeaderEpoch(epoch), records: vec![Bytes::from(vec![1; bytes])] }
}

#[test]
fn the_only_voter_elects_itself_durably() {
    let mut quorum = Quorum::new(at(0), start());
    let epoch = LeaderEpoch(1);
    let effects = step(&mut quorum, 0, Event::Tick);
    let records = vec![
        ControlRecord::LeaderChange {
            leader: BrokerId(3),
            voters: [BrokerId(3)].into(),
            granted: [BrokerId(3)].into(),
        },
        ControlRecord::KRaftVersion(1),
        ControlRecord::Voters(voters()),
    ];
    assert_eq!(
        effects,
        [
            Effect::Persist(ElectionState { epoch, leader: None, voted: Some(me()) }),
            Effect::Persist(ElectionState { epoch, leader: Some(BrokerId(3)), voted: None }),
            Effect::Append {
                epoch,
                base: Offset(0),
                payload: Payload::Control(records),
                after: After::State(epoch)
            },
        ]
    );
    assert_eq!(quorum.committed(), None);
    let effects = step(&mut quorum, 0, Event::Durable { end: Offset(3) });
    assert_eq!(effects, [Effect::Commit { end: Offset(3) }, Effect::Lead { epoch }]);
}

#[test]
fn a_restarted_leader_leads_a_later_epoch() {
    let state = ElectionState { epoch: LeaderEpoch(4), leader: Some(BrokerId(3)), voted: None };
    let log = log(&[(LeaderEpoch(4), 50)]);
    let voters = VoterHistory::new(voters(), true);
    let mut quorum = Quorum::new(at(0), Start { state: Some(state), log: log.clone(), voters, ..start() });
    let effects = step(&mut quorum, 0, Event::Tick);
    assert!(
        matches!(&effects[2], Effect::Append { epoch: LeaderEpoch(5), base: Offset(50), payload: Payload::Control(records), .. } if records.len() == 1)
    );
    // the log's end is durable, yet nothing is committed before the epoch's own record is
    assert_eq!(step(&mut quorum, 0, Event::Durable { end: Offset(50) }), []);
    // a lost quorum-state: never back behind the log
    let quorum = Quorum::new(at(0), Start { state: None, log, ..start() });
    assert_eq!(quorum.epoch(), LeaderEpoch(4));
}

#[test]
fn what_it_cannot_do_is_refused() {
    // the volume was recreated: another replica has the vote
    let recreated = ReplicaKey { directory: DirectoryId(Uuid([8; 16])), ..me() };
    let mut observer = Quorum::new(at(0), Start { me: recreated, ..start() });
    assert_eq!(step(&mut observer, 9, Event::Tick), []);
    // not formed yet: it waits
    let mut unformed = Quorum::new(at(0), Start { voters: VoterHistory::default(), ..start() });
    assert_eq!(step(&mut unformed, 0, Event::Tick), []);
    let refused = unformed.on_event(at(0), proposal(0, 1), &mut Vec::new());
    assert_eq!(refused, Err(Rejected::NotLeader { asked: LeaderEpoch(0), current: LeaderEpoch(0) }));

    let mut quorum = Quorum::new(at(0), start());
    step(&mut quorum, 0, Event::Tick);
    let mut refuse = |event| quorum.on_event(at(0), event, &mut Vec::new()).expect_err("it is refused");
    assert_eq!(
        refuse(proposal(2, 1)),
        Rejected::NotLeader { asked: LeaderEpoch(2), current: LeaderEpoch(1) }
    );
    assert_eq!(refuse(Event::Propose { epoch: LeaderEpoch(1), records: Vec::new() }), Rejected::NoRecords);
    assert_eq!(
        refuse(Event::Durable { end: Offset(4) }),
        Rejected::DurableBeyondEnd { end: Offset(3), durable: Offset(4) }
    );
}

#[test]
fn snapshots_are_due_by_bytes_and_by_time() {
    let mut quorum = Quorum::new(at(0), start());
    step(&mut quorum, 0, Event::Tick);
    step(&mut quorum, 0, Event::Durable { end: Offset(3) });
    step(&mut quorum, 1, proposal(1, 100));
    let first = SnapshotId { end: Offset(4), epoch: LeaderEpoch(1) };
    let effects = step(&mut quorum, 1, Event::Durable { end: Offset(4) });
    assert_eq!(effects, [Effect::Commit { end: Offset(4) }, Effect::Snapshot(first)]);
    // one at a time, and not again for nothing new
    step(&mut quorum, 2, proposal(1, 200));
    assert_eq!(step(&mut quorum, 2, Event::Durable { end: Offset(5) }), [Effect::Commit { end: Offset(5) }]);
    let second = SnapshotId { end: Offset(5), epoch: LeaderEpoch(1) };
    assert_eq!(step(&mut quorum, 3, Event::SnapshotWritten(first)), [Effect::Snapshot(second)]);
    assert_eq!(step(&mut quorum, 4, Event::SnapshotWritten(second)), [Effect::Superseded(first)]);
    assert_eq!(quorum.deadline(), None);
    // by time
    step(&mut quorum, 5, proposal(1, 1));
    step(&mut quorum, 5, Event::Durable { end: Offset(6) });
    assert_eq!(quorum.deadline(), Some(at(64).mono));
    assert_eq!(step(&mut quorum, 63, Event::Tick), []);
    let third = SnapshotId { end: Offset(6), epoch: LeaderEpoch(1) };
    assert_eq!(step(&mut quorum, 64, Event::Tick), [Effect::Snapshot(third)]);
    // a failed one is asked for again, later
    assert_eq!(step(&mut quorum, 65, Event::SnapshotFailed(third)), []);
    assert_eq!(step(&mut quorum, 66, Event::Tick), []);
    assert_eq!(step(&mut quorum, 125, Event::Tick), [Effect::Snapshot(third)]);
}

/// A disk that loses what is not durable, and a driver that is killed between any two effects.
struct Host {
    random: u64,
    /// Whether the driver keeps to [`After`]: without it the test must fail.
    obedient: bool,
    state: Option<ElectionState>,
    log: Vec<(LeaderEpoch, u64)>,
    durable: usize,
    committed: Vec<(LeaderEpoch, u64)>,
    leaders: Vec<LeaderEpoch>,
    appended: u64,
}

impl Host {
    fn random(&mut self, below: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    /// One life of the process. What it did wrong, if anything.
    fn live(&mut self) -> Result<(), String> {
        let log = log(&(1..).zip(&self.log).map(|(end, (epoch, _))| (*epoch, end)).collect::<Vec<_>>());
        let state = self.state;
        let mut quorum = Quorum::new(at(0), Start { state, log, ..start() });
        let (mut events, mut effects) = (VecDeque::from([Event::Tick]), VecDeque::new());
        for _ in 0..self.random(60) {
            if let Some(event) = events.pop_front() {
                let mut out = Vec::new();
                let _ = quorum.on_event(at(0), event, &mut out);
                effects.extend(out);
            } else if effects.is_empty() {
                events.push_back(proposal(quorum.epoch().0, 1));
            }
            // the oldest effect, or one further back: a driver may have several in flight
            let place = self.random(3).min((effects.len() as u64).saturating_sub(1)) as usize;
            let is_append = matches!(effects.get(place), Some(Effect::Append { .. }));
            let earlier_append =
                effects.iter().take(place).any(|effect| matches!(effect, Effect::Append { .. }));
            if self.random(3) > 0
                && !(is_append && earlier_append)
                && effects.get(place).is_some_and(|one| self.may(one))
            {
                let effect = effects.remove(place).expect("it is there");
                self.carry_out(effect)?;
            }
            if self.random(4) == 0 && self.durable < self.log.len() {
                self.durable = self.log.len();
                events.push_back(Event::Durable { end: Offset(self.durable as i64) });
            }
        }
        // the crash: any part of what was not durable is lost
        let kept = self.durable + self.random((self.log.len() - self.durable + 1) as u64) as usize;
        self.log.truncate(kept);
        self.durable = kept;
        if self.log.get(..self.committed.len()) == Some(&self.committed[..]) {
            Ok(())
        } else {
            Err("a committed record is lost".into())
        }
    }

    fn may(&self, effect: &Effect) -> bool {
        match effect {
            Effect::Append { after: After::State(epoch), .. } => {
                !self.obedient || self.state.is_some_and(|state| state.epoch >= *epoch)
            }
            _ => true,
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), String> {
        match effect {
            Effect::Persist(state) => {
                if self.state.is_some_and(|before| before.epoch > state.epoch) {
                    return Err("the epoch went back".into());
                }
                if self.state.is_none_or(|before| before.epoch < state.epoch || before.leader.is_none()) {
                    self.state = Some(state);
                }
            }
            Effect::Append { epoch, base, payload, .. } => {
                if base != Offset(self.log.len() as i64) {
                    return Err("a hole in the log".into());
                }
                if self.state.is_none_or(|state| state.epoch < epoch) {
                    return Err("a record of an epoch whose vote is not durable".into());
                }
                let records = match payload {
                    Payload::Control(records) => records.len(),
                    Payload::Data(records) => records.len(),
                };
                for _ in 0..records {
                    self.appended += 1;
                    self.log.push((epoch, self.appended));
                }
            }
            Effect::Commit { end } => {
                let end = end.0 as usize;
                if end > self.durable {
                    return Err("committed before it was durable".into());
                }
                if end > self.committed.len() {
                    self.committed = self.log[..end].to_vec();
                }
            }
            Effect::Lead { epoch } => {
                if self.leaders.last().is_some_and(|last| *last >= epoch) {
                    return Err("two leaders in an epoch".into());
                }
                self.leaders.push(epoch);
            }
            Effect::Snapshot(_) | Effect::Superseded(_) => {}
            other => return Err(format!("one voter has no business with {other:?}")),
        }
        Ok(())
    }
}

fn run(seed: u64, obedient: bool) -> Result<Host, String> {
    let mut host = Host {
        random: seed,
        obedient,
        state: None,
        log: Vec::new(),
        durable: 0,
        committed: Vec::new(),
        leaders: Vec::new(),
        appended: 0,
    };
    for _ in 0..30 {
        host.live()?;
    }
    Ok(host)
}

#[test]
fn crashes_lose_nothing_that_was_committed() {
    let (mut leaders, mut committed) = (0, 0);
    for seed in 0..500 {
        let host = run(seed, true).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        leaders += host.leaders.len();
        committed += host.committed.len();
    }
    assert!(
        leaders > 2_000 && committed > 20_000,
        "the test reaches too little: {leaders} leaders, {committed} records"
    );
}

#[test]
fn a_driver_that_does_not_wait_is_caught() {
    assert!((0..20).any(|seed| run(seed, false).is_err()));
}

/// The address that an observer asks may be its own: it knows the leader, and not where it is.
#[test]
fn an_observer_asks_one_address_after_the_other() {
    let key = |id| ReplicaKey { id: BrokerId(id), directory: DirectoryId(Uuid([9; 16])) };
    let state = Some(ElectionState { epoch: LeaderEpoch(5), leader: Some(BrokerId(1)), voted: None });
    let voters = VoterHistory::new(Voters::default(), false);
    let mut quorum = Quorum::new(at(0), Start { me: key(4), voters, state, bootstrap: 2, ..start() });
    let mut asked = Vec::new();
    for seconds in 1..20 {
        let mut events = VecDeque::from([Event::Tick]);
        while let Some(event) = events.pop_front() {
            for effect in step(&mut quorum, seconds, event) {
                if let Effect::Send { id, to, .. } = effect {
                    let answer = match to {
                        Target::Bootstrap(index) => {
                            asked.push(index);
                            Ok(Answer {
                                error: ErrorCode::NotLeaderOrFollower,
                                message: None,
                                epoch: LeaderEpoch(5),
                                leader: Some(BrokerId(1)),
                                endpoints: Vec::new(),
                                body: Body::Empty,
                            })
                        }
                        Target::Node(_) => Err(Failure::Lost),
                    };
                    events.push_back(Event::Answered { request: id, answer });
                }
            }
        }
    }
    assert!(asked.contains(&0) && asked.contains(&1), "asked {asked:?}");
}
