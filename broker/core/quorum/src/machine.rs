//! The machine: events in, effects out.

use crate::{
    Answer, Body, CallId, ControlRecord, ElectionState, Endpoint, Failure, FetchedBatch, LogShape,
    ReplicaKey, Request, RequestId, Role, SnapshotId, SnapshotPolicy, Target, Timeouts, VoterHistory, Voters,
    following::Fetcher, requests::Sent, snapshot::SinceSnapshot,
};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, Bytes, LeaderEpoch, Mono, Now, Offset};
use std::{collections::BTreeMap, time::Duration};
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
    /// Another replica, or a tool, asks: answered by [`Effect::Answer`], once.
    Asked {
        /// By which the answer is known.
        call: CallId,
        /// The request.
        request: Request,
    },
    /// What became of an [`Effect::Send`]: exactly one for each, a failure when the request's time is over.
    Answered {
        /// Which request.
        request: RequestId,
        /// The answer.
        answer: Result<Answer, Failure>,
    },
    /// A snapshot is on the device under its name.
    SnapshotWritten(SnapshotId),
    /// A snapshot could not be written.
    SnapshotFailed(SnapshotId),
    /// The snapshot of an [`Effect::InstallSnapshot`] is what this node's log begins with, durably.
    SnapshotInstalled {
        /// Which one.
        id: SnapshotId,
        /// The voters in it.
        voters: Voters,
    },
    /// The leader is to hand over, because its process ends or its broker is drained. Nothing happens where it cannot.
    Resign,
}

/// What must be durable before an effect may be carried out. The machine goes on without waiting: the driver keeps the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// The last [`Effect::Persist`] before this effect, which is of this epoch.
    State(LeaderEpoch),
    /// That, and the log up to this offset.
    StateAndLog(LeaderEpoch, Offset),
}

/// What is to be done, one after the other.
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
    /// Append batches of the leader to the log and make them durable; then [`Event::Durable`].
    AppendFetched {
        /// The batches, which begin at the log's end.
        batches: Vec<FetchedBatch>,
        /// Only then.
        after: After,
    },
    /// Remove the records from `end` on: the leader does not have them. None of them is committed.
    Truncate {
        /// The log's new end.
        end: Offset,
    },
    /// Send a request; then [`Event::Answered`].
    Send {
        /// By which the answer is known.
        id: RequestId,
        /// To whom.
        to: Target,
        /// What.
        request: Request,
        /// Only then.
        after: After,
    },
    /// Answer a request.
    Answer {
        /// Which one.
        call: CallId,
        /// With what.
        answer: Answer,
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
    /// This node leads no more: what it appended and what is not committed may be lost, and nobody may be told that it is done.
    Yield {
        /// The epoch that it led.
        epoch: LeaderEpoch,
    },
    /// Write a snapshot of what is committed up to its end; then [`Event::SnapshotWritten`] or [`Event::SnapshotFailed`].
    Snapshot(SnapshotId),
    /// Older snapshots and the log before this one are not needed any more.
    Superseded(SnapshotId),
    /// Keep a piece of a snapshot that the leader sends. Position 0 begins anew.
    StorePiece {
        /// Which snapshot.
        id: SnapshotId,
        /// From which byte on.
        position: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// Replace log and image by the snapshot whose pieces are all there; then [`Event::SnapshotInstalled`], or
    /// [`Event::SnapshotFailed`] where it is damaged.
    InstallSnapshot(SnapshotId),
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
    /// The driver is wrong.
    #[error("the snapshot {id} was not asked for")]
    StraySnapshot {
        /// Which one.
        id: SnapshotId,
    },
    /// Committed metadata would be lost: the process must not go on.
    #[error(
        "the leader of epoch {epoch} wants the metadata log cut at {end}, before {committed}, up to which it is committed: a majority of the voters has lost its disks"
    )]
    CommittedLost {
        /// The leader's epoch.
        epoch: LeaderEpoch,
        /// Where it wants the log to end.
        end: Offset,
        /// What is committed here.
        committed: Offset,
    },
}

/// What a node finds on its disk, and its settings.
#[derive(Clone, Debug)]
pub struct Start {
    /// This replica.
    pub me: ReplicaKey,
    /// Where other nodes reach it.
    pub endpoints: Vec<Endpoint>,
    /// The voters in the latest snapshot and in the log behind it.
    pub voters: VoterHistory,
    /// `quorum-state`.
    pub state: Option<ElectionState>,
    /// The log. All of it is durable: a driver that starts syncs first.
    pub log: LogShape,
    /// The latest snapshot.
    pub snapshot: SnapshotId,
    /// How many bytes of metadata records are in the log behind the snapshot.
    pub bytes_since_snapshot: u64,
    /// When snapshots are due.
    pub policy: SnapshotPolicy,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How many addresses there are to ask for the quorum.
    pub bootstrap: usize,
    /// Random: what keeps voters from standing at the same time.
    pub seed: u64,
}

/// One node of the metadata quorum.
///
/// Invariants: the epoch never falls; nothing is appended or promised in an epoch before its state is durable; one vote an
/// epoch; the high watermark never falls and never passes what is durable here; a leader counts only records of its own epoch;
/// at most one change of the voters is not committed.
#[derive(Clone, Debug)]
pub struct Quorum {
    pub(crate) me: ReplicaKey,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) voters: VoterHistory,
    pub(crate) state: ElectionState,
    pub(crate) role: Role,
    pub(crate) log: LogShape,
    pub(crate) durable: Offset,
    pub(crate) committed: Option<Offset>,
    pub(crate) policy: SnapshotPolicy,
    pub(crate) since: SinceSnapshot,
    pub(crate) timeouts: Timeouts,
    pub(crate) fetcher: Fetcher,
    /// Where the leader is, as it said; the voters may be older.
    pub(crate) leader_endpoints: Vec<Endpoint>,
    /// When the role's patience ends.
    pub(crate) timer: Mono,
    pub(crate) sent: BTreeMap<RequestId, Sent>,
    pub(crate) next_request: u64,
    pub(crate) random: u64,
}

impl Quorum {
    /// A node that starts from its disk. One that led begins without a role: what it appended last may be gone.
    #[must_use]
    pub fn new(now: Now, start: Start) -> Self {
        let mut state = start.state.unwrap_or_default();
        if state.epoch < start.log.last_epoch() {
            state = ElectionState { epoch: start.log.last_epoch(), ..ElectionState::default() };
        }
        let mut this = Self {
            me: start.me,
            endpoints: start.endpoints,
            voters: start.voters,
            state,
            role: Role::Unattached,
            durable: start.log.end(),
            committed: None,
            policy: start.policy,
            since: SinceSnapshot::new(now.mono, start.snapshot, start.bytes_since_snapshot),
            timeouts: start.timeouts,
            fetcher: Fetcher::new(now.mono, start.bootstrap),
            leader_endpoints: Vec::new(),
            timer: now.mono,
            sent: BTreeMap::new(),
            next_request: 0,
            random: start.seed,
            log: start.log,
        };
        if start.snapshot.end > Offset(0) {
            this.committed = Some(start.snapshot.end);
        }
        this.timer = now.mono.plus(this.jittered(this.timeouts.election));
        if this.known_leader().is_some() {
            this.role = Role::Follower;
        }
        this
    }

    /// Takes one event.
    ///
    /// # Errors
    /// [`Rejected`]; then nothing has changed.
    pub fn on_event(&mut self, now: Now, event: Event, out: &mut Vec<Effect>) -> Result<(), Rejected> {
        let proposed = matches!(event, Event::Propose { .. });
        match event {
            Event::Tick => {}
            Event::Propose { epoch, records } => self.propose(now, epoch, records, out)?,
            Event::Durable { end } => self.durable_up_to(now, end, out)?,
            Event::Asked { call, request } => self.asked(now, call, request, out),
            Event::Answered { request, answer } => self.answered(now, request, answer, out)?,
            Event::SnapshotWritten(id) => self.snapshot_written(now, id, out),
            Event::SnapshotFailed(id) => self.snapshot_failed(now, id),
            Event::SnapshotInstalled { id, voters } => self.snapshot_installed(now, id, voters, out)?,
            Event::Resign => self.resign(now, out),
        }
        self.patience(now, out);
        self.lead_on(now, out);
        self.fetch(now, out);
        if !proposed {
            self.ask_for_snapshot(now, out); // what was just proposed counts, and is not in what is committed yet
        }
        Ok(())
    }

    pub(crate) fn set_state(&mut self, state: ElectionState, out: &mut Vec<Effect>) {
        if self.state != state {
            self.state = state;
            out.push(Effect::Persist(state));
        }
    }

    pub(crate) fn append(&mut self, payload: Payload, out: &mut Vec<Effect>) {
        let (base, epoch) = (self.log.end(), self.state.epoch);
        self.log.append(epoch, base.plus(payload.records()));
        if let Payload::Control(records) = &payload {
            for (index, record) in (0..).zip(records) {
                if let ControlRecord::Voters(voters) = record {
                    self.voters.push(base.plus(index), voters.clone());
                }
            }
        }
        out.push(Effect::Append { epoch, base, payload, after: After::State(epoch) });
    }

    /// Raises the high watermark: the leader says so, or this node leads and has counted.
    pub(crate) fn commit(&mut self, end: Offset, out: &mut Vec<Effect>) {
        if self.committed < Some(end) {
            self.committed = Some(end);
            out.push(Effect::Commit { end });
        }
    }

    /// A time between `least` and twice that.
    pub(crate) fn jittered(&mut self, least: Duration) -> Duration {
        least + self.random_up_to(least)
    }

    /// A time up to `most` (splitmix64).
    pub(crate) fn random_up_to(&mut self, most: Duration) -> Duration {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(mixed.checked_rem(nanos).unwrap_or(0))
    }

    /// The leader, unless that was this node before it gave up or began anew.
    pub(crate) fn known_leader(&self) -> Option<BrokerId> {
        let mine = matches!(self.role, Role::Leader(_));
        self.state.leader.filter(|leader| mine || *leader != self.me.id)
    }

    /// Whether it may stand: it votes, or its removal is not committed (Raft thesis, §4.2.2: otherwise a leader that removed
    /// itself and was cut off has the longest log, and nobody can be elected).
    pub(crate) fn is_voter(&self) -> bool {
        let committed = self.committed.unwrap_or(self.log.start());
        self.voters.latest().contains(self.me) || self.voters.before(committed).contains(self.me)
    }

    pub(crate) fn answer(&self, error: ErrorCode, body: Body) -> Answer {
        let leader = self.known_leader();
        Answer {
            error,
            message: None,
            epoch: self.state.epoch,
            leader,
            endpoints: leader.map(|leader| self.endpoints_of(leader).to_vec()).unwrap_or_default(),
            body,
        }
    }

    /// When the next [`Event::Tick`] is due; none while there is nothing to wait for.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let dues = [self.patience_ends(), self.leading_due(), self.fetch_due(), self.snapshot_due()];
        dues.into_iter().flatten().min()
    }

    /// The epoch.
    #[must_use]
    pub fn epoch(&self) -> LeaderEpoch {
        self.state.epoch
    }

    /// The leader of the epoch, as far as this node knows.
    #[must_use]
    pub fn leader(&self) -> Option<BrokerId> {
        self.known_leader()
    }

    /// Where a node's controller listeners are.
    #[must_use]
    pub fn endpoints_of(&self, id: BrokerId) -> &[Endpoint] {
        if id == self.me.id {
            return &self.endpoints;
        }
        if Some(id) == self.known_leader() && !self.leader_endpoints.is_empty() {
            return &self.leader_endpoints;
        }
        self.voters.latest().get(id).map_or(&[], |voter| &voter.endpoints)
    }

    /// The end of what is committed; none while that is not known.
    #[must_use]
    pub fn committed(&self) -> Option<Offset> {
        self.committed
    }

    /// Whether all that the leader last said to be committed is committed here, or this node leads and knows what is.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        match &self.role {
            Role::Leader(leader) => leader.high_watermark.is_some(),
            Role::Follower => self.fetcher.told().is_some_and(|told| self.committed >= Some(told)),
            _ => false,
        }
    }

    /// The log's end, with what is not durable yet.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.log.end()
    }

    /// The log's end that is on the device.
    #[must_use]
    pub fn durable(&self) -> Offset {
        self.durable
    }

    /// What this node is: DescribeQuorum tells it.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// The voters.
    #[must_use]
    pub fn voters(&self) -> &Voters {
        self.voters.latest()
    }

    /// The voters as of an offset: those that a snapshot which ends there has.
    #[must_use]
    pub fn voters_before(&self, end: Offset) -> &Voters {
        self.voters.before(end)
    }

    /// The epoch of the last record before an offset.
    #[must_use]
    pub fn epoch_before(&self, end: Offset) -> LeaderEpoch {
        self.log.epoch_before(end)
    }

    /// The latest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> SnapshotId {
        self.since.last
    }

    /// This replica.
    #[must_use]
    pub fn me(&self) -> ReplicaKey {
        self.me
    }

    /// What is kept in `quorum-state`.
    #[must_use]
    pub fn state(&self) -> ElectionState {
        self.state
    }
}
