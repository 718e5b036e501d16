//! What must hold, whatever happens: the invariants of Raft (§5) and of KIP-853.

use super::disk::{Disk, Record};
use klamm_quorum::ReplicaKey;
use klamm_types::{BrokerId, LeaderEpoch, Offset};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Oracle {
    leaders: BTreeMap<LeaderEpoch, BrokerId>,
    votes: BTreeMap<(ReplicaKey, LeaderEpoch), ReplicaKey>,
    /// What was ever written at an offset in an epoch, and the epoch before it.
    written: BTreeMap<(Offset, LeaderEpoch), (u64, Option<LeaderEpoch>)>,
    /// What is committed, from offset 0 on.
    pub committed: Vec<(LeaderEpoch, u64)>,
    /// In which epoch each was: not before the one that it was written in.
    committed_in: Vec<LeaderEpoch>,
}

impl Oracle {
    /// At most one leader an epoch.
    pub fn leader(&mut self, epoch: LeaderEpoch, leader: BrokerId) -> Result<(), String> {
        let first = *self.leaders.entry(epoch).or_insert(leader);
        (first == leader)
            .then_some(())
            .ok_or_else(|| format!("epoch {epoch} has the leaders {first} and {leader}"))
    }

    /// At most one vote an epoch.
    pub fn vote(
        &mut self,
        voter: ReplicaKey,
        epoch: LeaderEpoch,
        candidate: ReplicaKey,
    ) -> Result<(), String> {
        let first = *self.votes.entry((voter, epoch)).or_insert(candidate);
        let text =
            || format!("{} voted for {} and for {} in epoch {epoch}", voter.id, first.id, candidate.id);
        (first == candidate).then_some(()).ok_or_else(text)
    }

    /// Log matching: an offset and an epoch say which record it is, and which epoch is before it; so, by induction, all before.
    pub fn appended(&mut self, disk: &Disk, from: Offset) -> Result<(), String> {
        for at in from.0..disk.end().0 {
            let offset = Offset(at);
            let Some(record) = disk.record(offset) else { continue };
            let before = match at - 1 {
                before if before >= disk.begin().end.0 => disk.record(Offset(before)).map(|one| one.epoch),
                _ => (disk.begin().end > Offset(0)).then_some(disk.begin().epoch),
            };
            let new = (record.number, before);
            let first = *self.written.entry((offset, record.epoch)).or_insert(new);
            if first != new {
                return Err(format!(
                    "at {offset} in epoch {} were written {first:?} and {new:?}",
                    record.epoch
                ));
            }
        }
        Ok(())
    }

    /// Leader completeness: who becomes leader has everything that was committed in earlier epochs. A vote that comes late may
    /// still make a leader of an epoch that is over; it cannot commit anything.
    pub fn elected(&self, disk: &Disk, epoch: LeaderEpoch, before: Offset) -> Result<(), String> {
        let count = self.committed_in.partition_point(|one| *one < epoch);
        let last = count as i64;
        let has = before.0 >= last
            && (last <= disk.begin().end.0
                || disk.record(Offset(last - 1)).map(key) == self.committed[..count].last().copied());
        has.then_some(())
            .ok_or_else(|| format!("{} leads without all that is committed before {last}", disk.key.id))
    }

    /// What is committed once is the same everywhere, for ever, and durable where it is known.
    pub fn commit(
        &mut self,
        disk: &Disk,
        epoch: LeaderEpoch,
        from: Offset,
        end: Offset,
    ) -> Result<(), String> {
        if end > disk.durable {
            return Err(format!("{} commits {end} before it is durable there", disk.key.id));
        }
        for at in from.0.max(disk.begin().end.0)..end.0 {
            let Some(record) = disk.record(Offset(at)) else {
                return Err(format!("{} commits {end} and does not have {at}", disk.key.id));
            };
            match self.committed.get(at as usize) {
                None if at as usize == self.committed.len() => {
                    self.committed.push(key(record));
                    self.committed_in.push(epoch);
                }
                Some(one) if *one == key(record) => {}
                other => {
                    return Err(format!(
                        "{} commits {record:?} at {at}, committed is {other:?}",
                        disk.key.id
                    ));
                }
            }
        }
        Ok(())
    }

    /// A snapshot holds what is committed, and nothing else.
    pub fn snapshot(&self, records: &[u64]) -> Result<(), String> {
        let same = self.committed.iter().map(|(_, number)| number).take(records.len()).eq(records);
        same.then_some(()).ok_or_else(|| "a snapshot holds other records than those committed".to_owned())
    }

    /// At most one change of the voters that is not committed.
    pub fn voters_changed(&self, disk: &Disk, committed: Offset) -> Result<(), String> {
        let open = (committed.0..disk.end().0)
            .filter(|at| disk.record(Offset(*at)).is_some_and(|one| one.voters.is_some()));
        let open = open.count();
        (open <= 1)
            .then_some(())
            .ok_or_else(|| format!("{} has {open} changes of the voters not committed", disk.key.id))
    }
}

fn key(record: &Record) -> (LeaderEpoch, u64) {
    (record.epoch, record.number)
}
