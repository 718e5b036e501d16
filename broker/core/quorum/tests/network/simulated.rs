//! A network of machines: one to five voters and an observer, messages that are lost, late and out of order, crashes that lose
//! what was not durable, partitions, lost disks, voters that come and go. All of it from one number.

use super::{
    disk::{Disk, Snapshot},
    oracle::Oracle,
};
use klamm_quorum::*;
use klamm_types::{BrokerId, Bytes, DirectoryId, LeaderEpoch, Mono, Now, Offset, Uuid, Wall};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const MILLI: u64 = 1_000_000;
const REQUEST_TIMEOUT: u64 = 500 * MILLI;
/// Faults end here.
const STORM: u64 = 20_000 * MILLI;
/// The voters stay who they are from here on.
const SETTLED: u64 = 30_000 * MILLI;
/// By then everything must be well.
const CALM: u64 = 40_000 * MILLI;

/// What a run has reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reached {
    elections: u64,
    truncations: u64,
    snapshots_fetched: u64,
    voters_added: u64,
    voters_removed: u64,
    disks_lost: u64,
    crashes: u64,
    resignations: u64,
    committed: u64,
    pub trace: u64,
}

impl Reached {
    pub fn counts(&self) -> [(&'static str, u64); 9] {
        [
            ("elections", self.elections),
            ("truncations", self.truncations),
            ("snapshots fetched", self.snapshots_fetched),
            ("voters added", self.voters_added),
            ("voters removed", self.voters_removed),
            ("disks lost", self.disks_lost),
            ("crashes", self.crashes),
            ("resignations", self.resignations),
            ("committed", self.committed),
        ]
    }

    pub fn add(&mut self, other: &Self) {
        self.elections += other.elections;
        self.truncations += other.truncations;
        self.snapshots_fetched += other.snapshots_fetched;
        self.voters_added += other.voters_added;
        self.voters_removed += other.voters_removed;
        self.disks_lost += other.disks_lost;
        self.crashes += other.crashes;
        self.resignations += other.resignations;
        self.committed += other.committed;
    }
}

struct Node {
    disk: Disk,
    machine: Option<Quorum>,
    incarnation: u64,
    /// What this incarnation knows to be committed.
    committed: Offset,
    /// Changes with each truncation: a sync that began before says nothing of what came after.
    cuts: u64,
}

#[derive(Debug)]
enum Step {
    Deliver { to: usize, from: usize, incarnation: u64, id: RequestId, request: Request },
    Answered { to: usize, incarnation: u64, id: RequestId, answer: Result<Answer, Failure> },
    Synced { node: usize, incarnation: u64, cuts: u64, end: Offset },
    Snapshotted { node: usize, incarnation: u64, id: SnapshotId },
    Crash { node: usize, incarnation: u64 },
    Restart { node: usize },
    Fault,
    Work,
}

/// Who waits for the answer to a call: the node, its incarnation, who was asked, by which request, and whether for a vote.
type Caller = (usize, u64, usize, RequestId, bool);

pub struct Network {
    random: u64,
    now: u64,
    steps: BTreeMap<(u64, u64), Step>,
    counter: u64,
    nodes: Vec<Node>,
    cut: BTreeSet<(usize, usize)>,
    calls: BTreeMap<CallId, Option<Caller>>,
    open: BTreeSet<(usize, u64, RequestId)>,
    snapshots: BTreeMap<SnapshotId, Snapshot>,
    oracle: Oracle,
    reached: Reached,

    loss: u64,
}

type Checked = Result<(), String>;

impl Network {
    pub fn new(seed: u64) -> Self {
        let mut this = Self {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xabcd,
            now: 0,
            steps: BTreeMap::new(),
            counter: 0,
            nodes: Vec::new(),
            cut: BTreeSet::new(),
            calls: BTreeMap::new(),
            open: BTreeSet::new(),
            snapshots: BTreeMap::new(),
            oracle: Oracle::default(),
            reached: Reached::default(),

            loss: 0,
        };
        this.loss = [0, 2, 10][this.below(3) as usize];
        let voting = 1 + this.below(5) as usize;
        let keys: Vec<_> = (0..voting.max(2) + 1).map(|id| this.key(id)).collect();
        let voters: Voters = keys.iter().take(voting).map(|key| voter(*key)).collect();
        for (id, key) in keys.iter().enumerate() {
            let known = if id < voting { voters.clone() } else { Voters::default() };
            this.nodes.push(Node {
                disk: Disk::format(*key, known),
                machine: None,
                incarnation: 0,
                committed: Offset(0),
                cuts: 0,
            });
            this.at(this.below_millis(50), Step::Restart { node: id });
        }
        this.at(100 * MILLI, Step::Fault);
        this.at(100 * MILLI, Step::Work);
        this
    }

    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn below_millis(&self, end: u64) -> u64 {
        (self.random >> 20) % (end * MILLI)
    }

    fn key(&mut self, id: usize) -> ReplicaKey {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        ReplicaKey { id: BrokerId(id as i32), directory: DirectoryId(Uuid(bytes)) }
    }

    fn at(&mut self, after: u64, step: Step) {
        self.counter += 1;
        self.steps.insert((self.now + after, self.counter), step);
    }

    fn delay(&mut self) -> u64 {
        let slow = self.below(20) == 0;
        (1 + self.below(if slow { 200 } else { 5 })) * MILLI / 2
    }

    pub fn run(mut self) -> Result<Reached, String> {
        let mut idle = 0;
        while self.now < CALM {
            let due = (0..self.nodes.len())
                .filter_map(|node| Some((self.nodes[node].machine.as_ref()?.deadline()?.0, node)))
                .min();
            let next = self.steps.keys().next().copied();
            match (due, next) {
                (Some((at, node)), next) if next.is_none_or(|(time, _)| at <= time) => {
                    idle = if at > self.now { 0 } else { idle + 1 };
                    if idle > 1000 {
                        return Err(format!("node {node} spins: {:?}", self.nodes[node].machine));
                    }
                    self.now = self.now.max(at);
                    self.event(node, Event::Tick)?;
                }
                (_, Some(key)) => {
                    idle = 0;
                    self.now = key.0;
                    let step = self.steps.remove(&key).expect("it was just seen");
                    self.take(step)?;
                }
                _ => return Err("nothing will ever happen again".to_owned()),
            }
        }
        self.is_well()?;
        self.reached.committed = self.oracle.committed.len() as u64;
        self.reached.trace = self.random;
        Ok(self.reached)
    }

    /// In the end there is one leader, and everybody has everything.
    fn is_well(&self) -> Checked {
        let leaders = self.nodes.iter().filter(|node| node.leads());
        let leaders: Vec<_> = leaders.map(|node| node.disk.key.id).collect();
        if leaders.len() != 1 {
            let roles: Vec<_> = self
                .nodes
                .iter()
                .map(|node| {
                    let voters =
                        |one: &Quorum| one.voters().iter().map(|voter| voter.key).collect::<Vec<_>>();
                    let of = |one: &Quorum| format!("{:?} {:?} {:?}", one.role(), one.state(), voters(one));
                    let log = (node.disk.end(), node.disk.shape().last_epoch(), node.committed);
                    format!("{:?} {log:?} {:?}", node.disk.key, node.machine.as_ref().map(of))
                })
                .collect();
            return Err(format!("after the storm there are the leaders {leaders:?}: {roles:#?}"));
        }
        let end = self.oracle.committed.len() as i64;
        for node in &self.nodes {
            if node.committed.0 + 50 < end {
                return Err(format!(
                    "after the storm {} knows {} of {end}: {:#?}",
                    node.disk.key.id, node.committed, node.machine
                ));
            }
        }
        Ok(())
    }

    fn take(&mut self, step: Step) -> Checked {
        match step {
            Step::Deliver { to, from, incarnation, id, request } => {
                if self.nodes[to].machine.is_none() {
                    let failure = if self.below(2) == 0 { Failure::Refused } else { Failure::Lost };
                    let after = if failure == Failure::Refused { MILLI } else { REQUEST_TIMEOUT };
                    self.at(after, Step::Answered { to: from, incarnation, id, answer: Err(failure) });
                    return Ok(());
                }
                self.counter += 1;
                let call = CallId(self.counter);
                let standard = matches!(&request, Request::Vote { pre_vote: false, .. });
                self.calls.insert(call, Some((from, incarnation, to, id, standard)));
                self.event(to, Event::Asked { call, request })
            }
            Step::Answered { to, incarnation, id, answer } => {
                if self.open.remove(&(to, incarnation, id)) && self.nodes[to].incarnation == incarnation {
                    return self.event(to, Event::Answered { request: id, answer });
                }
                Ok(())
            }
            Step::Synced { node, incarnation, cuts, end } => {
                let one = &mut self.nodes[node];
                if one.incarnation != incarnation || one.cuts != cuts || one.machine.is_none() {
                    return Ok(());
                }
                one.disk.durable = one.disk.durable.max(end);
                self.event(node, Event::Durable { end })
            }
            Step::Snapshotted { node, incarnation, id } => self.snapshotted(node, incarnation, id),
            Step::Crash { node, incarnation } => {
                if self.nodes[node].machine.is_some() && self.nodes[node].incarnation == incarnation {
                    self.crash(node);
                    let soon = self.below(10) * MILLI;
                    self.at(soon, Step::Restart { node });
                }
                Ok(())
            }
            Step::Restart { node } => self.start(node),
            Step::Fault => self.fault(),
            Step::Work => self.work(),
        }
    }

    fn start(&mut self, node: usize) -> Checked {
        if self.nodes[node].machine.is_some() {
            return Ok(());
        }
        let seed = self.next();
        let bootstrap = self.nodes.len();
        let now = self.clock();
        let one = &mut self.nodes[node];
        one.incarnation += 1;
        let millis = Duration::from_millis;
        let snapshot = one.disk.last_snapshot();
        let start = Start {
            me: one.disk.key,
            endpoints: vec![endpoint(one.disk.key.id)],
            voters: one.disk.voters(),
            state: one.disk.state,
            log: one.disk.shape(),
            snapshot,
            bytes_since_snapshot: 0,
            policy: SnapshotPolicy { bytes: 300, interval: None },
            timeouts: Timeouts::new(millis(300), millis(600), millis(200), millis(20)),
            bootstrap,
            seed,
        };
        one.committed = one.disk.begin().end;
        one.machine = Some(Quorum::new(now, start));
        self.event(node, Event::Tick)
    }

    fn clock(&self) -> Now {
        Now { mono: Mono(self.now), wall: Wall((self.now / MILLI) as i64) }
    }

    fn event(&mut self, node: usize, event: Event) -> Checked {
        let now = self.clock();
        let Some(machine) = &mut self.nodes[node].machine else { return Ok(()) };
        let mut effects = Vec::new();
        let text = format!("{event:?}");
        machine.on_event(now, event, &mut effects).map_err(|error| format!("{error} ({text})"))?;
        // a crash may come between any two effects
        let stop = if self.now < STORM && self.below(3000) == 0 {
            self.below(effects.len() as u64 + 1) as usize
        } else {
            usize::MAX
        };
        for (index, effect) in effects.into_iter().enumerate() {
            if index == stop {
                self.crash(node);
                return Ok(());
            }
            self.carry_out(node, effect)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, node: usize, effect: Effect) -> Checked {
        match effect {
            Effect::Persist(state) => {
                let key = self.nodes[node].disk.key;
                if let Some(leader) = state.leader {
                    self.oracle.leader(state.epoch, leader)?;
                }
                if state.voted == Some(key) {
                    self.oracle.vote(key, state.epoch, key)?;
                }
                self.nodes[node].disk.state = Some(state);
            }
            Effect::Append { epoch, base, payload, .. } => self.append(node, epoch, base, &payload)?,
            Effect::AppendFetched { batches, .. } => {
                let from = self.nodes[node].disk.end();
                self.nodes[node].disk.append_fetched(&batches);
                self.oracle.appended(&self.nodes[node].disk, from)?;
                self.sync_later(node);
            }
            Effect::Truncate { end } => {
                self.reached.truncations += 1;
                self.nodes[node].disk.truncate(end);
                self.nodes[node].cuts += 1;
                if self.nodes[node].disk.durable < end {
                    self.sync_later(node);
                }
            }
            Effect::Send { id, to, request, after } => {
                self.obey(node, after);
                let to = match to {
                    Target::Node(id) => id.0 as usize,
                    Target::Bootstrap(index) => index,
                };
                let incarnation = self.nodes[node].incarnation;
                self.open.insert((node, incarnation, id));
                self.at(
                    REQUEST_TIMEOUT,
                    Step::Answered { to: node, incarnation, id, answer: Err(Failure::Lost) },
                );
                if !self.is_lost(node, to) {
                    let delay = self.delay();
                    self.at(delay, Step::Deliver { to, from: node, incarnation, id, request });
                }
            }
            Effect::Answer { call, answer, after } => {
                self.obey(node, after);
                self.reply(node, call, answer)?;
            }
            Effect::Commit { end } => {
                let one = &mut self.nodes[node];
                let epoch = one.machine.as_ref().map(Quorum::epoch).unwrap_or_default();
                self.oracle.commit(&one.disk, epoch, one.committed, end)?;
                if end < one.committed {
                    return Err(format!("the high watermark falls from {} to {end}", one.committed));
                }
                one.committed = end;
            }
            Effect::Lead { epoch } => self.oracle.leader(epoch, self.nodes[node].disk.key.id)?,
            Effect::Yield { .. } => {}
            Effect::Snapshot(id) => {
                let (incarnation, delay) = (self.nodes[node].incarnation, self.delay());
                self.at(delay, Step::Snapshotted { node, incarnation, id });
            }
            Effect::Superseded(id) => self.nodes[node].disk.superseded(id),
            Effect::StorePiece { id, position, bytes } => {
                let have = self.nodes[node].disk.pieces.filter(|(one, _)| *one == id && position > 0);
                if have.map_or(0, |(_, have)| have) != position {
                    return Err(format!("a piece of {id} at {position} does not fit"));
                }
                self.nodes[node].disk.pieces = Some((id, position + bytes.len() as u64));
            }
            Effect::InstallSnapshot(id) => {
                let snapshot = self.snapshots[&id].clone();
                self.oracle.snapshot(&snapshot.records)?;
                self.reached.snapshots_fetched += 1;
                let voters = snapshot.voters.clone();
                self.nodes[node].disk.install(id, snapshot);
                self.nodes[node].cuts += 1;
                return self.event(node, Event::SnapshotInstalled { id, voters });
            }
        }
        Ok(())
    }

    fn append(&mut self, node: usize, epoch: LeaderEpoch, base: Offset, payload: &Payload) -> Checked {
        if self.nodes[node].disk.end() != base {
            return Err(format!("{} appends at {base}, not at its end", self.nodes[node].disk.key.id));
        }
        match payload {
            Payload::Control(records) => {
                for record in records {
                    self.counter += 1;
                    self.nodes[node].disk.append(epoch, self.counter, Some(record));
                    let one = &self.nodes[node];
                    match record {
                        ControlRecord::LeaderChange { .. } => {
                            self.reached.elections += 1;
                            self.oracle.elected(&one.disk, epoch, base)?;
                        }
                        ControlRecord::Voters(_) => self.oracle.voters_changed(&one.disk, one.committed)?,
                        _ => {}
                    }
                }
            }
            Payload::Data(records) => {
                for record in records {
                    let number = u64::from_le_bytes(record[..8].try_into().expect("it is a number"));
                    self.nodes[node].disk.append(epoch, number, None);
                }
            }
        }
        self.nodes[node].disk.end_batch();
        self.oracle.appended(&self.nodes[node].disk, base)?;
        self.sync_later(node);
        Ok(())
    }

    fn sync_later(&mut self, node: usize) {
        let delay = self.delay();
        let one = &self.nodes[node];
        let step = Step::Synced { node, incarnation: one.incarnation, cuts: one.cuts, end: one.disk.end() };
        self.at(delay, step);
    }

    fn obey(&mut self, node: usize, after: After) {
        if let After::StateAndLog(_, end) = after {
            let disk = &mut self.nodes[node].disk;
            disk.durable = disk.durable.max(end.min(disk.end()));
        }
    }

    fn is_lost(&mut self, from: usize, to: usize) -> bool {
        let lossy = self.now < STORM && self.below(100) < self.loss;
        lossy || self.cut.contains(&(from, to)) || to >= self.nodes.len()
    }

    fn reply(&mut self, node: usize, call: CallId, mut answer: Answer) -> Checked {
        let Some(asked) = self.calls.remove(&call) else { return Err(format!("{call:?} is answered twice")) };
        let Some((from, incarnation, _, id, standard)) = asked else {
            return Ok(());
        };
        let count = 1 + self.below(30) as usize;
        let disk = &self.nodes[node].disk;
        match &mut answer.body {
            Body::Vote { granted: true } if standard => {
                let (voter, epoch) = (disk.key, answer.epoch);
                let candidate = self.nodes[from].disk.key;
                if self.nodes[from].incarnation == incarnation {
                    self.oracle.vote(voter, epoch, candidate)?;
                }
                // would it vote again after a crash?
                if self.now < STORM && self.below(2) == 0 {
                    let incarnation = self.nodes[node].incarnation;
                    self.at(0, Step::Crash { node, incarnation });
                }
            }
            Body::Records { from, batches, .. } => *batches = disk.batches(*from, count),
            Body::Piece { position, size_bytes, bytes } => {
                *size_bytes = 5;
                *bytes = Bytes::from(vec![0; (5 - *position as usize).min(2)]);
            }
            _ => {}
        }
        if !self.is_lost(node, from) {
            let delay = self.delay();
            self.at(delay, Step::Answered { to: from, incarnation, id, answer: Ok(answer) });
        }
        Ok(())
    }

    fn snapshotted(&mut self, node: usize, incarnation: u64, id: SnapshotId) -> Checked {
        let one = &mut self.nodes[node];
        let Some(machine) = one.machine.as_ref().filter(|_| one.incarnation == incarnation) else {
            return Ok(());
        };
        if id.end < one.disk.begin().end {
            return self.event(node, Event::SnapshotFailed(id)); // it has fetched a later one meanwhile
        }
        let snapshot =
            Snapshot { records: one.disk.content(id.end), voters: machine.voters_before(id.end).clone() };
        self.oracle.snapshot(&snapshot.records)?;
        let first = self.snapshots.entry(id).or_insert_with(|| snapshot.clone());
        if *first != snapshot {
            return Err(format!("two snapshots {id} differ"));
        }
        one.disk.snapshots.insert(id, snapshot);
        self.event(node, Event::SnapshotWritten(id))
    }

    fn crash(&mut self, node: usize) {
        self.reached.crashes += 1;
        let one = &mut self.nodes[node];
        one.machine = None;
        one.disk.pieces = None;
        one.cuts += 1;
        let (durable, end) = (one.disk.durable.0, one.disk.end().0);
        let kept = durable + (self.random % 1_000_003) as i64 % (end - durable + 1);
        one.disk.tear(Offset(kept));
        self.calls.retain(|_, asked| asked.is_some_and(|(_, _, to, _, _)| to != node) || asked.is_none());
        let longest = if self.below(4) == 0 { 6000 } else { 200 };
        let down = (1 + self.below(longest)) * MILLI;
        let down = down.min(STORM.saturating_sub(self.now).max(MILLI));
        self.at(down, Step::Restart { node });
    }

    fn fault(&mut self) -> Checked {
        if self.now >= STORM {
            self.cut.clear();
            return Ok(());
        }
        let after = (20 + self.below(800)) * MILLI;
        self.at(after, Step::Fault);
        let count = self.nodes.len() as u64;
        let node = self.below(count) as usize;
        match self.below(10) {
            0 | 1 if self.nodes[node].machine.is_some() => self.crash(node),
            2 => {
                let leader = self.nodes.iter().position(Node::leads);
                if let Some(leader) = leader {
                    self.crash(leader);
                }
            }
            3 => {
                let other = self.below(count) as usize;
                self.cut.insert((node, other));
            }
            4 => {
                for other in (0..self.nodes.len()).filter(|other| *other != node) {
                    self.cut.extend([(node, other), (other, node)]);
                }
            }
            5 | 6 => self.cut.clear(),
            7 => {
                self.reached.resignations += u64::from(self.nodes[node].leads());
                return self.event(node, Event::Resign);
            }
            8 if self.may_lose_disk(node) => self.lose_disk(node),
            _ => {}
        }
        Ok(())
    }

    /// A disk may be lost where the others are a majority in every set of voters that may still count.
    fn may_lose_disk(&self, node: usize) -> bool {
        let keys: Vec<_> = self.nodes.iter().map(|node| node.disk.key).collect();
        self.nodes.iter().all(|one| {
            let history = one.disk.voters();
            let voters = history.latest();
            let lost = voters.iter().filter(|voter| !keys.contains(&voter.key)).count();
            !voters.contains(keys[node]) || (voters.len() >= 3 && lost == 0)
        }) && self.nodes[node].disk.state.is_some()
    }

    fn lose_disk(&mut self, node: usize) {
        self.reached.disks_lost += 1;
        if self.nodes[node].machine.is_some() {
            self.crash(node);
        }
        let key = self.key(node);
        self.nodes[node].disk = Disk::format(key, Voters::default());
    }

    /// Something to write, and sometimes a change of the voters.
    fn work(&mut self) -> Checked {
        let after = (5 + self.below(60)) * MILLI;
        self.at(after, Step::Work);
        let Some(leader) = self.nodes.iter().position(Node::leads) else { return Ok(()) };
        let epoch = self.nodes[leader].machine.as_ref().map(Quorum::epoch).unwrap_or_default();
        let records: Vec<_> = (0..=self.below(3))
            .map(|_| {
                self.counter += 1;
                Bytes::copy_from_slice(&self.counter.to_le_bytes())
            })
            .collect();
        self.event(leader, Event::Propose { epoch, records })?;
        if self.now < SETTLED && self.below(12) == 0 {
            return self.change_voters(leader);
        }
        Ok(())
    }

    fn change_voters(&mut self, leader: usize) -> Checked {
        let Some(machine) = &self.nodes[leader].machine else { return Ok(()) };
        let voters = machine.voters().clone();
        let keys: Vec<_> = self.nodes.iter().map(|node| node.disk.key).collect();
        let lost = voters.iter().map(|voter| voter.key).find(|key| !keys.contains(key));
        let node = self.below(keys.len() as u64) as usize;
        let request = match (lost, voters.contains(keys[node])) {
            (Some(key), _) => Request::RemoveVoter { key },
            (None, true) if voters.len() > 1 => Request::RemoveVoter { key: keys[node] },
            (None, true) => return Ok(()),
            (None, false) => Request::AddVoter { voter: voter(keys[node]), wait: self.below(2) == 0 },
        };
        self.counter += 1;
        let call = CallId(self.counter);
        self.calls.insert(call, None);
        let adds = matches!(request, Request::AddVoter { .. });
        self.event(leader, Event::Asked { call, request })?;
        let after =
            self.nodes[leader].machine.as_ref().map_or(voters.len(), |machine| machine.voters().len());
        self.reached.voters_added += u64::from(adds && after > voters.len());
        self.reached.voters_removed += u64::from(!adds && after < voters.len());
        Ok(())
    }
}

impl Node {
    fn leads(&self) -> bool {
        self.machine.as_ref().is_some_and(|machine| matches!(machine.role(), Role::Leader(_)))
    }
}

fn endpoint(id: BrokerId) -> Endpoint {
    Endpoint { listener: "CONTROLLER".into(), host: "localhost".into(), port: 9000 + id.0 as u16 }
}

fn voter(key: ReplicaKey) -> Voter {
    Voter { key, endpoints: vec![endpoint(key.id)], kraft_versions: (0, 1) }
}
