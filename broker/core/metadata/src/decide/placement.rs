//! Where replicas go: spread over brokers and racks, the leaders too.

use super::Refused;
use crate::{Image, Partition};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, Str};
use std::collections::BTreeMap;

/// How much each broker has.
#[derive(Clone, Debug, Default)]
pub struct Load {
    brokers: BTreeMap<BrokerId, BrokerLoad>,
}

#[derive(Clone, Debug, Default)]
struct BrokerLoad {
    rack: Option<Str>,
    active: bool,
    replicas: usize,
    preferred: usize,
}

impl Load {
    /// The load of an image's brokers. Those that are fenced or leaving get replicas only where the others do not suffice, as
    /// in Kafka, and never lead.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        let broker = |one: &std::sync::Arc<crate::Broker>| {
            (one.id, BrokerLoad { rack: one.rack.clone(), active: one.is_active(), ..BrokerLoad::default() })
        };
        let mut load = Self { brokers: image.brokers().map(broker).collect() };
        // with one broker there is nothing to choose
        if load.brokers.len() > 1 {
            for partition in image.topics().flat_map(|topic| &topic.partitions) {
                load.count(partition);
            }
        }
        load
    }

    fn count(&mut self, partition: &Partition) {
        for (place, id) in partition.replicas.iter().enumerate() {
            if let Some(broker) = self.brokers.get_mut(id) {
                broker.replicas += 1;
                broker.preferred += usize::from(place == 0);
            }
        }
    }

    /// How many brokers may lead.
    #[must_use]
    pub fn usable(&self) -> usize {
        self.brokers.values().filter(|one| one.active).count()
    }

    /// How many brokers there are, those that are fenced or leaving too.
    #[must_use]
    pub fn registered(&self) -> usize {
        self.brokers.len()
    }

    /// Places one partition: its leader where the fewest lead, each follower on a rack that has none yet, else where the
    /// fewest replicas are.
    ///
    /// # Errors
    /// `INVALID_REPLICATION_FACTOR` when there are fewer brokers than replicas, or none that may lead.
    pub fn place(&mut self, replicas: usize) -> Result<Vec<BrokerId>, Refused> {
        self.extend(&[], replicas)
    }

    /// As [`Load::place`], for a partition that has `replicas` already: they come first.
    ///
    /// # Errors
    /// As [`Load::place`].
    pub fn extend(&mut self, replicas: &[BrokerId], wanted: usize) -> Result<Vec<BrokerId>, Refused> {
        let known = replicas.iter().filter(|id| self.brokers.contains_key(id)).count();
        if wanted == 0
            || wanted - replicas.len().min(wanted) > self.registered() - known
            || self.usable() == 0
        {
            return Err(self.too_few(wanted));
        }
        let mut chosen = replicas.to_vec();
        let mut racks: Vec<Option<Str>> =
            replicas.iter().map(|id| self.brokers.get(id).and_then(|one| one.rack.clone())).collect();
        while chosen.len() < wanted {
            let best = self.brokers.iter().filter(|(id, _)| !chosen.contains(id)).min_by_key(|(id, one)| {
                let in_rack = racks.iter().filter(|rack| one.rack.is_some() && **rack == one.rack).count();
                let leads = if chosen.is_empty() { one.preferred } else { 0 };
                (!one.active, in_rack, leads, one.replicas, **id)
            });
            let (id, one) =
                best.map(|(id, one)| (*id, one.rack.clone())).expect("there are more brokers than chosen");
            chosen.push(id);
            racks.push(one);
        }
        self.count(&Partition {
            replicas: chosen.iter().filter(|id| !replicas.contains(id)).copied().collect(),
            ..Partition::default()
        });
        Ok(chosen)
    }

    fn too_few(&self, replicas: usize) -> Refused {
        let fenced = match self.registered() - self.usable() {
            0 => String::new(),
            fenced => format!(", {fenced} of them fenced or leaving"),
        };
        let text =
            format!("{replicas} replicas need as many brokers, and there are {}{fenced}", self.registered());
        Refused::new(ErrorCode::InvalidReplicationFactor, text)
    }
}
