//! The machine: events in, effects out. Today a quorum has one voter: it elects itself. The messages of several voters will be
//! further events and effects of the same machine.

use crate::{
    ControlRecord, ElectionState, Leader, ReplicaKey, SnapshotId, SnapshotPolicy, Voters,
    snapshot::SinceSnapshot,
};
use klamm_types::{Bytes, LeaderEpoch, Mono, Now, Offset};
use std::collections::BTreeSet;
use thiserror::Error;

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Time has passed: the first event, and one at each [`Quorum::deadline`].
    Tick,
    /// The server wants these records in the log, all or none, if `epoch` still has its leader here.
    Propose {
        /// The epoch in which the records were decided.
        epoch: LeaderEpoch,
        /// The framed metadata records.
        records: Vec<Bytes>,
    },
    /// The log is on the device up to `end`.
    Durable {
        /// The first offset that need not be.
        end: Offset,
    },
    /// A snapshot is on the device under its name.
    SnapshotWritten(SnapshotId),
    /// A snapshot could not be written.
    SnapshotFailed(SnapshotId),
}

/// What must be durable before an effect may be carried out. The machine goes on without waiting: the driver keeps the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The [`Effect::Persist`] of this epoch, or of a later one.
    State(LeaderEpoch),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Write `quorum-state`, durably.
    Persist(ElectionState),
    /// Append a batch to the log and make it durable; then [`Event::Durable`].
    Append {
        /// The batch's leader epoch.
        epoch: LeaderEpoch,
        /// Its first offset: the log's end.
        base: Offset,
        /// What is in it.
        payload: Payload,
        /// Only then.
        after: After,
    },
    /// Everything before `end` is committed.
    Commit {
        /// The high watermark.
        end: Offset,
    },
    /// This node leads: it is the active controller from here on, once it has applied what is committed.
    Lead {
        /// In this epoch.
        epoch: LeaderEpoch,
    },
    /// Write a snapshot of what is committed up to its end; then [`Event::SnapshotWritten`] or [`Event::SnapshotFailed`].
    Snapshot(SnapshotId),
    /// Older snapshots and the log before this one are not needed any more.
    Superseded(SnapshotId),
}

/// The records of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// The quorum's own.
    Control(Vec<ControlRecord>),
    /// Framed metadata records.
    Data(Vec<Bytes>),
}

impl Payload {
    fn records(&self) -> i64 {
        let count = match self {
            Payload::Control(records) => records.len(),
            Payload::Data(records) => records.len(),
        };
        i64::try_from(count).expect("a batch is in memory")
    }
}

/// Why an event was refused. The machine is as before.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Rejected {
    /// Another epoch has begun, or none that leads here.
    #[error("this node does not lead the metadata quorum in epoch {asked}; its epoch is {current}")]
    NotLeader {
        /// The epoch asked for.
        asked: LeaderEpoch,
        /// The epoch now.
        current: LeaderEpoch,
    },
    /// A batch has at least one record.
    #[error("there are no records to append to the metadata log")]
    NoRecords,
    /// The driver is wrong.
    #[error("the metadata log ends at {end}, it cannot be durable up to {durable}")]
    DurableBeyondEnd {
        /// The log's end.
        end: Offset,
        /// What the driver said.
        durable: Offset,
    },
    /// This quorum cannot be served yet.
    #[error(
        "the metadata quorum has {voters} voters besides this node: more than one voter is not served yet"
    )]
    OtherVoters {
        /// How many.
        voters: usize,
    },
}

/// The end of the log. All of it is durable: a driver that starts syncs first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// The offset after the last record.
    pub end: Offset,
    /// The last record's epoch.
    pub epoch: LeaderEpoch,
}

/// What a node finds on its disk.
#[derive(Clone, Debug)]
pub struct Start {
    /// This replica.
    pub me: ReplicaKey,
    /// The latest voters in the log, or else in the latest snapshot.
    pub voters: Voters,
    /// Whether they are from a later place than the bootstrap snapshot; otherwise the first leader writes them into the log.
    pub voters_in_log: bool,
    /// `quorum-state`.
    pub state: Option<ElectionState>,
    /// The log's end.
    pub log: LogEnd,
    /// The latest snapshot.
    pub snapshot: SnapshotId,
    /// How many bytes of metadata records are in the log behind the snapshot.
    pub bytes_since_snapshot: u64,
    /// When snapshots are due.
    pub policy: SnapshotPolicy,
}

/// What this node is in the quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It knows of no leader.
    Unattached,
    /// It asks for votes.
    Candidate {
        /// Who has voted for it.
        granted: BTreeSet<ReplicaKey>,
    },
    /// It leads.
    Leader(Leader),
}

/// One node of the metadata quorum.
///
/// Invariants: the epoch never falls; nothing is appended in an epoch before its vote is durable; one vote an epoch; the high
/// watermark never falls and never passes what is durable.
#[derive(Clone, Debug)]
pub struct Quorum {
    me: ReplicaKey,
    voters: Voters,
    voters_in_log: bool,
    state: ElectionState,
    role: Role,
    end: Offset,
    policy: SnapshotPolicy,
    since: SinceSnapshot,
}

impl Quorum {
    /// A node that starts from its disk.
    ///
    /// # Errors
    /// [`Rejected::OtherVoters`].
    pub fn new(now: Now, start: Start) -> Result<Self, Rejected> {
        if !start.voters.is_empty() && !start.voters.is_only(start.me) {
            return Err(Rejected::OtherVoters {
                voters: start.voters.len() - usize::from(start.voters.contains(start.me)),
            });
        }
        let mut state = start.state.unwrap_or_default();
        if state.epoch < start.log.epoch {
            state = ElectionState { epoch: start.log.epoch, ..ElectionState::default() };
        }
        Ok(Self {
            me: start.me,
            voters: start.voters,
            voters_in_log: start.voters_in_log,
            state,
            role: Role::Unattached,
            end: start.log.end.max(start.snapshot.end),
            policy: start.policy,
            since: SinceSnapshot {
                last: start.snapshot,
                asked: None,
                bytes: start.bytes_since_snapshot,
                at: now.mono,
            },
        })
    }

    /// Takes one event.
    ///
    /// # Errors
    /// [`Rejected`]; then nothing has changed.
    pub fn on_event(&mut self, now: Now, event: Event, out: &mut Vec<Effect>) -> Result<(), Rejected> {
        match event {
            Event::Tick => self.tick(now, out),
            Event::Propose { epoch, records } => self.propose(epoch, records, out)?,
            Event::Durable { end } => self.durable(now, end, out)?,
            Event::SnapshotWritten(id) => self.snapshot_written(now, id, out),
            Event::SnapshotFailed(id) => self.snapshot_ended(now, id),
        }
        Ok(())
    }

    fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.role == Role::Unattached && self.voters.is_only(self.me) {
            self.campaign(out);
        }
        self.ask_for_snapshot(now, out);
    }

    /// A new epoch, and this node's own vote in it.
    fn campaign(&mut self, out: &mut Vec<Effect>) {
        let epoch = LeaderEpoch(self.state.epoch.0 + 1);
        self.set_state(ElectionState { epoch, leader: None, voted: Some(self.me) }, out);
        let granted = BTreeSet::from([self.me]);
        if granted.len() >= self.voters.majority() {
            self.lead(granted, out);
        } else {
            self.role = Role::Candidate { granted };
        }
    }

    fn lead(&mut self, granted: BTreeSet<ReplicaKey>, out: &mut Vec<Effect>) {
        let epoch = self.state.epoch;
        self.set_state(ElectionState { epoch, leader: Some(self.me.id), voted: None }, out);
        let mut records = vec![ControlRecord::LeaderChange {
            leader: self.me.id,
            voters: self.voters.iter().map(|voter| voter.key.id).collect(),
            granted: granted.iter().map(|key| key.id).collect(),
        }];
        if !self.voters_in_log {
            records.extend([ControlRecord::KRaftVersion(1), ControlRecord::Voters(self.voters.clone())]);
            self.voters_in_log = true;
        }
        self.role = Role::Leader(Leader::new(epoch, self.end, granted, &self.voters));
        self.append(epoch, Payload::Control(records), out);
    }

    fn set_state(&mut self, state: ElectionState, out: &mut Vec<Effect>) {
        self.state = state;
        out.push(Effect::Persist(state));
    }

    fn append(&mut self, epoch: LeaderEpoch, payload: Payload, out: &mut Vec<Effect>) {
        let base = self.end;
        self.end = base.plus(payload.records());
        out.push(Effect::Append { epoch, base, payload, after: After::State(epoch) });
    }

    fn propose(
        &mut self,
        epoch: LeaderEpoch,
        records: Vec<Bytes>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Rejected> {
        let leads = matches!(&self.role, Role::Leader(leader) if leader.epoch == epoch);
        if !leads {
            return Err(Rejected::NotLeader { asked: epoch, current: self.state.epoch });
        }
        if records.is_empty() {
            return Err(Rejected::NoRecords);
        }
        self.since.bytes += records.iter().map(|record| record.len() as u64).sum::<u64>();
        self.append(epoch, Payload::Data(records), out);
        Ok(())
    }

    fn durable(&mut self, now: Now, durable: Offset, out: &mut Vec<Effect>) -> Result<(), Rejected> {
        if durable > self.end {
            return Err(Rejected::DurableBeyondEnd { end: self.end, durable });
        }
        if let Role::Leader(leader) = &mut self.role {
            let was_committed = leader.high_watermark.is_some();
            if let Some(end) = leader.reached(self.me, durable, now.mono, self.end) {
                out.push(Effect::Commit { end });
                if !was_committed {
                    out.push(Effect::Lead { epoch: leader.epoch });
                }
            }
        }
        self.ask_for_snapshot(now, out);
        Ok(())
    }

    fn ask_for_snapshot(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Role::Leader(Leader { epoch, high_watermark: Some(end), .. }) = self.role else { return };
        if self.since.is_due(self.policy, end, now.mono) {
            let id = SnapshotId { end, epoch };
            self.since.asked = Some(id);
            self.since.bytes = 0;
            out.push(Effect::Snapshot(id));
        }
    }

    fn snapshot_written(&mut self, now: Now, id: SnapshotId, out: &mut Vec<Effect>) {
        self.snapshot_ended(now, id);
        if id > self.since.last {
            self.since.last = id;
            out.push(Effect::Superseded(id));
        }
    }

    fn snapshot_ended(&mut self, now: Now, id: SnapshotId) {
        if self.since.asked == Some(id) {
            self.since.asked = None;
            self.since.at = now.mono;
        }
    }

    /// When the next [`Event::Tick`] is due; none while there is nothing to wait for.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let idle = self.since.asked.is_some() || self.committed() <= Some(self.since.last.end);
        self.policy.interval.filter(|_| !idle).map(|interval| self.since.at.plus(interval))
    }

    /// The epoch.
    #[must_use]
    pub fn epoch(&self) -> LeaderEpoch {
        self.state.epoch
    }

    /// The end of what is committed; none while that is not known.
    #[must_use]
    pub fn committed(&self) -> Option<Offset> {
        match &self.role {
            Role::Leader(leader) => leader.high_watermark,
            Role::Unattached | Role::Candidate { .. } => None,
        }
    }

    /// The log's end, with what is not durable yet.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.end
    }

    /// What this node is: DescribeQuorum tells it.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// The voters.
    #[must_use]
    pub fn voters(&self) -> &Voters {
        &self.voters
    }

    /// This replica.
    #[must_use]
    pub fn me(&self) -> ReplicaKey {
        self.me
    }
}
