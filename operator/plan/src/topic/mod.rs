//! The plan of a Topic: create, adopt, grow, configure, delete; and what to tell of it.

mod replicas;
mod status;

pub use replicas::Replicas;

use crate::{Refusal, kafka_settings};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use klamm_operator_api::{Config, OnDelete, Topic, TopicStatus, annotation};
use klamm_types::{BrokerId, PartitionIndex};
use std::collections::{BTreeMap, BTreeSet};

/// Holds a Topic whose deletion deletes data. It is set before the topic is made: who finds it knows who made it.
pub const FINALIZER: &str = "klamm.dev/topic";

/// The replicas of who asks for no number.
const REPLICAS: i32 = 3;

/// All that a reconciliation of a Topic reads.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The object.
    pub topic: Topic,
    /// The wall clock, for conditions.
    pub now: Time,
    /// Its Cluster.
    pub cluster: ClusterSeen,
    /// The older Topic object of the same Cluster and topic name.
    pub older: Option<String>,
    /// The topic in Kafka; only asked for when the Cluster is there.
    pub actual: Option<TopicSeen>,
    /// The brokers that are up, each with its rack; only asked for when the Cluster is there.
    pub racks: BTreeMap<BrokerId, Option<String>>,
    /// What Kafka said to the last attempt, when it refused.
    pub failed: Option<String>,
}

/// A Topic's Cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterSeen {
    /// There is none, or it or the namespace is being deleted: nothing is done, nothing is held back.
    Absent,
    /// It cannot be asked now.
    Away(String),
    /// It answers.
    There {
        /// How many brokers it has, those that are away for the moment too.
        brokers: i32,
    },
}

/// A topic in Kafka.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicSeen {
    /// Its id.
    pub id: String,
    /// Its partitions.
    pub partitions: BTreeMap<PartitionIndex, Replicas>,
    /// The settings that were set for this topic.
    pub config: BTreeMap<String, String>,
}

impl TopicSeen {
    /// How many partitions it has.
    #[must_use]
    pub fn partition_count(&self) -> i32 {
        i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    /// The smallest number of replicas of a partition.
    #[must_use]
    pub fn replicas(&self) -> i32 {
        let least = self.partitions.values().map(Replicas::count).min().unwrap_or_default();
        i32::try_from(least).unwrap_or(i32::MAX)
    }

    /// How many partitions move to other brokers.
    #[must_use]
    pub fn moving(&self) -> usize {
        self.partitions.values().filter(|one| one.is_moving()).count()
    }
}

/// What is done about a Topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Hold the object until the topic is deleted.
    AddFinalizer,
    /// Let the object go.
    RemoveFinalizer,
    /// Make the topic.
    Create {
        /// With so many partitions,
        partitions: i32,
        /// so many replicas,
        replicas: i32,
        /// and these settings.
        config: BTreeMap<String, String>,
    },
    /// Add partitions.
    Grow {
        /// Up to so many.
        partitions: i32,
    },
    /// Move partitions to other brokers, so that they have more or fewer replicas.
    Reassign {
        /// All replicas that they shall have, the preferred leader first.
        targets: BTreeMap<PartitionIndex, Vec<BrokerId>>,
    },
    /// Change settings; those not named stay.
    Configure {
        /// These are set,
        set: BTreeMap<String, String>,
        /// these go back to their defaults.
        reset: BTreeSet<String>,
    },
    /// Delete the topic, if it still has this id.
    Delete {
        /// Its id.
        id: String,
    },
}

/// What is done about a Topic, in this order: the step, then the status of what is then there.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The next step; look again after it.
    pub step: Option<Step>,
    /// The status to write; none when it is the same.
    pub status: Option<TopicStatus>,
    /// Whether something goes on of which no object tells: then it is looked at again soon.
    pub under_way: bool,
}

/// A spec with defaults.
struct Valid {
    partitions: i32,
    replicas: i32,
    config: BTreeMap<String, String>,
}

/// The topic's name in Kafka.
#[must_use]
pub fn kafka_name(topic: &Topic) -> String {
    let name = topic.spec.topic_name.clone().or_else(|| topic.metadata.name.clone());
    name.unwrap_or_default()
}

/// What is done about the Topic, given all that was observed.
#[must_use]
pub fn plan(observed: &Observed) -> Plan {
    let topic = &observed.topic;
    if topic.metadata.deletion_timestamp.is_some() {
        return Plan { step: release(observed), status: None, under_way: false };
    }
    if is_paused(topic) {
        return Plan { step: None, status: None, under_way: false };
    }
    if let Some(failed) = &observed.failed {
        return refused(observed, &Refusal::new("Refused", failed.clone()));
    }
    if let Some(older) = &observed.older {
        let name = kafka_name(topic);
        let message = format!("the Topic {older} is older and has the topic {name}; delete one of the two");
        return refused(observed, &Refusal::new("NameConflict", message));
    }
    let brokers = match &observed.cluster {
        ClusterSeen::There { brokers } => *brokers,
        ClusterSeen::Absent => return waiting(observed, "ClusterAbsent", absent(topic)),
        ClusterSeen::Away(why) => return waiting(observed, "ClusterNotReady", why.clone()),
    };
    let valid = match validate(observed) {
        Ok(valid) => valid,
        Err(refusal) => return refused(observed, &refusal),
    };
    match &observed.actual {
        None => create(observed, &valid, brokers),
        Some(actual) => change(observed, &valid, actual, brokers),
    }
}

/// Whether the Topic's status says that partitions have fewer replicas than they shall have and can have with so many brokers,
/// and nothing but time stands between.
#[must_use]
pub fn is_growing(topic: &Topic, brokers: i32) -> bool {
    let Some(status) = &topic.status else { return false };
    let is = |kind: &str| {
        let mut all = status.conditions.iter().flatten();
        all.any(|condition| condition.type_ == kind && condition.status == "True")
    };
    // a topic that was found keeps what it has, unless somebody asks for a number
    let wanted = topic.spec.replicas.or_else(|| (!is_adopted(topic)).then_some(REPLICAS));
    let has = status.replicas.unwrap_or(i32::MAX);
    wanted.is_some_and(|wanted| has < wanted.min(brokers)) && !is("Stalled") && !is_paused(topic)
}

fn is_paused(topic: &Topic) -> bool {
    let annotations = topic.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get(annotation::PAUSE)).is_some_and(|value| value == "true")
}

fn absent(topic: &Topic) -> String {
    format!("the Cluster {} does not exist in this namespace", topic.spec.cluster_ref.name)
}

fn waiting(observed: &Observed, reason: &str, on: String) -> Plan {
    Plan { step: None, status: status::waiting(observed, reason, on), under_way: false }
}

fn refused(observed: &Observed, refusal: &Refusal) -> Plan {
    Plan { step: None, status: status::stalled(observed, refusal), under_way: false }
}

fn validate(observed: &Observed) -> Result<Valid, Refusal> {
    let (name, spec) = (kafka_name(&observed.topic), &observed.topic.spec);
    let letter = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.len() > 249 || !name.chars().all(letter) || name == "." || name == ".." {
        let message =
            format!("spec.topicName: {name:?} is no topic name; it takes 1 to 249 of a-z A-Z 0-9 . _ -");
        return Err(Refusal::new("InvalidSpec", message));
    }
    let valid = Valid {
        partitions: spec.partitions.unwrap_or(1),
        replicas: spec.replicas.unwrap_or(REPLICAS),
        config: kafka_settings::topic("spec.config", spec.config.as_ref())?,
    };
    if let Some(actual) =
        observed.actual.as_ref().filter(|actual| actual.partition_count() > valid.partitions)
    {
        let message = format!(
            "spec.partitions is {}, but the topic has {}: Kafka cannot take a partition away; nothing was touched",
            valid.partitions,
            actual.partition_count()
        );
        return Err(Refusal::new("PartitionsShrink", message));
    }
    Ok(valid)
}

fn create(observed: &Observed, valid: &Valid, brokers: i32) -> Plan {
    let (partitions, replicas) = (valid.partitions, valid.replicas.min(brokers.max(1)));
    let step = if on_delete(&observed.topic, false) == OnDelete::Delete && !is_held(&observed.topic) {
        Step::AddFinalizer
    } else {
        Step::Create { partitions, replicas, config: valid.config.clone() }
    };
    Plan { step: Some(step), status: None, under_way: false }
}

fn change(observed: &Observed, valid: &Valid, actual: &TopicSeen, brokers: i32) -> Plan {
    let topic = &observed.topic;
    let adopted = is_adopted(topic);
    let step = match (on_delete(topic, adopted), is_held(topic)) {
        // what was found is said in the status before anything is held: the finalizer alone means "made here"
        (OnDelete::Delete, false) if provenance(topic).is_some() => Some(Step::AddFinalizer),
        (OnDelete::Retain, true) => Some(Step::RemoveFinalizer),
        _ if actual.partition_count() < valid.partitions => Some(Step::Grow { partitions: valid.partitions }),
        _ => configure(topic, valid, actual).or_else(|| {
            replicas::reassign(observed, actual, replicas::wanted(observed, valid, adopted), brokers)
        }),
    };
    let status = match step {
        None => status::settled(observed, valid, actual, adopted, brokers),
        Some(_) => None,
    };
    Plan { step, status, under_way: actual.moving() > 0 }
}

fn configure(topic: &Topic, valid: &Valid, actual: &TopicSeen) -> Option<Step> {
    let differs = |(key, value): &(&String, &String)| actual.config.get(*key) != Some(*value);
    let set: BTreeMap<String, String> =
        valid.config.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect();
    let managed = topic.status.as_ref().and_then(|status| status.config_keys.clone()).unwrap_or_default();
    let left = |key: &String| !valid.config.contains_key(key) && actual.config.contains_key(key);
    let reset: BTreeSet<String> = managed.into_iter().filter(left).collect();
    (!set.is_empty() || !reset.is_empty()).then_some(Step::Configure { set, reset })
}

/// What is done about a Topic that is being deleted.
fn release(observed: &Observed) -> Option<Step> {
    if !is_held(&observed.topic) {
        return None;
    }
    let keeps = on_delete(&observed.topic, is_adopted(&observed.topic)) == OnDelete::Retain;
    match (&observed.cluster, &observed.actual) {
        (ClusterSeen::Absent, _) => Some(Step::RemoveFinalizer),
        _ if keeps || observed.older.is_some() => Some(Step::RemoveFinalizer),
        (ClusterSeen::Away(_), _) => None,
        (ClusterSeen::There { .. }, Some(actual)) => Some(Step::Delete { id: actual.id.clone() }),
        (ClusterSeen::There { .. }, None) => Some(Step::RemoveFinalizer),
    }
}

/// Delete for topics that the object made, Retain for those that it found.
fn on_delete(topic: &Topic, adopted: bool) -> OnDelete {
    topic.spec.on_delete.unwrap_or(if adopted { OnDelete::Retain } else { OnDelete::Delete })
}

fn is_held(topic: &Topic) -> bool {
    topic.metadata.finalizers.as_ref().is_some_and(|all| all.iter().any(|name| name == FINALIZER))
}

/// Whether the object found the topic. Before its status says so, nothing that is not held was made.
fn is_adopted(topic: &Topic) -> bool {
    provenance(topic).unwrap_or_else(|| !is_held(topic))
}

fn provenance(topic: &Topic) -> Option<bool> {
    let said = topic.status.as_ref()?.conditions.as_ref()?;
    said.iter()
        .find(|condition| condition.type_ == status::ADOPTED)
        .map(|condition| condition.status == "True")
}

/// The settings of a spec, for the status.
fn keys(config: Option<&Config>) -> Option<Vec<String>> {
    config.filter(|config| !config.0.is_empty()).map(|config| config.0.keys().cloned().collect())
}
