//! A new topic.

use super::{Load, Refused, change::directory_of_new, check_name};
use crate::{
    Image, Partition, Record, Topic,
    config::{ConfigError, Layers, Values, broker_def, check_topic},
    image::partition_record,
};
use klamm_protocol::{ConfigRecord, ErrorCode, TopicRecord};
use klamm_types::{BrokerId, LeaderEpoch, PartitionIndex, Str, TopicId};
use std::collections::BTreeMap;

/// How many partitions one wish may make: its records must fit one batch of the metadata log.
pub(super) const MOST_PARTITIONS: i32 = 10_000;

/// `klamm.replication.factor.excess`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// More replicas than brokers are refused, as in Kafka.
    Reject,
    /// There are as many replicas as brokers.
    Reduce,
}

/// What a topic is that does not say what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicDefaults {
    /// `num.partitions`
    pub partitions: i32,
    /// `default.replication.factor`
    pub replication_factor: i16,
    /// `klamm.replication.factor.excess`
    pub excess: Excess,
}

impl TopicDefaults {
    /// The defaults that a broker's settings give.
    #[must_use]
    pub fn of(layers: Layers<'_>) -> Self {
        let value = |name| broker_def(name).ok().and_then(|definition| layers.broker_value(definition));
        let number = |name| value(name).and_then(|value| value.trim().parse::<i32>().ok()).unwrap_or(1);
        Self {
            partitions: number("num.partitions"),
            replication_factor: i16::try_from(number("default.replication.factor")).unwrap_or(i16::MAX),
            excess: match value("klamm.replication.factor.excess").as_deref() {
                Some("reduce") => Excess::Reduce,
                _ => Excess::Reject,
            },
        }
    }
}

/// A topic that somebody wants.
#[derive(Clone, Debug, Default)]
pub struct NewTopic {
    /// Its name.
    pub name: Str,
    /// How many partitions; −1 is the default, and the rule with `assignments`.
    pub partitions: i32,
    /// How many replicas; −1 is the default, and the rule with `assignments`.
    pub replication_factor: i16,
    /// The brokers of each partition; empty: the controller chooses.
    pub assignments: Vec<(PartitionIndex, Vec<BrokerId>)>,
    /// Its settings.
    pub configs: Vec<(Str, Option<Str>)>,
}

/// The records that make a topic: the topic first, then its settings, then its partitions.
///
/// # Errors
/// Kafka's codes for a wrong name, number, assignment or setting.
pub fn create_topic(
    image: &Image,
    load: &mut Load,
    defaults: TopicDefaults,
    new: &NewTopic,
    id: TopicId,
) -> Result<Vec<Record>, Refused> {
    check_name(image, &new.name)?;
    let configs = checked_configs(&new.configs)?;
    let assignments =
        if new.assignments.is_empty() { choose(load, defaults, new)? } else { manual(image, new)? };
    let mut topic = Topic { name: new.name.clone(), id, partitions: Vec::new() };
    let mut records = vec![TopicRecord { name: topic.name.clone(), topic_id: id.0 }.into()];
    records.extend(configs.iter().map(|(name, value)| set_config(&topic.name, name, value)));
    for replicas in assignments {
        let index =
            PartitionIndex(i32::try_from(topic.partitions.len()).expect("bounded by MOST_PARTITIONS"));
        let partition = new_partition(image, replicas)?;
        records.push(partition_record(&topic, index, &partition).into());
        topic.partitions.push(partition.into());
    }
    Ok(records)
}

fn set_config(topic: &Str, name: &Str, value: &Str) -> Record {
    Record::from(ConfigRecord {
        resource_type: crate::ResourceKind::Topic.wire(),
        resource_name: topic.clone(),
        name: name.clone(),
        value: Some(value.clone()),
    })
}

fn checked_configs(configs: &[(Str, Option<Str>)]) -> Result<Values, Refused> {
    let mut values = Values::new();
    for (name, value) in configs {
        let value = value.as_ref().ok_or_else(|| {
            Refused::new(
                ErrorCode::InvalidConfig,
                format!("{name} has no value: leave it out to have its default"),
            )
        })?;
        values.insert(name.clone(), value.clone());
    }
    check_topic(&values)?;
    Ok(values)
}

impl From<ConfigError> for Refused {
    fn from(error: ConfigError) -> Self {
        // As Apache Kafka: a value is a wrong configuration, to change what cannot change is a wrong request.
        let code = match error {
            ConfigError::ReadOnly { .. } => ErrorCode::InvalidRequest,
            _ => ErrorCode::InvalidConfig,
        };
        Refused::new(code, error.to_string())
    }
}

/// The controller chooses the brokers.
fn choose(load: &mut Load, defaults: TopicDefaults, new: &NewTopic) -> Result<Vec<Vec<BrokerId>>, Refused> {
    let partitions = if new.partitions == -1 { defaults.partitions } else { new.partitions };
    if partitions < 1 {
        return Err(Refused::new(
            ErrorCode::InvalidPartitions,
            format!("a topic has 1 partition or more, not {partitions}"),
        ));
    }
    check_most(partitions)?;
    let factor =
        if new.replication_factor == -1 { defaults.replication_factor } else { new.replication_factor };
    let wanted = usize::try_from(factor).ok().filter(|wanted| *wanted > 0).ok_or_else(|| {
        Refused::new(
            ErrorCode::InvalidReplicationFactor,
            format!("a partition has 1 replica or more, not {factor}"),
        )
    })?;
    let replicas = match defaults.excess {
        Excess::Reduce if load.usable() > 0 => wanted.min(load.registered()),
        _ => wanted,
    };
    (0..partitions).map(|_| load.place(replicas)).collect()
}

pub(super) fn check_most(partitions: i32) -> Result<(), Refused> {
    if partitions <= MOST_PARTITIONS {
        return Ok(());
    }
    let text =
        format!("{partitions} partitions are too many for one request: it takes up to {MOST_PARTITIONS}");
    Err(Refused::new(ErrorCode::PolicyViolation, text))
}

/// The client has chosen the brokers.
fn manual(image: &Image, new: &NewTopic) -> Result<Vec<Vec<BrokerId>>, Refused> {
    if new.partitions != -1 || new.replication_factor != -1 {
        let text =
            "a topic with assignments has -1 as its number of partitions and as its replication factor";
        return Err(Refused::new(ErrorCode::InvalidRequest, text));
    }
    check_most(i32::try_from(new.assignments.len()).unwrap_or(i32::MAX))?;
    let by_index: BTreeMap<PartitionIndex, &Vec<BrokerId>> =
        new.assignments.iter().map(|(index, replicas)| (*index, replicas)).collect();
    if by_index.len() != new.assignments.len() {
        return Err(bad_assignment("a partition is assigned twice".to_owned()));
    }
    let factor = new.assignments[0].1.len();
    for (expected, (index, replicas)) in (0..).map(PartitionIndex).zip(&by_index) {
        if *index != expected {
            return Err(bad_assignment(format!(
                "partition {expected} has no assignment: partitions count from 0 without a gap"
            )));
        }
        check_replicas(image, *index, replicas, factor)?;
    }
    Ok(by_index.into_values().cloned().collect())
}

pub(super) fn check_replicas(
    image: &Image,
    index: PartitionIndex,
    replicas: &[BrokerId],
    factor: usize,
) -> Result<(), Refused> {
    if replicas.is_empty() || replicas.len() != factor {
        let count = replicas.len();
        return Err(bad_assignment(format!(
            "partition {index} has {count} replicas where the first has {factor}: all have equally many, at least 1"
        )));
    }
    for (place, id) in replicas.iter().enumerate() {
        if replicas[..place].contains(id) {
            return Err(bad_assignment(format!("partition {index} has broker {id} twice")));
        }
        if image.broker(*id).is_none() {
            return Err(bad_assignment(format!(
                "partition {index} is assigned to broker {id}, which is not registered"
            )));
        }
    }
    Ok(())
}

pub(super) fn bad_assignment(text: String) -> Refused {
    Refused::new(ErrorCode::InvalidReplicaAssignment, text)
}

/// A partition that starts on `replicas`: those that are up are in sync, the first of them leads.
pub(super) fn new_partition(image: &Image, replicas: Vec<BrokerId>) -> Result<Partition, Refused> {
    let is_up = |id: &&BrokerId| image.broker(**id).is_some_and(|broker| broker.is_active());
    let isr: Vec<BrokerId> = replicas.iter().filter(is_up).copied().collect();
    let leader = *isr
        .first()
        .ok_or_else(|| bad_assignment("all brokers of a partition are fenced or leaving".to_owned()))?;
    let directories =
        replicas.iter().map(|id| directory_of_new(image.broker(*id).map(AsRef::as_ref))).collect();
    Ok(Partition {
        replicas,
        directories,
        isr,
        leader,
        leader_epoch: LeaderEpoch(0),
        partition_epoch: 0,
        ..Partition::default()
    })
}
