//! Who is alive: the active controller's view of the brokers' heartbeats. Time comes in, "fence this one" goes out.
//!
//! A broker is given up when it has been silent for its session; or at once when its heartbeat connection is closed and a connect
//! to its own address is refused: then its process is dead (architecture, decision 7). It is asked again at every heartbeat interval for
//! as long as it is not heard of. While the judge itself lags, nobody is
//! suspected: silence may be its own. Every new active controller gives every broker a whole session, but asks at the address of who is
//! not heard of within one heartbeat: who died with the former controller is not waited for. The broker of the judge's own
//! node is not judged: what holds that one up holds up the judge.

use crate::Image;
use klamm_types::{BrokerEpoch, BrokerId, Mono, Offset};
use std::{collections::BTreeMap, time::Duration};

/// Into how many parts the judge divides a heartbeat interval, to see whether it lags itself.
const TICKS_PER_INTERVAL: u32 = 3;

/// What may be set.
#[derive(Clone, Copy, Debug)]
pub struct SessionSettings {
    /// The judge's own node.
    pub me: BrokerId,
    /// `broker.heartbeat.interval.ms`
    pub interval: Duration,
    /// `broker.session.timeout.ms`
    pub timeout: Duration,
}

/// What has happened.
#[derive(Clone, Debug)]
pub enum SessionEvent<'a> {
    /// This node has become the active controller, or what it decides on has changed.
    Image(&'a Image),
    /// This node is not the active controller any more.
    Resigned,
    /// A broker has registered, or has sent a heartbeat; it has applied the metadata up to `applied`.
    Heard {
        /// The broker.
        id: BrokerId,
        /// Its registration.
        epoch: BrokerEpoch,
        /// The last record that it has applied.
        applied: Offset,
    },
    /// A broker hands over; when the others have applied this record, they know.
    Leaving {
        /// The broker.
        id: BrokerId,
        /// The record.
        at: Offset,
    },
    /// The connection on which its heartbeats came is closed.
    Closed {
        /// The broker.
        id: BrokerId,
        /// Its registration.
        epoch: BrokerEpoch,
    },
    /// A connect to its own address was refused: nothing listens there.
    Dead {
        /// The broker.
        id: BrokerId,
        /// Its registration.
        epoch: BrokerEpoch,
        /// When the connection was closed that led to the question.
        closed: Mono,
    },
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEffect {
    /// Fence it.
    Fence {
        /// The broker.
        id: BrokerId,
        /// Its registration.
        epoch: BrokerEpoch,
    },
    /// Connect to its own address; when that is refused, say [`SessionEvent::Dead`].
    Probe {
        /// The broker.
        id: BrokerId,
        /// Its registration.
        epoch: BrokerEpoch,
        /// When its connection was closed.
        closed: Mono,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Session {
    epoch: BrokerEpoch,
    heard: Mono,
    /// How long the judge has slept since then.
    slept: Duration,
    /// Nothing listens at its address.
    dead: bool,
    applied: Offset,
    leaving_at: Option<Offset>,
    /// It has not been heard of since its connection was closed, or since this node judges.
    missing: bool,
    /// When its address was asked last, since it is missing.
    asked: Option<Mono>,
    /// It is fenced, or about to be: nothing is to be done when its session ends.
    fenced: bool,
}

/// The sessions of all brokers, on the active controller. On other nodes there are none.
#[derive(Clone, Debug)]
pub struct Sessions {
    settings: SessionSettings,
    brokers: BTreeMap<BrokerId, Session>,
    /// When the judge meant to look next; none while there is nobody to judge.
    next: Option<Mono>,
    /// Nobody is given up before.
    patience: Mono,
}

impl Sessions {
    /// No sessions yet.
    #[must_use]
    pub fn new(settings: SessionSettings) -> Self {
        Self { settings, brokers: BTreeMap::new(), next: None, patience: Mono::default() }
    }

    /// Takes an event in.
    pub fn on_event(&mut self, now: Mono, event: SessionEvent<'_>, out: &mut Vec<SessionEffect>) {
        self.look_at_the_judge(now);
        match event {
            SessionEvent::Image(image) => self.follow(now, image),
            SessionEvent::Resigned => {
                self.brokers.clear();
                self.next = None;
            }
            SessionEvent::Heard { id, epoch, applied } => {
                if let Some(session) = self.brokers.get_mut(&id).filter(|one| one.epoch == epoch) {
                    (session.heard, session.slept) = (now, Duration::ZERO);
                    (session.dead, session.applied) = (false, applied);
                    (session.missing, session.asked) = (false, None);
                }
            }
            SessionEvent::Leaving { id, at } => {
                if let Some(session) = self.brokers.get_mut(&id) {
                    session.leaving_at.get_or_insert(at);
                }
            }
            SessionEvent::Closed { id, epoch } => {
                if let Some(session) = self.brokers.get_mut(&id).filter(|one| one.epoch == epoch) {
                    (session.missing, session.asked) = (true, Some(now));
                    out.push(SessionEffect::Probe { id, epoch, closed: now });
                }
            }
            SessionEvent::Dead { id, epoch, closed } => {
                // heard of since then, it was not dead
                if let Some(session) =
                    self.brokers.get_mut(&id).filter(|one| one.epoch == epoch && one.heard < closed)
                {
                    session.dead = true;
                    session.give_up(id, out);
                }
            }
            SessionEvent::Tick => self.give_up_the_silent(now, out),
        }
    }

    /// When time should pass next; none where this node is not the active controller, or nobody else takes part.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        self.next
    }

    /// Whether a broker has been heard of within its session.
    #[must_use]
    pub fn has_session(&self, now: Mono, id: BrokerId) -> bool {
        self.brokers.get(&id).is_some_and(|one| !one.is_over(now, self.settings.timeout))
    }

    /// Whether everybody who is heard of, but the broker itself, has applied that it leads nothing any more.
    #[must_use]
    pub fn is_handed_over(&self, now: Mono, id: BrokerId) -> bool {
        let Some(at) = self.brokers.get(&id).and_then(|one| one.leaving_at) else { return false };
        let others = self.brokers.iter().filter(|(other, _)| **other != id);
        others
            .filter(|(_, one)| !one.fenced && !one.is_over(now, self.settings.timeout))
            .all(|(_, one)| one.applied >= at)
    }

    /// Time that the judge slept through is nobody's silence. What came meanwhile waits in sockets: it has a while to be heard.
    fn look_at_the_judge(&mut self, now: Mono) {
        let Some(next) = self.next else { return };
        let step = self.step();
        let lag = now.since(next);
        if lag > step {
            for session in self.brokers.values_mut() {
                session.slept += lag;
            }
            self.patience = now.plus(self.settings.interval);
        }
        if now >= next {
            self.next = Some(now.plus(step));
        }
    }

    fn step(&self) -> Duration {
        (self.settings.interval / TICKS_PER_INTERVAL).max(Duration::from_millis(1))
    }

    fn follow(&mut self, now: Mono, image: &Image) {
        self.brokers
            .retain(|id, session| image.broker(*id).is_some_and(|broker| broker.epoch == session.epoch));
        for broker in image.brokers() {
            let new = || Session {
                epoch: broker.epoch,
                heard: now,
                slept: Duration::ZERO,
                dead: false,
                applied: Offset::NONE,
                leaving_at: None,
                missing: true,
                asked: None,
                fenced: broker.fenced,
            };
            let session = self.brokers.entry(broker.id).or_insert_with(new);
            session.fenced = broker.fenced;
        }
        let me = self.settings.me;
        let has_somebody = self.brokers.iter().any(|(id, session)| *id != me && !session.fenced);
        let first = now.plus(self.step());
        self.next = has_somebody.then(|| self.next.unwrap_or(first));
    }

    fn give_up_the_silent(&mut self, now: Mono, out: &mut Vec<SessionEffect>) {
        if now < self.patience {
            return;
        }
        let SessionSettings { me, timeout, interval } = self.settings;
        for (id, session) in self.brokers.iter_mut().filter(|(id, _)| **id != me) {
            if session.is_over(now, timeout) {
                session.give_up(*id, out);
            } else if session.may_be_dead(now, interval) {
                session.asked = Some(now);
                out.push(SessionEffect::Probe { id: *id, epoch: session.epoch, closed: now });
            }
        }
    }
}

impl Session {
    fn is_over(&self, now: Mono, timeout: Duration) -> bool {
        self.dead || self.silence(now) > timeout
    }

    /// For how long nothing was heard of it while the judge was awake.
    fn silence(&self, now: Mono) -> Duration {
        now.since(self.heard).saturating_sub(self.slept)
    }

    /// Whether its address is to be asked, and asked again: the sockets of a process that dies are closed one after the other, and
    /// the one that listens may be the last.
    fn may_be_dead(&self, now: Mono, interval: Duration) -> bool {
        let asked_lately = self.asked.is_some_and(|asked| now.since(asked) < interval);
        self.missing && !self.fenced && self.silence(now) > interval && !asked_lately
    }

    fn give_up(&mut self, id: BrokerId, out: &mut Vec<SessionEffect>) {
        if !self.fenced {
            self.fenced = true;
            out.push(SessionEffect::Fence { id, epoch: self.epoch });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Position, Record};
    use klamm_protocol::{BrokerRegistrationChangeRecord, RegisterBrokerRecord};

    const INTERVAL: u64 = 150;
    const TIMEOUT: u64 = 600;

    /// What happens at a time in milliseconds.
    enum At {
        Lead(u64),
        Resign(u64),
        Beat(u64, i32),
        Applied(u64, i32, i64),
        Leave(u64, i32, i64),
        Close(u64, i32),
        Dead(u64, i32, u64),
        Register(u64, i32, i64),
        /// Ticks as they are due, from the first time to the second.
        Watch(u64, u64),
        /// One tick, late.
        Tick(u64),
    }
    use At::*;

    fn mono(millis: u64) -> Mono {
        Mono(millis * 1_000_000)
    }

    fn image(brokers: &[(i32, i64)]) -> Image {
        let registered = brokers.iter().flat_map(|(id, epoch)| {
            let (broker_id, broker_epoch) = (*id, *epoch);
            let register = RegisterBrokerRecord { broker_id, broker_epoch, ..Default::default() };
            let unfence =
                BrokerRegistrationChangeRecord { broker_id, broker_epoch, fenced: -1, ..Default::default() };
            [Record::from(register), Record::from(unfence)]
        });
        let records: Vec<_> = registered.collect();
        Image::default().apply(&records, Position::default()).expect("they fit").0
    }

    struct Judge {
        sessions: Sessions,
        brokers: Vec<(i32, i64)>,
        told: Vec<String>,
    }

    impl Judge {
        fn new() -> Self {
            let settings = SessionSettings {
                me: BrokerId(0),
                interval: Duration::from_millis(INTERVAL),
                timeout: Duration::from_millis(TIMEOUT),
            };
            Self { sessions: Sessions::new(settings), brokers: vec![(1, 10), (2, 20)], told: Vec::new() }
        }

        fn event(&mut self, at: u64, event: SessionEvent<'_>) {
            let mut out = Vec::new();
            self.sessions.on_event(mono(at), event, &mut out);
            self.told.extend(out.into_iter().map(|effect| match effect {
                SessionEffect::Fence { id, epoch } => format!("{at} fence {id} of {epoch}"),
                SessionEffect::Probe { id, .. } => format!("{at} probe {id}"),
            }));
        }

        fn epoch(&self, id: i32) -> BrokerEpoch {
            BrokerEpoch(self.brokers.iter().find(|(one, _)| *one == id).map_or(-1, |(_, epoch)| *epoch))
        }

        fn on(&mut self, at: &At) {
            let heard = |this: &Self, id, applied| SessionEvent::Heard {
                id: BrokerId(id),
                epoch: this.epoch(id),
                applied: Offset(applied),
            };
            match *at {
                Lead(at) => self.event(at, SessionEvent::Image(&image(&self.brokers.clone()))),
                Resign(at) => self.event(at, SessionEvent::Resigned),
                Beat(at, id) => self.event(at, heard(self, id, 0)),
                Applied(at, id, applied) => self.event(at, heard(self, id, applied)),
                Leave(at, id, record) => {
                    self.event(at, SessionEvent::Leaving { id: BrokerId(id), at: Offset(record) });
                }
                Close(at, id) => {
                    let epoch = self.epoch(id);
                    self.event(at, SessionEvent::Closed { id: BrokerId(id), epoch });
                }
                Dead(at, id, closed) => {
                    let (epoch, closed) = (self.epoch(id), mono(closed));
                    self.event(at, SessionEvent::Dead { id: BrokerId(id), epoch, closed });
                }
                Register(at, id, epoch) => {
                    self.brokers.retain(|(one, _)| *one != id);
                    self.brokers.push((id, epoch));
                    self.event(at, SessionEvent::Image(&image(&self.brokers.clone())));
                }
                Watch(from, to) => {
                    let mut at = from;
                    while at <= to {
                        self.event(at, SessionEvent::Tick);
                        at = self.sessions.deadline().map_or(u64::MAX, |next| next.0 / 1_000_000).max(at + 1);
                    }
                }
                Tick(at) => self.event(at, SessionEvent::Tick),
            }
        }
    }

    fn check(events: &[At], expected: &[&str]) -> Judge {
        let mut judge = Judge::new();
        events.iter().for_each(|event| judge.on(event));
        assert_eq!(judge.told, expected);
        judge
    }

    #[test]
    fn silence_ends_a_session() {
        let asked =
            ["1200 probe 1", "1200 probe 2", "1350 probe 1", "1350 probe 2", "1500 probe 1", "1500 probe 2"];
        check(&[Lead(1000), Watch(1050, 1600)], &asked);
        check(
            &[
                Lead(1000),
                Watch(1050, 1150),
                Beat(1160, 2),
                Watch(1200, 1700),
                Beat(1700, 2),
                Watch(1701, 2000),
            ],
            &["1200 probe 1", "1350 probe 1", "1500 probe 1", "1650 fence 1 of 10"],
        );
        let given_up = ["1650 fence 1 of 10", "1650 fence 2 of 20"];
        check(&[Lead(1000), Watch(1050, 9000)], &[&asked[..], &given_up[..]].concat());
        // another registration is another session; heartbeats of the former say nothing
        check(
            &[Lead(1000), Beat(1500, 2), Register(1500, 1, 30), Watch(1550, 2000)],
            &["1700 probe 1", "1850 probe 1", "2000 probe 1"],
        );
        check(&[Lead(1000), Resign(1100), Watch(1150, 9000)], &[]);
        // who leads anew gives a whole session
        check(&[Lead(1000), Resign(1100), Lead(5000), Watch(5050, 5300)], &["5200 probe 1", "5200 probe 2"]);
    }

    #[test]
    fn a_dead_process_is_fenced_at_once() {
        check(
            &[Lead(1000), Beat(1100, 1), Close(1101, 1), Dead(1102, 1, 1101)],
            &["1101 probe 1", "1102 fence 1 of 10"],
        );
        // closed, but it listens: its session goes on, and it is asked again until it is heard of
        check(
            &[
                Lead(1000),
                Beat(1100, 1),
                Close(1101, 1),
                Beat(1102, 2),
                Watch(1150, 1400),
                Beat(1401, 1),
                Watch(1402, 1550),
                Beat(1551, 1),
                Beat(1552, 2),
                Watch(1553, 2100),
            ],
            &["1101 probe 1", "1300 probe 1"],
        );
        // the socket that listens was closed last
        check(
            &[
                Lead(1000),
                Beat(1100, 1),
                Close(1101, 1),
                Beat(1102, 2),
                Watch(1150, 1300),
                Dead(1301, 1, 1300),
            ],
            &["1101 probe 1", "1300 probe 1", "1301 fence 1 of 10"],
        );
        // it came back before the answer
        check(
            &[Lead(1000), Beat(1100, 1), Close(1101, 1), Beat(1102, 1), Dead(1103, 1, 1101)],
            &["1101 probe 1"],
        );
        // the judge was late itself: who is dead is dead
        check(
            &[Lead(1000), Beat(1100, 1), Close(1101, 1), Dead(1900, 1, 1101)],
            &["1101 probe 1", "1900 fence 1 of 10"],
        );
        // its next life has registered before the answer
        check(&[Lead(1000), Close(1101, 1), Register(1102, 1, 30), Dead(1103, 1, 1101)], &["1101 probe 1"]);
        let judge = check(
            &[Lead(1000), Close(1101, 1), Dead(1102, 1, 1101), Watch(1150, 1500)],
            &["1101 probe 1", "1102 fence 1 of 10", "1251 probe 2", "1401 probe 2"],
        );
        assert!(!judge.sessions.has_session(mono(1500), BrokerId(1)), "its next life may register");
        assert!(judge.sessions.has_session(mono(1500), BrokerId(2)));
    }

    #[test]
    fn the_judges_own_sleep_is_nobodys_silence() {
        // it sleeps for two seconds; the heartbeats that came meanwhile are read after it has looked
        check(
            &[Lead(1000), Watch(1050, 1100), Tick(3200), Beat(3201, 1), Beat(3201, 2), Watch(3250, 3800)],
            &[],
        );
        // who is missing is asked for again
        check(
            &[Lead(1000), Watch(1050, 1300), Tick(3300), Beat(3301, 2), Watch(3301, 3600)],
            &["1200 probe 1", "1200 probe 2", "3450 probe 1", "3600 fence 1 of 10"],
        );
        // always late: slower, but it does judge
        let mut events = vec![Lead(1000)];
        events.extend((1..40).map(|step| At::Tick(1000 + step * 90)));
        let asked =
            ["1180", "1360", "1540"].map(|at| [format!("{at} probe 1"), format!("{at} probe 2")]).concat();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        check(&events, &[&asked[..], &["1630 fence 1 of 10", "1630 fence 2 of 20"]].concat());
    }

    #[test]
    fn who_died_with_the_former_controller_is_looked_for() {
        check(
            &[
                Lead(1000),
                Beat(1100, 2),
                Watch(1101, 1200),
                Dead(1201, 1, 1200),
                Beat(1250, 2),
                Watch(1251, 1600),
            ],
            &["1200 probe 1", "1201 fence 1 of 10"],
        );
        // it listens: it is late, and has its session
        check(&[Lead(1000), Beat(1100, 2), Watch(1101, 1300), Beat(1301, 1)], &["1200 probe 1"]);
    }

    #[test]
    fn the_judge_does_not_judge_itself() {
        let mut judge = Judge::new();
        judge.brokers = vec![(0, 5)];
        judge.on(&Lead(1000));
        assert_eq!(judge.sessions.deadline(), None, "there is nobody to look at");
        // who comes later has a whole session from then on, however long nobody was looked at
        judge.brokers.push((1, 10));
        judge.on(&Lead(9000));
        judge.on(&Watch(9050, 9700));
        assert_eq!(judge.told, ["9200 probe 1", "9350 probe 1", "9500 probe 1", "9650 fence 1 of 10"]);
    }

    #[test]
    fn handed_over_is_what_the_others_know() {
        let check = |events: &[At], at, expected| {
            let mut judge = Judge::new();
            events.iter().for_each(|event| judge.on(event));
            assert_eq!(judge.sessions.is_handed_over(mono(at), BrokerId(1)), expected);
        };
        check(&[Lead(1000)], 1001, false);
        check(&[Lead(1000), Leave(1001, 1, 40)], 1002, false);
        check(&[Lead(1000), Leave(1001, 1, 40), Applied(1003, 2, 39)], 1004, false);
        check(&[Lead(1000), Leave(1001, 1, 40), Applied(1003, 2, 40)], 1004, true);
        check(&[Lead(1000), Leave(1001, 1, 40), Leave(1005, 1, 50), Applied(1006, 2, 40)], 1007, true);
        check(&[Lead(1000), Leave(1001, 1, 40)], 1700, true); // the other one is silent
    }
}
