//! Where the replicas of a topic are, and moving them (KIP-455).

use crate::{Client, ClientError, connection::check};
use klamm_protocol::{
    AlterPartitionReassignmentsRequest, ListPartitionReassignmentsRequest,
    alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic},
    list_partition_reassignments_request::ListPartitionReassignmentsTopics,
};
use klamm_types::{BrokerId, PartitionIndex, Str};
use std::collections::BTreeMap;

/// Where the replicas of a topic are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The brokers that are up, each with its rack.
    pub brokers: BTreeMap<BrokerId, Option<Str>>,
    /// Of each partition.
    pub partitions: BTreeMap<PartitionIndex, Replicas>,
}

/// Where the replicas of a partition are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// All of them, in the order in which they are preferred as leaders.
    pub all: Vec<BrokerId>,
    /// Those that join and are not in sync yet.
    pub adding: Vec<BrokerId>,
    /// Those that leave when the others have joined.
    pub removing: Vec<BrokerId>,
}

impl Client {
    /// Where the replicas of a topic are; no partition when there is no such topic.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn placement(&mut self, topic: &Str) -> Result<Placement, ClientError> {
        let metadata = self.metadata(Some(std::slice::from_ref(topic))).await?;
        let brokers: BTreeMap<_, _> =
            metadata.brokers.iter().map(|one| (BrokerId(one.node_id), one.rack.clone())).collect();
        let found = metadata.topics.iter().flat_map(|topic| &topic.partitions);
        let mut partitions: BTreeMap<_, _> = found
            .map(|one| {
                let replicas = Replicas { all: ids(&one.replica_nodes), ..Replicas::default() };
                (PartitionIndex(one.partition_index), replicas)
            })
            .collect();
        // a broker alone has nowhere to move anything
        if brokers.len() > 1 && !partitions.is_empty() {
            self.add_moves(topic, &mut partitions).await?;
        }
        Ok(Placement { brokers, partitions })
    }

    async fn add_moves(
        &mut self,
        topic: &Str,
        partitions: &mut BTreeMap<PartitionIndex, Replicas>,
    ) -> Result<(), ClientError> {
        let partition_indexes = partitions.keys().map(|index| index.0).collect();
        let topics = vec![ListPartitionReassignmentsTopics { name: topic.clone(), partition_indexes }];
        let request =
            ListPartitionReassignmentsRequest { timeout_ms: self.timeout_ms(), topics: Some(topics) };
        let response = self.ask(&request).await?;
        check(response.error_code, response.error_message.as_ref(), || {
            format!("list the reassignments of topic {topic}")
        })?;
        for one in response.topics.iter().flat_map(|topic| &topic.partitions) {
            let moving = Replicas {
                all: ids(&one.replicas),
                adding: ids(&one.adding_replicas),
                removing: ids(&one.removing_replicas),
            };
            partitions.insert(PartitionIndex(one.partition_index), moving);
        }
        Ok(())
    }

    /// Moves partitions of a topic to these brokers, the preferred leader first; their number may change. It is begun when this
    /// returns, and done once the new replicas are in sync.
    ///
    /// # Errors
    /// See [`ClientError`]; `INVALID_REPLICA_ASSIGNMENT` for a broker that is not registered.
    pub async fn reassign(
        &mut self,
        topic: &Str,
        targets: &BTreeMap<PartitionIndex, Vec<BrokerId>>,
    ) -> Result<(), ClientError> {
        let partition = |(index, target): (&PartitionIndex, &Vec<BrokerId>)| ReassignablePartition {
            partition_index: index.0,
            replicas: Some(target.iter().map(|id| id.0).collect()),
        };
        let partitions = targets.iter().map(partition).collect();
        let request = AlterPartitionReassignmentsRequest {
            timeout_ms: self.timeout_ms(),
            topics: vec![ReassignableTopic { name: topic.clone(), partitions }],
            ..Default::default()
        };
        let response = self.ask(&request).await?;
        check(response.error_code, response.error_message.as_ref(), || format!("reassign topic {topic}"))?;
        response.responses.iter().flat_map(|topic| &topic.partitions).try_for_each(|one| {
            let what = || format!("reassign {topic}-{}", one.partition_index);
            check(one.error_code, one.error_message.as_ref(), what)
        })
    }
}

fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}
