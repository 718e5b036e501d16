//! What a node has on its disk.

use klamm_quorum::{
    ControlRecord, ElectionState, FetchedBatch, LogShape, ReplicaKey, SnapshotId, VoterHistory, Voters,
};
use klamm_types::{Bytes, LeaderEpoch, Offset};
use std::collections::BTreeMap;

/// A record. Two with one number are one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub epoch: LeaderEpoch,
    pub number: u64,
    pub voters: Option<Voters>,
    /// Whether a batch ends with it: batches are written, sent and torn whole.
    pub last: bool,
}

/// A snapshot: all records before its end, and the voters then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    pub records: Vec<u64>,
    pub voters: Voters,
}

#[derive(Clone, Debug)]
pub struct Disk {
    pub key: ReplicaKey,
    pub state: Option<ElectionState>,
    pub snapshots: BTreeMap<SnapshotId, Snapshot>,
    /// From the oldest snapshot's end on.
    pub log: Vec<Record>,
    pub durable: Offset,
    pub pieces: Option<(SnapshotId, u64)>,
}

impl Disk {
    pub fn format(key: ReplicaKey, voters: Voters) -> Self {
        let first = Snapshot { records: Vec::new(), voters };
        let snapshots = BTreeMap::from([(SnapshotId::BOOTSTRAP, first)]);
        Self { key, state: None, snapshots, log: Vec::new(), durable: Offset(0), pieces: None }
    }

    pub fn begin(&self) -> SnapshotId {
        *self.snapshots.keys().next().expect("there is always one")
    }

    pub fn last_snapshot(&self) -> SnapshotId {
        *self.snapshots.keys().next_back().expect("there is always one")
    }

    pub fn end(&self) -> Offset {
        self.begin().end.plus(self.log.len() as i64)
    }

    pub fn record(&self, offset: Offset) -> Option<&Record> {
        usize::try_from(offset.0 - self.begin().end.0).ok().and_then(|at| self.log.get(at))
    }

    pub fn truncate(&mut self, end: Offset) {
        let keep = usize::try_from(end.0 - self.begin().end.0).unwrap_or(0);
        self.log.truncate(keep);
        self.durable = self.durable.min(end);
    }

    /// A crash leaves what lies before `end`, but no part of a batch.
    pub fn tear(&mut self, end: Offset) {
        self.truncate(end);
        while self.log.last().is_some_and(|record| !record.last) {
            self.log.pop();
        }
        self.durable = self.end(); // the driver syncs when it starts
    }

    /// Forgets what the snapshots before `id` hold.
    pub fn superseded(&mut self, id: SnapshotId) {
        let gone = (id.end.0 - self.begin().end.0) as usize;
        self.log.drain(..gone.min(self.log.len()));
        self.snapshots.retain(|one, _| *one >= id);
    }

    pub fn install(&mut self, id: SnapshotId, snapshot: Snapshot) {
        self.snapshots = BTreeMap::from([(id, snapshot)]);
        self.log.clear();
        self.durable = id.end;
        self.pieces = None;
    }

    /// The numbers of all records before `end`.
    pub fn content(&self, end: Offset) -> Vec<u64> {
        let mut numbers = self.snapshots[&self.begin()].records.clone();
        let count = (end.0 - self.begin().end.0) as usize;
        numbers.extend(self.log.iter().take(count).map(|record| record.number));
        numbers
    }

    pub fn shape(&self) -> LogShape {
        let mut shape = LogShape::after(self.begin());
        for record in &self.log {
            shape.append(record.epoch, shape.end().plus(1));
        }
        shape
    }

    pub fn voters(&self) -> VoterHistory {
        let begin = self.begin();
        let base = self.snapshots[&begin].voters.clone();
        let mut history = VoterHistory::new(base, begin != SnapshotId::BOOTSTRAP);
        for (offset, record) in (begin.end.0..).zip(&self.log) {
            if let Some(voters) = &record.voters {
                history.push(Offset(offset), voters.clone());
            }
        }
        history
    }

    /// Batches from `from` on: of one epoch each, and with at most one change of the voters.
    pub fn batches(&self, from: Offset, count: usize) -> Vec<FetchedBatch> {
        let mut batches: Vec<FetchedBatch> = Vec::new();
        let mut offset = from;
        let mut within = false;
        while let Some(record) = self.record(offset).filter(|_| within || offset.0 < from.0 + count as i64) {
            within = !record.last;
            let (end, number) = (offset.plus(1), record.number.to_le_bytes());
            match batches.last_mut() {
                Some(last) if last.epoch == record.epoch && last.voters.is_none() => {
                    last.end = end;
                    last.voters = record.voters.clone().map(|voters| (offset, voters));
                    last.bytes = [&last.bytes[..], &number[..]].concat().into();
                }
                _ => batches.push(FetchedBatch {
                    epoch: record.epoch,
                    base: offset,
                    end,
                    voters: record.voters.clone().map(|voters| (offset, voters)),
                    bytes: Bytes::copy_from_slice(&number),
                }),
            }
            offset = end;
        }
        batches
    }

    pub fn append_fetched(&mut self, batches: &[FetchedBatch]) {
        for batch in batches {
            assert_eq!(batch.base, self.end(), "a batch is appended at the log's end");
            for number in batch.bytes.chunks(8) {
                let number = u64::from_le_bytes(number.try_into().expect("they are numbers"));
                let at = self.end();
                let voters = batch
                    .voters
                    .as_ref()
                    .filter(|(offset, _)| *offset == at)
                    .map(|(_, voters)| voters.clone());
                self.log.push(Record { epoch: batch.epoch, number, voters, last: at.plus(1) == batch.end });
            }
        }
    }

    pub fn append(&mut self, epoch: LeaderEpoch, number: u64, control: Option<&ControlRecord>) {
        let voters = match control {
            Some(ControlRecord::Voters(voters)) => Some(voters.clone()),
            _ => None,
        };
        self.log.push(Record { epoch, number, voters, last: false });
    }

    /// The batch that was appended last is whole.
    pub fn end_batch(&mut self) {
        if let Some(record) = self.log.last_mut() {
            record.last = true;
        }
    }
}
