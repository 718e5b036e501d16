//! A topic grows.

use super::{
    Load, Refused,
    create_topics::{bad_assignment, check_most, check_replicas, new_partition},
};
use crate::{Image, Record, image::partition_record};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, PartitionIndex, Str};

/// More partitions that somebody wants.
#[derive(Clone, Debug, Default)]
pub struct NewPartitions {
    /// The topic.
    pub topic: Str,
    /// How many partitions it shall have in all.
    pub count: i32,
    /// The brokers of each new partition; none: the controller chooses.
    pub assignments: Option<Vec<Vec<BrokerId>>>,
}

/// The records that grow a topic.
///
/// # Errors
/// Kafka's codes for an unknown topic, a wrong number or assignment.
pub fn create_partitions(
    image: &Image,
    load: &mut Load,
    new: &NewPartitions,
) -> Result<Vec<Record>, Refused> {
    let name = &new.topic;
    let topic = image.topic(name).ok_or_else(|| {
        Refused::new(ErrorCode::UnknownTopicOrPartition, format!("there is no topic {name}"))
    })?;
    let current = i32::try_from(topic.partitions.len()).expect("a topic's partitions are counted in i32");
    let invalid = |text: String| Refused::new(ErrorCode::InvalidPartitions, text);
    if new.count < current {
        let wanted = new.count;
        return Err(invalid(format!(
            "topic {name} has {current} partitions and cannot shrink to {wanted}: their records would be lost"
        )));
    }
    if new.count == current {
        return Err(invalid(format!("topic {name} has {current} partitions already")));
    }
    check_most(new.count - current)?;
    let factor = topic.partitions.first().map_or(1, |first| first.replicas.len());
    let assignments = match &new.assignments {
        Some(assignments) => manual(image, assignments, current, new.count, factor)?,
        None => (current..new.count).map(|_| load.place(factor)).collect::<Result<_, _>>()?,
    };
    (current..)
        .map(PartitionIndex)
        .zip(assignments)
        .map(|(index, replicas)| Ok(partition_record(topic, index, &new_partition(image, replicas)?).into()))
        .collect()
}

fn manual(
    image: &Image,
    assignments: &[Vec<BrokerId>],
    current: i32,
    count: i32,
    factor: usize,
) -> Result<Vec<Vec<BrokerId>>, Refused> {
    let wanted = usize::try_from(count - current).expect("it grows");
    if assignments.len() != wanted {
        let have = assignments.len();
        return Err(bad_assignment(format!("{wanted} new partitions have {have} assignments: each has one")));
    }
    for (index, replicas) in (current..).map(PartitionIndex).zip(assignments) {
        check_replicas(image, index, replicas, factor)?;
    }
    Ok(assignments.to_vec())
}
