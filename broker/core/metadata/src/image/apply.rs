//! Records make the next image.

use super::{
    Broker, Controller, Delta, Endpoint, FeatureRange, Image, Partition, Position, Resource, ResourceKind,
    Topic,
};
use crate::Record;
use klamm_protocol::{
    BrokerRegistrationChangeRecord, ConfigRecord, PartitionChangeRecord, PartitionRecord,
    RegisterBrokerRecord, RegisterControllerRecord, TopicRecord,
};
use klamm_types::{BrokerEpoch, BrokerId, DirectoryId, LeaderEpoch, PartitionIndex, Str, TopicId, Uuid};
use std::sync::Arc;
use thiserror::Error;

/// A record does not fit what is there: the log is not one that a controller wrote.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ApplyError {
    /// There is no such topic.
    #[error("the metadata log names topic id {0}, which does not exist there")]
    NoTopic(TopicId),
    /// The topic exists.
    #[error("the metadata log makes topic {0}, which exists there already")]
    TopicExists(Str),
    /// There is no such partition, or one before it is missing.
    #[error("the metadata log names partition {1} of topic {0}, which does not exist there")]
    NoPartition(Str, PartitionIndex),
    /// There is no such broker in that epoch.
    #[error("the metadata log names broker {0} in epoch {1}, which is not registered there")]
    NoBroker(BrokerId, BrokerEpoch),
    /// A record of something that is not served.
    #[error("the metadata log has a {0}, which this broker does not serve")]
    NotServed(&'static str),
    /// A transaction begins within another, or what none has begun ends.
    #[error("the metadata log has a {0} where none can be")]
    Transaction(&'static str),
    /// A resource of a kind that is not served.
    #[error("the metadata log sets {name} on a resource of type {kind}, which this broker does not serve")]
    NoResource {
        /// The resource's type.
        kind: i8,
        /// The setting.
        name: Str,
    },
}

impl Image {
    /// The image after `records`, which end at `position`, and what they changed.
    ///
    /// # Errors
    /// [`ApplyError`] when a record does not fit.
    pub fn apply(&self, records: &[Record], position: Position) -> Result<(Image, Delta), ApplyError> {
        let (mut next, mut delta) = (self.clone(), Delta::default());
        for record in records {
            next.take(record, &mut delta)?;
        }
        next.position = position;
        Ok((next, delta))
    }

    pub(super) fn apply_one(&mut self, record: &Record, delta: &mut Delta) -> Result<(), ApplyError> {
        match record {
            Record::RegisterBroker(record) => self.register_broker(record, delta),
            Record::UnregisterBroker(record) => {
                let id = BrokerId(record.broker_id);
                self.registered(id, record.broker_epoch)?;
                Arc::make_mut(&mut self.brokers).remove(&id);
                delta.brokers.insert(id);
            }
            Record::BrokerRegistrationChange(record) => self.change_broker(record, delta)?,
            Record::FenceBroker(record) => self.set_fenced(BrokerId(record.id), record.epoch, true, delta)?,
            Record::UnfenceBroker(record) => {
                self.set_fenced(BrokerId(record.id), record.epoch, false, delta)?
            }
            Record::ClearElr(record) => self.clear_elr(&record.topic_name, delta)?,
            Record::Topic(record) => self.add_topic(record, delta)?,
            Record::Partition(record) => self.add_partition(record, delta)?,
            Record::PartitionChange(record) => self.change_partition(record, delta)?,
            Record::RemoveTopic(record) => self.remove_topic(TopicId(record.topic_id), delta)?,
            Record::Config(record) => self.set_config(record, delta)?,
            Record::FeatureLevel(record) => {
                self.features.set(&record.name, record.feature_level);
                delta.features = true;
            }
            Record::ProducerIds(record) => self.next_producer_id = record.next_producer_id,
            Record::RegisterController(record) => self.register_controller(record, delta),
            Record::UnregisterController(record) => {
                let id = BrokerId(record.controller_id);
                Arc::make_mut(&mut self.controllers).remove(&id);
                delta.controllers.insert(id);
            }
            // a log that is older than Kafka 4.0 may have one: whoever came from ZooKeeper has arrived
            Record::NoOp(_) | Record::ZkMigrationState(_) => {}
            other => return Err(ApplyError::NotServed(other.name())),
        }
        Ok(())
    }

    fn register_broker(&mut self, record: &RegisterBrokerRecord, delta: &mut Delta) {
        let broker = Broker {
            id: BrokerId(record.broker_id),
            epoch: BrokerEpoch(record.broker_epoch),
            incarnation: record.incarnation_id,
            endpoints: record
                .end_points
                .iter()
                .map(|one| Endpoint::told(&one.name, &one.host, one.port, one.security_protocol))
                .collect(),
            features: record
                .features
                .iter()
                .map(|one| {
                    FeatureRange::told(&one.name, one.min_supported_version, one.max_supported_version)
                })
                .collect(),
            rack: record.rack.as_ref().map(Str::detached),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            directories: directories(&record.log_dirs),
        };
        delta.brokers.insert(broker.id);
        Arc::make_mut(&mut self.brokers).insert(broker.id, Arc::new(broker));
    }

    fn register_controller(&mut self, record: &RegisterControllerRecord, delta: &mut Delta) {
        let controller = Controller {
            id: BrokerId(record.controller_id),
            incarnation: record.incarnation_id,
            endpoints: record
                .end_points
                .iter()
                .map(|one| Endpoint::told(&one.name, &one.host, one.port, one.security_protocol))
                .collect(),
            features: record
                .features
                .iter()
                .map(|one| {
                    FeatureRange::told(&one.name, one.min_supported_version, one.max_supported_version)
                })
                .collect(),
        };
        delta.controllers.insert(controller.id);
        Arc::make_mut(&mut self.controllers).insert(controller.id, Arc::new(controller));
    }

    fn registered(&self, id: BrokerId, epoch: i64) -> Result<&Arc<Broker>, ApplyError> {
        let epoch = BrokerEpoch(epoch);
        self.brokers.get(&id).filter(|broker| broker.epoch == epoch).ok_or(ApplyError::NoBroker(id, epoch))
    }

    fn change_broker(
        &mut self,
        record: &BrokerRegistrationChangeRecord,
        delta: &mut Delta,
    ) -> Result<(), ApplyError> {
        let id = BrokerId(record.broker_id);
        let mut broker = Broker::clone(self.registered(id, record.broker_epoch)?);
        match record.fenced {
            1 => broker.fenced = true,
            -1 => broker.fenced = false,
            _ => {}
        }
        if record.in_controlled_shutdown == 1 {
            broker.in_controlled_shutdown = true;
        }
        if !record.log_dirs.is_empty() {
            broker.directories = directories(&record.log_dirs);
        }
        Arc::make_mut(&mut self.brokers).insert(id, Arc::new(broker));
        delta.brokers.insert(id);
        Ok(())
    }

    /// The older way to fence, which a log of Apache Kafka may have.
    fn set_fenced(
        &mut self,
        id: BrokerId,
        epoch: i64,
        fenced: bool,
        delta: &mut Delta,
    ) -> Result<(), ApplyError> {
        let broker = Broker { fenced, ..Broker::clone(self.registered(id, epoch)?) };
        Arc::make_mut(&mut self.brokers).insert(id, Arc::new(broker));
        delta.brokers.insert(id);
        Ok(())
    }

    /// Forgets who is eligible, in one topic or, without a name, in all: the minimum of in-sync replicas has changed (KIP-966).
    fn clear_elr(&mut self, name: &str, delta: &mut Delta) -> Result<(), ApplyError> {
        let has_elr = |topic: &&Arc<Topic>| {
            (name.is_empty() || topic.name == name)
                && topic.partitions.iter().any(|one| !one.elr.is_empty() || !one.last_known_elr.is_empty())
        };
        let concerned: Vec<TopicId> = self.topics().filter(has_elr).map(|topic| topic.id).collect();
        for id in concerned {
            self.change_topic(id, |topic| {
                for (index, partition) in (0..).map(PartitionIndex).zip(&mut topic.partitions) {
                    if !partition.elr.is_empty() || !partition.last_known_elr.is_empty() {
                        let partition = Arc::make_mut(partition);
                        partition.elr.clear();
                        partition.last_known_elr.clear();
                        partition.partition_epoch += 1;
                        delta.partition_changed(id, index);
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn add_topic(&mut self, record: &TopicRecord, delta: &mut Delta) -> Result<(), ApplyError> {
        if self.topic(&record.name).is_some() {
            return Err(ApplyError::TopicExists(record.name.clone()));
        }
        let topic =
            Topic { name: record.name.detached(), id: TopicId(record.topic_id), partitions: Vec::new() };
        delta.topic_created(topic.id);
        self.put_topic(topic);
        Ok(())
    }

    fn put_topic(&mut self, topic: Topic) {
        let topic = Arc::new(topic);
        self.by_name.insert(topic.name.clone(), topic.clone());
        self.by_id.insert(topic.id, topic);
    }

    /// Changes a topic in place where no other image shares it.
    fn change_topic<T>(
        &mut self,
        id: TopicId,
        change: impl FnOnce(&mut Topic) -> Result<T, ApplyError>,
    ) -> Result<T, ApplyError> {
        let shared = self.by_id.remove(&id).ok_or(ApplyError::NoTopic(id))?;
        self.by_name.remove(&shared.name);
        let mut topic = Arc::unwrap_or_clone(shared);
        let changed = change(&mut topic);
        self.put_topic(topic);
        changed
    }

    fn add_partition(&mut self, record: &PartitionRecord, delta: &mut Delta) -> Result<(), ApplyError> {
        let (id, index) = (TopicId(record.topic_id), PartitionIndex(record.partition_id));
        let partition = Arc::new(Partition::from(record));
        self.change_topic(id, |topic| {
            let place = index.0 as usize;
            if place > topic.partitions.len() {
                return Err(ApplyError::NoPartition(topic.name.clone(), index));
            }
            if place == topic.partitions.len() {
                topic.partitions.push(partition);
            } else {
                topic.partitions[place] = partition;
            }
            Ok(())
        })?;
        delta.partition_changed(id, index);
        Ok(())
    }

    fn change_partition(
        &mut self,
        record: &PartitionChangeRecord,
        delta: &mut Delta,
    ) -> Result<(), ApplyError> {
        let (id, index) = (TopicId(record.topic_id), PartitionIndex(record.partition_id));
        self.change_topic(id, |topic| match topic.partitions.get_mut(index.0 as usize) {
            Some(partition) => {
                Arc::make_mut(partition).change(record);
                Ok(())
            }
            None => Err(ApplyError::NoPartition(topic.name.clone(), index)),
        })?;
        delta.partition_changed(id, index);
        Ok(())
    }

    fn remove_topic(&mut self, id: TopicId, delta: &mut Delta) -> Result<(), ApplyError> {
        let topic = self.by_id.remove(&id).ok_or(ApplyError::NoTopic(id))?;
        self.by_name.remove(&topic.name);
        self.configs.remove(&Resource::topic(topic.name.clone()));
        delta.topic_deleted(topic);
        Ok(())
    }

    fn set_config(&mut self, record: &ConfigRecord, delta: &mut Delta) -> Result<(), ApplyError> {
        let kind = ResourceKind::from_wire(record.resource_type)
            .ok_or(ApplyError::NoResource { kind: record.resource_type, name: record.name.clone() })?;
        let resource = Resource { kind, name: record.resource_name.detached() };
        let mut shared = self.configs.remove(&resource).unwrap_or_default();
        let values = Arc::make_mut(&mut shared);
        match &record.value {
            Some(value) => values.insert(record.name.detached(), value.detached()),
            None => values.remove(&record.name),
        };
        if !values.is_empty() {
            self.configs.insert(resource.clone(), shared);
        }
        delta.configs.insert(resource);
        Ok(())
    }
}

impl Partition {
    /// Takes a change in.
    pub(crate) fn change(&mut self, record: &PartitionChangeRecord) {
        const NO_LEADER_CHANGE: i32 = -2;
        set(&mut self.isr, record.isr.as_deref());
        set(&mut self.replicas, record.replicas.as_deref());
        set(&mut self.removing, record.removing_replicas.as_deref());
        set(&mut self.adding, record.adding_replicas.as_deref());
        set(&mut self.elr, record.eligible_leader_replicas.as_deref());
        set(&mut self.last_known_elr, record.last_known_elr.as_deref());
        if let Some(ids) = &record.directories {
            self.directories = directories(ids);
        }
        if record.leader != NO_LEADER_CHANGE {
            self.leader = BrokerId(record.leader);
            self.leader_epoch = LeaderEpoch(self.leader_epoch.0 + 1);
        }
        if record.leader_recovery_state >= 0 {
            self.recovery_state = record.leader_recovery_state;
        }
        self.partition_epoch += 1;
    }
}

impl From<&PartitionRecord> for Partition {
    fn from(record: &PartitionRecord) -> Self {
        Self {
            replicas: brokers(&record.replicas),
            directories: directories(&record.directories),
            isr: brokers(&record.isr),
            elr: brokers(record.eligible_leader_replicas.as_deref().unwrap_or_default()),
            last_known_elr: brokers(record.last_known_elr.as_deref().unwrap_or_default()),
            removing: brokers(&record.removing_replicas),
            adding: brokers(&record.adding_replicas),
            leader: BrokerId(record.leader),
            leader_epoch: LeaderEpoch(record.leader_epoch),
            partition_epoch: record.partition_epoch,
            recovery_state: record.leader_recovery_state,
        }
    }
}

fn set(list: &mut Vec<BrokerId>, ids: Option<&[i32]>) {
    if let Some(ids) = ids {
        *list = brokers(ids);
    }
}

fn brokers(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}

fn directories(ids: &[Uuid]) -> Vec<DirectoryId> {
    ids.iter().copied().map(DirectoryId).collect()
}
