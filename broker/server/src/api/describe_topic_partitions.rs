//! DescribeTopicPartitions (KIP-966): topics with their eligible leader replicas, page by page in the order of their names.

use super::Call;
use klamm_metadata::{Image, Partition, Topic};
use klamm_protocol::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, ErrorCode,
    describe_topic_partitions_response::{
        Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
    },
};
use klamm_types::{BrokerId, PartitionIndex, Str};
use std::{collections::BTreeSet, sync::Arc};

/// The partitions of one answer, at most: Kafka's `max.request.partition.size.limit`.
const PARTITIONS_MAX: usize = 2000;

/// Where an answer begins.
#[derive(Clone, Debug, Default)]
struct From {
    topic: Str,
    partition: usize,
}

pub async fn handle(
    call: Arc<Call>,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let image = call.broker.image();
    let from = request.cursor.map_or_else(From::default, |cursor| From {
        topic: cursor.topic_name,
        partition: usize::try_from(cursor.partition_index).unwrap_or(0),
    });
    let names: BTreeSet<Str> = match request.topics.is_empty() {
        true => image.topics().map(|topic| topic.name.clone()).collect(),
        false => request.topics.into_iter().map(|topic| topic.name).collect(),
    };
    let limit = usize::try_from(request.response_partition_limit).unwrap_or(0).clamp(1, PARTITIONS_MAX);
    let (mut topics, next_cursor) = page(&image, &names, &from, limit);
    for topic in &mut topics {
        topic.is_internal = topic.name.as_deref().is_some_and(|name| call.broker.is_internal(name));
    }
    DescribeTopicPartitionsResponse { topics, next_cursor, ..Default::default() }
}

/// Up to `limit` partitions of these topics, and where the next page begins if there is one.
fn page(
    image: &Image,
    names: &BTreeSet<Str>,
    from: &From,
    limit: usize,
) -> (Vec<DescribeTopicPartitionsResponseTopic>, Option<Cursor>) {
    let (mut topics, mut left) = (Vec::new(), limit);
    for name in names.range(from.topic.clone()..) {
        let first = if *name == from.topic { from.partition } else { 0 };
        if left == 0 {
            return (topics, Some(cursor(name, first)));
        }
        let Some(topic) = image.topic(name) else {
            topics.push(DescribeTopicPartitionsResponseTopic {
                error_code: ErrorCode::UnknownTopicOrPartition.code(),
                name: Some(name.clone()),
                ..Default::default()
            });
            continue;
        };
        let partitions: Vec<_> = topic.indexed().skip(first).take(left).collect();
        let end = first + partitions.len();
        left -= partitions.len();
        topics.push(described(image, topic, &partitions));
        if end < topic.partitions.len() {
            return (topics, Some(cursor(name, end)));
        }
    }
    (topics, None)
}

fn cursor(topic: &Str, partition: usize) -> Cursor {
    Cursor { topic_name: topic.clone(), partition_index: i32::try_from(partition).unwrap_or(i32::MAX) }
}

fn described(
    image: &Image,
    topic: &Topic,
    partitions: &[(PartitionIndex, &Arc<Partition>)],
) -> DescribeTopicPartitionsResponseTopic {
    let ids = |brokers: &[BrokerId]| brokers.iter().map(|broker| broker.0).collect::<Vec<_>>();
    let partition = |(index, one): &(PartitionIndex, &Arc<Partition>)| {
        let error = if one.has_leader() { ErrorCode::None } else { ErrorCode::LeaderNotAvailable };
        DescribeTopicPartitionsResponsePartition {
            error_code: error.code(),
            partition_index: index.0,
            leader_id: one.leader.0,
            leader_epoch: one.leader_epoch.0,
            replica_nodes: ids(&one.replicas),
            isr_nodes: ids(&one.isr),
            eligible_leader_replicas: Some(ids(&one.elr)),
            last_known_elr: Some(ids(&one.last_known_elr)),
            offline_replicas: image.offline_replicas(one).map(|broker| broker.0).collect(),
        }
    };
    DescribeTopicPartitionsResponseTopic {
        name: Some(topic.name.clone()),
        topic_id: topic.id.0,
        partitions: partitions.iter().map(partition).collect(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::samples;
    use klamm_metadata::decide::{Excess, Load, NewTopic, TopicDefaults, create_topic};
    use klamm_types::{TopicId, Uuid};

    #[test]
    fn pages_hold_everything_once() {
        let defaults = TopicDefaults { partitions: 1, replication_factor: 1, excess: Excess::Reject };
        let mut image = samples::image();
        for (id, name, partitions) in [(1, "a", 3), (2, "b", 2)] {
            let new =
                NewTopic { name: name.into(), partitions, replication_factor: 1, ..NewTopic::default() };
            let id = TopicId(Uuid([id; 16]));
            let made = create_topic(&image, &mut Load::of(&image), defaults, &new, id).expect("it is new");
            image = image.apply(&made, image.position).expect("it fits").0;
        }
        let names: BTreeSet<Str> = ["b", "none", "a"].into_iter().map(Str::from).collect();
        for limit in 1..7 {
            let (mut from, mut told) = (From::default(), Vec::new());
            loop {
                let (topics, next) = page(&image, &names, &from, limit);
                assert!(topics.iter().map(|topic| topic.partitions.len()).sum::<usize>() <= limit);
                for topic in topics {
                    let name = topic.name.unwrap_or_default();
                    told.extend(topic.partitions.iter().map(|one| format!("{name}-{}", one.partition_index)));
                    if topic.error_code != 0 {
                        told.push(format!("no {name}"));
                    }
                }
                match next {
                    None => break,
                    Some(next) => {
                        from = From { topic: next.topic_name, partition: next.partition_index as usize };
                    }
                }
            }
            assert_eq!(told, ["a-0", "a-1", "a-2", "b-0", "b-1", "no none"], "pages of {limit}");
        }
    }
}
