//! Three replicas, a controller and a network that reorders and loses: everything drawn from one seed.

use crate::{
    Acks, Durability, Effect, EpochEnd, Event, Fate, Leadership, Member, PartitionEpoch, Proposal, Replica,
    ReplicaSettings,
};
use klamm_types::{BrokerEpoch, BrokerId, LeaderEpoch, Mono, Now, Offset, Wall};
use std::{collections::BTreeMap, time::Duration};

pub(super) const NODES: usize = 3;
const LAG_MAX: Duration = Duration::from_secs(30);

/// What must never happen.
pub(super) type Violation = String;

pub(super) struct Random(pub(super) u64);

impl Random {
    /// xorshift64*: enough to draw from.
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 33) as usize) % bound
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    epoch: LeaderEpoch,
    value: u64,
}

/// The epochs of a log, as `klamm-log` keeps them.
#[derive(Default)]
struct Epochs(Vec<(LeaderEpoch, Offset)>);

impl Epochs {
    fn assign(&mut self, epoch: LeaderEpoch, start: Offset) {
        if self.0.last().is_none_or(|last| last.0 != epoch) {
            self.0.retain(|one| one.0 < epoch && one.1 < start);
            self.0.push((epoch, start));
        }
    }

    fn end_of(&self, epoch: LeaderEpoch, end: Offset) -> Option<EpochEnd> {
        let last = self.0.last()?;
        if epoch == last.0 {
            return Some(EpochEnd { epoch, end });
        }
        let higher = self.0.iter().position(|one| one.0 > epoch)?;
        let epoch = higher.checked_sub(1).map_or(epoch, |floor| self.0[floor].0);
        Some(EpochEnd { epoch, end: self.0[higher].1 })
    }
}

struct Node {
    replica: Replica<u64>,
    log: Vec<Record>,
    epochs: Epochs,
    synced: usize,
    /// What was checkpointed.
    high_watermark: Offset,
    registered: BrokerEpoch,
    up: bool,
    /// The fetch that is under way; an answer to another is late.
    fetching: u64,
}

#[derive(Clone)]
enum Message {
    Fetch {
        id: u64,
        from: usize,
        to: usize,
        as_epoch: BrokerEpoch,
        epoch: LeaderEpoch,
        offset: Offset,
        last: LeaderEpoch,
    },
    Fetched {
        id: u64,
        to: usize,
        epoch: LeaderEpoch,
        answer: Answer,
    },
    Alter {
        from: usize,
        proposal: Proposal,
    },
    Altered {
        to: usize,
        proposal: Proposal,
        fate: Fate,
    },
}

#[derive(Clone)]
enum Answer {
    Records { from: Offset, records: Vec<Record>, high_watermark: Offset },
    Diverging(EpochEnd),
    OutOfRange(Offset),
}

struct Controller {
    epoch: LeaderEpoch,
    partition_epoch: PartitionEpoch,
    leader: Option<usize>,
    in_sync: Vec<usize>,
    fenced: [bool; NODES],
    registered: [BrokerEpoch; NODES],
}

pub(super) struct Cluster {
    random: Random,
    now: Now,
    durability: Durability,
    nodes: Vec<Node>,
    controller: Controller,
    messages: Vec<Message>,
    /// What is stuck somewhere, and comes late.
    stuck: Vec<Message>,
    next: u64,
    /// What was acknowledged, by offset.
    acked: BTreeMap<u64, u64>,
    /// Where values were appended.
    appended: BTreeMap<u64, u64>,
    /// What anybody has seen as committed.
    committed: Vec<Record>,
    pub(super) elections: u64,
    pub(super) truncations: u64,
    pub(super) changes: u64,
}

fn id(node: usize) -> BrokerId {
    BrokerId(node as i32)
}

impl Cluster {
    pub(super) fn new(seed: u64, durability: Durability) -> Self {
        let node = |at: usize| Node {
            replica: Replica::new(id(at), Offset(0), Offset(0), Offset(0)),
            log: Vec::new(),
            epochs: Epochs::default(),
            synced: 0,
            high_watermark: Offset(0),
            registered: BrokerEpoch(at as i64),
            up: true,
            fetching: 0,
        };
        Self {
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            now: Now { mono: Mono(1), wall: Wall(0) },
            durability,
            nodes: (0..NODES).map(node).collect(),
            controller: Controller {
                epoch: LeaderEpoch(0),
                partition_epoch: PartitionEpoch(0),
                leader: Some(0),
                in_sync: (0..NODES).collect(),
                fenced: [false; NODES],
                registered: std::array::from_fn(|at| BrokerEpoch(at as i64)),
            },
            messages: Vec::new(),
            stuck: Vec::new(),
            next: 100,
            acked: BTreeMap::new(),
            appended: BTreeMap::new(),
            committed: Vec::new(),
            elections: 0,
            truncations: 0,
            changes: 0,
        }
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// One thing that may happen, drawn.
    pub(super) fn step(&mut self) -> Result<(), Violation> {
        let node = self.random.below(NODES);
        match self.random.below(400) {
            0..60 => self.produce(node),
            60..160 => self.fetch(node),
            160..300 => self.deliver(),
            300..345 => self.publish(node),
            345..365 => self.sync(node),
            365..375 => {
                let millis = [1, 1_000, 20_000][self.random.below(3)];
                self.now.mono = self.now.mono.plus(Duration::from_millis(millis));
                Ok(())
            }
            375..379 => self.tell(node, Event::Tick),
            379..382 => {
                self.messages.append(&mut self.stuck);
                Ok(())
            }
            382..387 => self.lose(),
            387..390 => self.crash(node),
            390..396 => self.restart(node),
            396..398 => {
                self.fence(node);
                Ok(())
            }
            _ => {
                self.unfence(node);
                Ok(())
            }
        }
    }

    /// Everybody comes back, nothing is lost any more: then everything must be in sync, committed and the same.
    pub(super) fn heal(&mut self) -> Result<(), Violation> {
        for node in 0..NODES {
            self.restart(node)?;
            self.unfence(node);
        }
        for _ in 0..60 {
            self.messages.append(&mut self.stuck);
            for node in 0..NODES {
                self.publish(node)?;
                self.sync(node)?;
                self.nodes[node].fetching = 0;
                self.fetch(node)?;
                self.tell(node, Event::Tick)?;
            }
            while !self.messages.is_empty() {
                self.deliver()?;
            }
        }
        let first = &self.nodes[0].log;
        for (at, node) in self.nodes.iter().enumerate() {
            if &node.log != first || node.replica.high_watermark().0 != first.len() as i64 {
                return Err(format!("node {at} is not the same after healing: {:?}", node.replica));
            }
        }
        match self.controller.in_sync.len() {
            NODES => Ok(()),
            some => Err(format!("only {some} are in sync after healing")),
        }
    }

    fn produce(&mut self, at: usize) -> Result<(), Violation> {
        let value = self.fresh();
        let node = &mut self.nodes[at];
        if !node.up || node.replica.admit(Acks::All).is_err() {
            return Ok(());
        }
        let epoch = node.replica.epoch();
        node.log.push(Record { epoch, value });
        let end = Offset(node.log.len() as i64);
        self.appended.insert(value, end.0 as u64 - 1);
        self.tell(at, Event::Appended { end })?;
        self.tell(at, Event::Await { end, token: value })
    }

    fn fetch(&mut self, at: usize) -> Result<(), Violation> {
        let id = self.fresh();
        let retry = self.random.below(5) == 0; // it gives up on the one under way
        let node = &mut self.nodes[at];
        if let Some(position) = node.replica.position().filter(|_| node.up && (node.fetching == 0 || retry)) {
            node.fetching = id;
            let last = node.epochs.0.last().map_or(LeaderEpoch::NONE, |last| last.0);
            let way = if self.random.below(8) == 0 { &mut self.stuck } else { &mut self.messages };
            way.push(Message::Fetch {
                id,
                from: at,
                to: position.leader.0 as usize,
                as_epoch: node.registered,
                epoch: position.epoch,
                offset: position.offset,
                last,
            });
        }
        Ok(())
    }

    fn deliver(&mut self) -> Result<(), Violation> {
        if self.messages.is_empty() {
            return Ok(());
        }
        let at = self.random.below(self.messages.len());
        match self.messages.swap_remove(at) {
            Message::Fetch { id, from, to, as_epoch, epoch, offset, last } => {
                self.serve(id, (from, to), as_epoch, epoch, (offset, last))
            }
            Message::Fetched { id, to, epoch, answer } => self.fetched(id, to, epoch, answer),
            Message::Alter { from, proposal } => {
                let fate = self.alter(from, &proposal);
                self.messages.push(Message::Altered { to: from, proposal, fate });
                Ok(())
            }
            Message::Altered { to, proposal, fate } => {
                let Proposal { epoch, partition_epoch, .. } = proposal;
                self.tell(to, Event::Decided { epoch, partition_epoch, fate })
            }
        }
    }

    /// A message is lost. A leader notices that it gets no answer.
    fn lose(&mut self) -> Result<(), Violation> {
        if self.messages.is_empty() {
            return Ok(());
        }
        let at = self.random.below(self.messages.len());
        match self.messages.swap_remove(at) {
            Message::Alter { from: to, proposal } | Message::Altered { to, proposal, .. } => {
                let Proposal { epoch, partition_epoch, .. } = proposal;
                self.tell(to, Event::Decided { epoch, partition_epoch, fate: Fate::NoAnswer })
            }
            Message::Fetch { .. } | Message::Fetched { .. } => Ok(()),
        }
    }

    fn serve(
        &mut self,
        fetch: u64,
        (from, to): (usize, usize),
        as_epoch: BrokerEpoch,
        epoch: LeaderEpoch,
        (offset, last): (Offset, LeaderEpoch),
    ) -> Result<(), Violation> {
        let node = &self.nodes[to];
        if !node.up || !node.replica.is_leader() || node.replica.epoch() != epoch {
            return Ok(());
        }
        let end = Offset(node.log.len() as i64);
        let parts = node.epochs.end_of(last, end).filter(|known| known.epoch < last || known.end < offset);
        let answer = if let Some(known) = parts {
            Answer::Diverging(known)
        } else if offset > end {
            Answer::OutOfRange(end)
        } else {
            let follower = Event::Fetched {
                follower: id(from),
                broker_epoch: Some(as_epoch),
                log_start: Offset(0),
                end: offset,
            };
            let records = node.log[offset.0 as usize..].iter().take(2).copied().collect();
            self.tell(to, follower)?;
            let high_watermark = self.nodes[to].replica.high_watermark();
            Answer::Records { from: offset, records, high_watermark }
        };
        self.messages.push(Message::Fetched { id: fetch, to: from, epoch, answer });
        Ok(())
    }

    fn fetched(&mut self, id: u64, at: usize, epoch: LeaderEpoch, answer: Answer) -> Result<(), Violation> {
        let node = &mut self.nodes[at];
        if !node.up || node.fetching != id || node.replica.is_leader() || node.replica.epoch() != epoch {
            return Ok(());
        }
        node.fetching = 0;
        let end = Offset(node.log.len() as i64);
        match answer {
            Answer::Records { from, records, high_watermark } if from == end => {
                for record in &records {
                    let start = Offset(node.log.len() as i64);
                    node.epochs.assign(record.epoch, start);
                    node.log.push(*record);
                }
                let end = Offset(node.log.len() as i64);
                self.tell(at, Event::Appended { end })?;
                let (log_start, own_start) = (Offset(0), Offset(0));
                self.tell(at, Event::LeaderOffsets { high_watermark, log_start, own_start })
            }
            Answer::Records { .. } => Ok(()),
            Answer::Diverging(leader) => {
                let own = node.epochs.end_of(leader.epoch, end);
                self.tell(at, Event::Diverged { leader, own })
            }
            Answer::OutOfRange(end) => self.tell(at, Event::OutOfRange { start: Offset(0), end }),
        }
    }

    fn sync(&mut self, at: usize) -> Result<(), Violation> {
        let node = &mut self.nodes[at];
        node.synced = node.log.len();
        node.high_watermark = node.replica.high_watermark();
        let end = Offset(node.synced as i64);
        self.tell(at, Event::Synced { end })
    }

    fn crash(&mut self, at: usize) -> Result<(), Violation> {
        // without fsync a loss of power is survived while another in-sync replica has everything, and keeps it
        let others = self.controller.in_sync.iter().any(|other| *other != at);
        let lossy = match self.durability {
            Durability::Fsync => self.random.below(2) == 0,
            Durability::Replicated => others && self.random.below(2) == 0,
        };
        let node = &mut self.nodes[at];
        if !node.up {
            return Ok(());
        }
        node.up = false;
        if lossy {
            node.log.truncate(node.synced);
            let end = Offset(node.synced as i64);
            node.epochs.0.retain(|one| one.1 < end);
            self.fence(at);
        }
        Ok(())
    }

    fn restart(&mut self, at: usize) -> Result<(), Violation> {
        if self.nodes[at].up {
            return Ok(());
        }
        self.fence(at);
        let registered = BrokerEpoch(self.fresh() as i64);
        self.controller.registered[at] = registered;
        let node = &mut self.nodes[at];
        let end = Offset(node.log.len() as i64);
        node.registered = registered;
        node.synced = node.log.len();
        node.replica = Replica::new(id(at), node.high_watermark.min(end), end, end);
        node.fetching = 0;
        node.up = true;
        self.unfence(at);
        self.publish(at)
    }

    fn fence(&mut self, at: usize) {
        if self.controller.fenced[at] {
            return;
        }
        self.controller.fenced[at] = true;
        if self.controller.in_sync.len() > 1 {
            self.controller.in_sync.retain(|one| *one != at);
        }
        if self.controller.leader == Some(at) {
            self.controller.leader = None;
            self.controller.epoch.0 += 1;
        }
        self.controller.partition_epoch.0 += 1;
        self.elect();
    }

    fn unfence(&mut self, at: usize) {
        if self.nodes[at].up {
            self.controller.fenced[at] = false;
            self.elect();
        }
    }

    fn elect(&mut self) {
        let controller = &mut self.controller;
        let ready: Vec<_> =
            controller.in_sync.iter().copied().filter(|one| !controller.fenced[*one]).collect();
        if controller.leader.is_none() && !ready.is_empty() {
            controller.leader = Some(ready[self.random.below(ready.len())]);
            controller.epoch.0 += 1;
            controller.partition_epoch.0 += 1;
            self.elections += 1;
        }
    }

    fn alter(&mut self, from: usize, proposal: &Proposal) -> Fate {
        let controller = &mut self.controller;
        if controller.leader != Some(from)
            || controller.epoch != proposal.epoch
            || controller.partition_epoch != proposal.partition_epoch
        {
            return Fate::Outdated;
        }
        for candidate in &proposal.in_sync {
            let at = candidate.id.0 as usize;
            let known = candidate.epoch.is_none_or(|epoch| epoch == controller.registered[at]);
            if controller.fenced[at] || !known {
                return Fate::NotTaken;
            }
        }
        controller.in_sync = proposal.in_sync.iter().map(|candidate| candidate.id.0 as usize).collect();
        controller.partition_epoch.0 += 1;
        self.changes += 1;
        let in_sync = controller.in_sync.iter().copied().map(id).collect();
        Fate::Taken { partition_epoch: controller.partition_epoch, in_sync }
    }

    /// The metadata reaches a node.
    fn publish(&mut self, at: usize) -> Result<(), Violation> {
        if !self.nodes[at].up {
            return Ok(());
        }
        let controller = &self.controller;
        let (epoch, leads) = (controller.epoch, controller.leader == Some(at));
        let settings = ReplicaSettings {
            min_in_sync: 2,
            durability: self.durability,
            lag_max: LAG_MAX,
            ..Default::default()
        };
        let event = if leads {
            let member = |at: usize| Member {
                id: id(at),
                epoch: Some(controller.registered[at]),
                eligible: !controller.fenced[at],
                adding: false,
            };
            Event::Lead(Leadership {
                epoch,
                partition_epoch: controller.partition_epoch,
                replicas: (0..NODES).map(member).collect(),
                in_sync: controller.in_sync.iter().copied().map(id).collect(),
            })
        } else {
            Event::Follow { epoch, leader: controller.leader.map(id) }
        };
        let node = &mut self.nodes[at];
        if leads && epoch > node.replica.epoch() {
            let end = Offset(node.log.len() as i64);
            node.epochs.assign(epoch, end);
            self.check_leader(at)?;
        }
        self.tell(at, Event::Configured(settings))?;
        self.tell(at, event)
    }

    /// Whoever leads has everything that was acknowledged.
    fn check_leader(&self, at: usize) -> Result<(), Violation> {
        let log = &self.nodes[at].log;
        let lost = self
            .acked
            .iter()
            .find(|(offset, value)| log.get(**offset as usize).is_none_or(|record| record.value != **value));
        match lost {
            None => Ok(()),
            Some((offset, _)) => Err(format!("acknowledged record {offset} is not at leader {at}")),
        }
    }

    fn tell(&mut self, at: usize, event: Event<u64>) -> Result<(), Violation> {
        if !self.nodes[at].up {
            return Ok(());
        }
        let mut effects = Vec::new();
        let _rejected = self.nodes[at].replica.on_event(self.now, event, &mut effects); // changes nothing
        effects.into_iter().try_for_each(|effect| self.carry_out(at, effect))
    }

    fn carry_out(&mut self, at: usize, effect: Effect<u64>) -> Result<(), Violation> {
        match effect {
            Effect::HighWatermark(to) => self.see_committed(at, to),
            Effect::Acknowledge(value) => {
                self.acked.insert(self.appended[&value], value);
                Ok(())
            }
            Effect::Refuse(..) | Effect::LogStart(_) | Effect::Drained | Effect::Resume => Ok(()),
            Effect::Propose(proposal) => {
                self.messages.push(Message::Alter { from: at, proposal });
                Ok(())
            }
            Effect::Truncate(to) => {
                self.truncations += 1;
                let node = &mut self.nodes[at];
                node.log.truncate(to.0 as usize);
                node.synced = node.synced.min(node.log.len());
                let end = Offset(node.log.len() as i64);
                node.epochs.0.retain(|one| one.1 < end);
                self.tell(at, Event::Truncated { end })
            }
            Effect::BeginAt(_) => Err("nobody deletes records here".to_owned()),
        }
    }

    /// What is committed is the same for everybody, for ever.
    fn see_committed(&mut self, at: usize, to: Offset) -> Result<(), Violation> {
        let log = &self.nodes[at].log[..to.0 as usize];
        let known = self.committed.len().min(log.len());
        if log[..known] != self.committed[..known] {
            return Err(format!("node {at} has something else committed below {to}"));
        }
        self.committed.extend_from_slice(&log[known..]);
        Ok(())
    }
}
