//! An image as records, and back: what a snapshot holds between its header and its footer.

use super::{ApplyError, Delta, Endpoint, FeatureRange, Image, Partition, Position, Topic};
use crate::{METADATA_VERSION, Record};
use klamm_protocol::{
    ConfigRecord, FeatureLevelRecord, PartitionRecord, ProducerIdsRecord, RegisterBrokerRecord,
    RegisterControllerRecord, TopicRecord, register_broker_record as broker,
    register_controller_record as controller,
};
use klamm_types::{BrokerId, DirectoryId, PartitionIndex, Uuid};

impl Image {
    /// The records that make this image from an empty one. The features come first: they say how to read the rest.
    #[must_use]
    pub fn to_records(&self) -> Vec<Record> {
        let mut records = self.feature_records();
        records.extend(self.controller_records());
        records.extend(self.broker_records());
        for topic in self.topics() {
            records.push(TopicRecord { name: topic.name.clone(), topic_id: topic.id.0 }.into());
            let partitions =
                topic.indexed().map(|(index, partition)| partition_record(topic, index, partition).into());
            records.extend(partitions);
        }
        for (resource, values) in self.configs() {
            records.extend(values.iter().map(|(name, value)| {
                Record::from(ConfigRecord {
                    resource_type: resource.kind.wire(),
                    resource_name: resource.name.clone(),
                    name: name.clone(),
                    value: Some(value.clone()),
                })
            }));
        }
        if self.next_producer_id > 0 {
            let next_producer_id = self.next_producer_id;
            records.push(ProducerIdsRecord { broker_id: -1, broker_epoch: -1, next_producer_id }.into());
        }
        records
    }

    /// The image that a snapshot's records make.
    ///
    /// # Errors
    /// [`ApplyError`] when they do not fit each other.
    pub fn from_records(
        records: impl IntoIterator<Item = Record>,
        position: Position,
    ) -> Result<Image, ApplyError> {
        let (mut image, mut delta) = (Image::default(), Delta::default());
        for record in records {
            image.apply_one(&record, &mut delta)?;
        }
        image.position = position;
        Ok(image)
    }

    fn feature_records(&self) -> Vec<Record> {
        let mut levels: Vec<_> = self.features.iter().collect();
        levels.sort_by_key(|(name, _)| name.as_str() != METADATA_VERSION);
        let record = |(name, level): (&klamm_types::Str, i16)| FeatureLevelRecord {
            name: name.clone(),
            feature_level: level,
        };
        levels.into_iter().map(record).map(Record::from).collect()
    }

    fn broker_records(&self) -> impl Iterator<Item = Record> {
        self.brokers().map(|one| {
            Record::from(RegisterBrokerRecord {
                broker_id: one.id.0,
                incarnation_id: one.incarnation,
                broker_epoch: one.epoch.0,
                end_points: one.endpoints.iter().map(broker::BrokerEndpoint::from).collect(),
                features: one.features.iter().map(broker::BrokerFeature::from).collect(),
                rack: one.rack.clone(),
                fenced: one.fenced,
                in_controlled_shutdown: one.in_controlled_shutdown,
                log_dirs: uuids(&one.directories),
                ..Default::default()
            })
        })
    }

    fn controller_records(&self) -> impl Iterator<Item = Record> {
        self.controllers().map(|one| {
            Record::from(RegisterControllerRecord {
                controller_id: one.id.0,
                incarnation_id: one.incarnation,
                end_points: one.endpoints.iter().map(controller::ControllerEndpoint::from).collect(),
                features: one.features.iter().map(controller::ControllerFeature::from).collect(),
                ..Default::default()
            })
        })
    }
}

/// The record that makes a partition as it is.
pub(crate) fn partition_record(
    topic: &Topic,
    index: PartitionIndex,
    partition: &Partition,
) -> PartitionRecord {
    let some = |list: &[BrokerId]| (!list.is_empty()).then(|| ids(list));
    PartitionRecord {
        partition_id: index.0,
        topic_id: topic.id.0,
        replicas: ids(&partition.replicas),
        isr: ids(&partition.isr),
        removing_replicas: ids(&partition.removing),
        adding_replicas: ids(&partition.adding),
        leader: partition.leader.0,
        leader_recovery_state: partition.recovery_state,
        leader_epoch: partition.leader_epoch.0,
        partition_epoch: partition.partition_epoch,
        directories: uuids(&partition.directories),
        eligible_leader_replicas: some(&partition.elr),
        last_known_elr: some(&partition.last_known_elr),
    }
}

fn ids(list: &[BrokerId]) -> Vec<i32> {
    list.iter().map(|id| id.0).collect()
}

fn uuids(list: &[DirectoryId]) -> Vec<Uuid> {
    list.iter().map(|id| id.0).collect()
}

macro_rules! node_parts {
    ($($endpoint:ty, $feature:ty;)*) => {$(
        impl From<&Endpoint> for $endpoint {
            fn from(one: &Endpoint) -> Self {
                Self { name: one.listener.clone(), host: one.host.clone(), port: one.port, security_protocol: one.security_protocol }
            }
        }
        impl From<&FeatureRange> for $feature {
            fn from(one: &FeatureRange) -> Self {
                Self { name: one.name.clone(), min_supported_version: one.min, max_supported_version: one.max }
            }
        }
    )*};
}
node_parts! {
    broker::BrokerEndpoint, broker::BrokerFeature;
    controller::ControllerEndpoint, controller::ControllerFeature;
}
