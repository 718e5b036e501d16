//! How many replicas there shall be, and on which brokers: a change moves as little as possible, and spreads over racks,
//! brokers and leaders.

use super::{Observed, Step, TopicSeen, Valid};
use klamm_types::BrokerId;
use std::collections::{BTreeMap, BTreeSet};

/// Where the replicas of a partition are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// All of them, the preferred leader first.
    pub all: Vec<BrokerId>,
    /// Those that join and are not in sync yet.
    pub adding: BTreeSet<BrokerId>,
    /// Those that leave when the others have joined.
    pub removing: BTreeSet<BrokerId>,
}

impl Replicas {
    /// Those that stay, and those that join.
    fn target(&self) -> Vec<BrokerId> {
        self.all.iter().copied().filter(|id| !self.removing.contains(id)).collect()
    }

    pub(super) fn is_moving(&self) -> bool {
        !self.adding.is_empty() || !self.removing.is_empty()
    }

    /// How many there are, those that have not joined yet not counted.
    pub(super) fn count(&self) -> usize {
        self.all.len() - self.adding.len()
    }
}

/// How many replicas the topic shall have, whether or not there are as many brokers; none when nobody says: a topic that was
/// found keeps what it has.
pub(super) fn wanted(observed: &Observed, valid: &Valid, adopted: bool) -> Option<usize> {
    let asked = observed.topic.spec.replicas.is_some();
    (asked || !adopted).then(|| usize::try_from(valid.replicas).unwrap_or(1).max(1))
}

/// The partitions that have more or fewer replicas than they can have are moved; those for which there are not enough brokers
/// up wait.
pub(super) fn reassign(
    observed: &Observed,
    actual: &TopicSeen,
    wanted: Option<usize>,
    brokers: i32,
) -> Option<Step> {
    let count = wanted?.min(usize::try_from(brokers).unwrap_or(1).max(1));
    let mut load = Load::of(&observed.racks, actual);
    let mut targets = BTreeMap::new();
    for (index, replicas) in &actual.partitions {
        let target = replicas.target();
        let changed = match target.len() {
            now if now < count => load.raise(&target, count),
            now if now > count => Some(load.lower(&target, count)),
            _ => None,
        };
        targets.extend(changed.map(|changed| (*index, changed)));
    }
    (!targets.is_empty()).then_some(Step::Reassign { targets })
}

/// What the brokers have of the topic.
struct Load<'a> {
    racks: &'a BTreeMap<BrokerId, Option<String>>,
    replicas: BTreeMap<BrokerId, usize>,
    /// Of how many partitions a broker is the preferred leader.
    leads: BTreeMap<BrokerId, usize>,
}

impl<'a> Load<'a> {
    fn of(racks: &'a BTreeMap<BrokerId, Option<String>>, actual: &TopicSeen) -> Self {
        let mut load = Self { racks, replicas: BTreeMap::new(), leads: BTreeMap::new() };
        for target in actual.partitions.values().map(Replicas::target) {
            load.add(&target);
        }
        load
    }

    fn add(&mut self, target: &[BrokerId]) {
        target.iter().for_each(|id| *self.replicas.entry(*id).or_default() += 1);
        target.first().into_iter().for_each(|id| *self.leads.entry(*id).or_default() += 1);
    }

    fn take(&mut self, target: &[BrokerId]) {
        for id in target {
            self.replicas.entry(*id).and_modify(|count| *count -= 1);
        }
        target.first().into_iter().for_each(|id| {
            self.leads.entry(*id).and_modify(|count| *count -= 1);
        });
    }

    /// How many others of `target` are in the rack of `id`; a broker whose rack is unknown is in one of its own.
    fn crowd(&self, target: &[BrokerId], id: BrokerId) -> usize {
        let rack = |id: &BrokerId| self.racks.get(id).and_then(Option::as_ref);
        let own = rack(&id);
        target.iter().filter(|other| **other != id && own.is_some() && rack(other) == own).count()
    }

    fn has(&self, id: BrokerId) -> usize {
        self.replicas.get(&id).copied().unwrap_or_default()
    }

    /// With brokers that are up; none when too few are. The broker that leads the fewest partitions is preferred from now on.
    fn raise(&mut self, target: &[BrokerId], count: usize) -> Option<Vec<BrokerId>> {
        let mut raised = target.to_vec();
        while raised.len() < count {
            let others = self.racks.keys().copied().filter(|id| !raised.contains(id));
            let joins = others.min_by_key(|id| (self.crowd(&raised, *id), self.has(*id), *id))?;
            raised.push(joins);
        }
        self.take(target);
        let leads = |id: &BrokerId| self.leads.get(id).copied().unwrap_or_default();
        let place = |id: &BrokerId| raised.iter().position(|one| one == id);
        let preferred = raised.iter().copied().min_by_key(|id| (leads(id), place(id)));
        if let Some(at) = preferred.and_then(|id| place(&id)) {
            let preferred = raised.remove(at);
            raised.insert(0, preferred);
        }
        self.add(&raised);
        Some(raised)
    }

    /// Without those that are away, else without those whose rack or broker has the most; the preferred leader stays if it is up.
    fn lower(&mut self, target: &[BrokerId], count: usize) -> Vec<BrokerId> {
        let mut lowered = target.to_vec();
        while lowered.len() > count {
            let leaves = lowered.iter().enumerate().max_by_key(|(place, id)| {
                let away = !self.racks.contains_key(id);
                (away, *place > 0, self.crowd(&lowered, **id), self.has(**id), **id)
            });
            let Some((place, _)) = leaves else { break };
            lowered.remove(place);
        }
        self.take(target);
        self.add(&lowered);
        lowered
    }
}
