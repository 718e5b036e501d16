//! One change of one partition: what somebody wants of it, and what follows from that — a reassignment that is complete, who is
//! eligible (KIP-966), who leads.

use super::Rules;
use crate::{Broker, Image, Partition, Record, Topic};
use klamm_protocol::PartitionChangeRecord;
use klamm_types::{BrokerId, DirectoryId, PartitionIndex, TopicId, mutant};

/// The leader must recover from an unclean election first (KIP-704).
pub(super) const RECOVERING: i8 = 1;

/// Who is wanted as leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Election {
    /// The first replica, where it may.
    Preferred,
    /// Whoever leads now, else any that has all that is acknowledged.
    Clean,
    /// As `Clean`, else any that is up.
    Unclean,
}

/// Whose log cannot be trusted to have what it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub broker: BrokerId,
    /// Its volume is another one: there is nothing at all.
    pub volume: bool,
}

/// A change in the making. `to` is what is wanted; [`Change::finish`] decides the rest.
pub(super) struct Change<'a> {
    rules: Rules<'a>,
    topic: TopicId,
    index: PartitionIndex,
    min_in_sync: usize,
    from: &'a Partition,
    pub to: Partition,
    pub election: Election,
    /// A broker that is about to become active.
    pub coming: Option<BrokerId>,
    /// A broker that is about to be no longer.
    pub going: Option<BrokerId>,
    pub lost: Option<Lost>,
}

impl<'a> Change<'a> {
    pub fn of(rules: Rules<'a>, topic: &Topic, index: PartitionIndex, from: &'a Partition) -> Self {
        let unclean = rules.allows_unclean(&topic.name);
        Self {
            rules,
            topic: topic.id,
            index,
            min_in_sync: rules.min_in_sync(&topic.name),
            from,
            to: from.clone(),
            election: if unclean { Election::Unclean } else { Election::Clean },
            coming: None,
            going: None,
            lost: None,
        }
    }

    /// The record, where anything changes.
    pub fn finish(mut self) -> Option<Record> {
        self.complete_reassignment();
        self.to.directories = directories(self.rules.image, self.from, &self.to);
        self.find_eligible();
        self.elect();
        let gone = self.lost.is_some_and(|lost| lost.volume);
        if self.to.isr.is_empty() && !self.rules.has_elr() && !gone {
            // without the ELR, the last one in sync stays: nobody else has all that is acknowledged
            self.to.isr.clone_from(&self.from.isr);
        }
        self.remember_last_leader();
        self.record().map(Record::from)
    }

    fn is_up(&self, id: BrokerId) -> bool {
        self.going != Some(id) && (self.coming == Some(id) || self.rules.is_active(id))
    }

    /// Once all that come are in sync, those that go are gone (KIP-455).
    fn complete_reassignment(&mut self) {
        let Partition { replicas, isr, adding, removing, elr, last_known_elr, .. } = &mut self.to;
        let stays = |id: &BrokerId| !removing.contains(id);
        let is_complete = adding.iter().all(|id| isr.contains(id))
            && isr.iter().any(stays)
            && !(adding.is_empty() && removing.is_empty());
        if is_complete {
            replicas.retain(stays);
            isr.retain(stays);
            (*adding, *removing) = (Vec::new(), Vec::new());
        }
        elr.retain(|id| replicas.contains(id));
        last_known_elr.retain(|id| replicas.contains(id));
    }

    /// Below the minimum of in-sync replicas nothing more is acknowledged: who leaves the ISR then still has all that was.
    fn find_eligible(&mut self) {
        // as the leader counts: who is only about to be a replica does not
        let settled = self.to.replicas.iter().filter(|id| !self.to.adding.contains(id)).count();
        let enough = self.min_in_sync.min(settled.max(1));
        let enough = if mutant::active("everybody that left is eligible") { usize::MAX } else { enough };
        if !self.rules.has_elr() || self.to.isr.len() >= enough {
            self.to.elr.clear();
            return;
        }
        let mut elr = self.to.elr.clone();
        elr.extend(self.from.isr.iter().filter(|id| !self.from.elr.contains(id)));
        let lost = self.lost.map(|lost| lost.broker);
        elr.retain(|id| {
            self.to.replicas.contains(id) && !self.to.isr.contains(id) && lost.as_ref() != Some(id)
        });
        self.to.elr = elr;
    }

    fn elect(&mut self) {
        let Some((leader, is_clean)) = self.winner() else {
            self.to.leader = BrokerId::NONE;
            return;
        };
        self.to.leader = leader;
        if !is_clean {
            self.to.isr = vec![leader];
            self.to.elr.clear();
            self.to.recovery_state = RECOVERING;
        } else if !self.to.isr.contains(&leader) {
            self.to.isr = vec![leader];
            self.to.elr.retain(|id| *id != leader);
        }
    }

    /// Who leads, and whether it has all that is acknowledged.
    fn winner(&self) -> Option<(BrokerId, bool)> {
        let in_sync = |id: &BrokerId| self.to.isr.contains(id) && self.is_up(*id);
        let eligible = |id: &BrokerId| self.to.elr.contains(id) && self.is_up(*id);
        let replicas = || self.to.replicas.iter().copied();
        let now = Some(self.from.leader).filter(|id| self.to.replicas.contains(id) && in_sync(id));
        let preferred = replicas().next().filter(in_sync).filter(|_| self.election == Election::Preferred);
        let clean =
            preferred.or(now).or_else(|| replicas().find(in_sync)).or_else(|| replicas().find(eligible));
        if let Some(clean) = clean {
            return Some((clean, true));
        }
        // the log of the last leader is the longest that there may be, once nobody is known to have everything
        let last = self.to.last_known_elr.first().copied().filter(|id| {
            self.rules.has_elr() && self.to.isr.is_empty() && self.to.elr.is_empty() && self.is_up(*id)
        });
        let any = || replicas().find(|id| self.is_up(*id)).filter(|_| self.election == Election::Unclean);
        last.or_else(any).map(|leader| (leader, false))
    }

    fn remember_last_leader(&mut self) {
        if !self.rules.has_elr() || !self.to.isr.is_empty() {
            self.to.last_known_elr.clear();
            return;
        }
        let empty = self.lost.filter(|lost| lost.volume).map(|lost| lost.broker);
        if self.from.has_leader() && Some(self.from.leader) != empty {
            self.to.last_known_elr = vec![self.from.leader];
        }
        self.to.last_known_elr.retain(|id| Some(*id) != empty);
    }

    fn record(&self) -> Option<PartitionChangeRecord> {
        let (from, to) = (self.from, &self.to);
        let changed = |before: &[BrokerId], after: &[BrokerId]| {
            (before != after).then(|| after.iter().map(|id| id.0).collect())
        };
        // who is no replica any more must not be believed as one: a new epoch fences it
        let someone_left = from.replicas.iter().any(|id| !to.replicas.contains(id));
        let same = PartitionChangeRecord {
            partition_id: self.index.0,
            topic_id: self.topic.0,
            ..PartitionChangeRecord::default()
        };
        let mut record = PartitionChangeRecord {
            isr: changed(&from.isr, &to.isr),
            replicas: changed(&from.replicas, &to.replicas),
            removing_replicas: changed(&from.removing, &to.removing),
            adding_replicas: changed(&from.adding, &to.adding),
            eligible_leader_replicas: changed(&from.elr, &to.elr),
            last_known_elr: changed(&from.last_known_elr, &to.last_known_elr),
            directories: (from.directories != to.directories)
                .then(|| to.directories.iter().map(|id| id.0).collect()),
            ..same.clone()
        };
        if from.leader != to.leader || someone_left {
            record.leader = to.leader.0;
        }
        if from.recovery_state != to.recovery_state {
            record.leader_recovery_state = to.recovery_state;
        }
        (record != same).then_some(record)
    }
}

/// The directories of the replicas that are wanted: those that stay keep theirs.
fn directories(image: &Image, from: &Partition, to: &Partition) -> Vec<DirectoryId> {
    if from.replicas == to.replicas {
        return to.directories.clone();
    }
    let known = |id: &BrokerId| {
        let place = from.replicas.iter().position(|one| one == id)?;
        to.directories.get(place).copied()
    };
    let directory =
        |id: &BrokerId| known(id).unwrap_or_else(|| directory_of_new(image.broker(*id).map(AsRef::as_ref)));
    to.replicas.iter().map(directory).collect()
}

/// The directory of a new replica: a broker with one has it there, otherwise the broker chooses (KIP-858).
pub(super) fn directory_of_new(broker: Option<&Broker>) -> DirectoryId {
    match broker.map(|one| one.directories.as_slice()) {
        Some([only]) => *only,
        _ => DirectoryId::UNASSIGNED,
    }
}
