//! Where replicas go: spread over brokers and racks, the leaders too.

use super::Refused;
use crate::{Broker, Image, Partition};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, Str};
use std::collections::BTreeMap;

/// How much each broker that may get replicas has.
#[derive(Clone, Debug, Default)]
pub struct Load {
    brokers: BTreeMap<BrokerId, BrokerLoad>,
    registered: usize,
}

#[derive(Clone, Debug, Default)]
struct BrokerLoad {
    rack: Option<Str>,
    replicas: usize,
    preferred: usize,
}

impl Load {
    /// The load of an image's brokers. Fenced ones and those that are leaving get nothing.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        let usable = |broker: &&std::sync::Arc<Broker>| !broker.fenced && !broker.in_controlled_shutdown;
        let brokers = image.brokers().filter(usable);
        let brokers = brokers
            .map(|one| (one.id, BrokerLoad { rack: one.rack.clone(), ..BrokerLoad::default() }))
            .collect();
        let mut load = Self { brokers, registered: image.brokers().count() };
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

    /// How many brokers may get replicas.
    #[must_use]
    pub fn usable(&self) -> usize {
        self.brokers.len()
    }

    /// Places one partition: its leader where the fewest lead, each follower on a rack that has none yet, else where the
    /// fewest replicas are.
    ///
    /// # Errors
    /// `INVALID_REPLICATION_FACTOR` when there are fewer brokers than replicas.
    pub fn place(&mut self, replicas: usize) -> Result<Vec<BrokerId>, Refused> {
        if replicas > self.usable() || replicas == 0 {
            let fenced = match self.registered - self.usable() {
                0 => String::new(),
                fenced => format!(" ({fenced} more are fenced or leaving)"),
            };
            let text =
                format!("{replicas} replicas need as many brokers, and there are {}{fenced}", self.usable());
            return Err(Refused::new(ErrorCode::InvalidReplicationFactor, text));
        }
        let mut chosen: Vec<BrokerId> = Vec::with_capacity(replicas);
        let mut racks: Vec<Option<Str>> = Vec::with_capacity(replicas);
        while chosen.len() < replicas {
            let best = self.brokers.iter().filter(|(id, _)| !chosen.contains(id)).min_by_key(|(id, one)| {
                let in_rack = racks.iter().filter(|rack| one.rack.is_some() && **rack == one.rack).count();
                let leads = if chosen.is_empty() { one.preferred } else { 0 };
                (in_rack, leads, one.replicas, **id)
            });
            let (id, one) =
                best.map(|(id, one)| (*id, one.rack.clone())).expect("there are more brokers than chosen");
            chosen.push(id);
            racks.push(one);
        }
        self.count(&Partition { replicas: chosen.clone(), ..Partition::default() });
        Ok(chosen)
    }
}
