//! In which directory each replica is, told to the active controller where it does not know (AssignReplicasToDirs, KIP-858): when a
//! directory fails, it has to know whom that concerns. Of a broker with one directory it knows without being told.

use crate::broker::Broker;
use klamm_metadata::Image;
use klamm_protocol::{
    AssignReplicasToDirsRequest, ErrorCode,
    assign_replicas_to_dirs_request::{DirectoryData, PartitionData, TopicData},
};
use klamm_types::{BrokerId, DirectoryId, TopicId, TopicIdPartition};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Replicas in one request, at most, as in Kafka.
const AT_ONCE_MAX: usize = 2_250;

/// How long an answer may take; what was not noted is told again.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Tells what the metadata does not have.
pub async fn tell(broker: Arc<Broker>) {
    let (image, Some(epoch)) = (broker.image(), broker.epoch()) else { return };
    let mut room = AT_ONCE_MAX;
    let mut directories = Vec::new();
    for dir in broker.shards.dirs().all() {
        let id = dir.meta().directory_id;
        let mut hosted = Vec::new();
        for shard in broker.shards.all() {
            let path = dir.device().path().to_owned();
            hosted.extend(shard.ask(move |shard| shard.hosted(&path)).await.unwrap_or_default());
        }
        let mut unknown = elsewhere(&image, broker.id, id, hosted);
        unknown.truncate(room);
        room -= unknown.len();
        if !unknown.is_empty() {
            directories.push(DirectoryData { id: id.0, topics: by_topic(unknown) });
        }
    }
    if directories.is_empty() {
        return;
    }
    let request = AssignReplicasToDirsRequest { broker_id: broker.id.0, broker_epoch: epoch.0, directories };
    let deadline = broker.world.clock.now().mono.plus(ANSWER_MAX);
    match broker.channel.request(&request, deadline).await {
        Ok(response) if response.error_code == ErrorCode::None.code() => {}
        Ok(response) => {
            tracing::warn!(code = response.error_code, "directories of replicas were not noted");
        }
        Err(error) => tracing::warn!(%error, "directories of replicas cannot be told"),
    }
}

/// Those of the replicas in this directory that the metadata has in another.
fn elsewhere(
    image: &Image,
    me: BrokerId,
    directory: DirectoryId,
    hosted: Vec<TopicIdPartition>,
) -> Vec<TopicIdPartition> {
    let noted = |id: &TopicIdPartition| {
        let partition = image.topic_by_id(id.topic)?.partition(id.partition)?;
        partition.directory_of(me)
    };
    // a partition that the metadata does not have here any more is on its way out
    hosted.into_iter().filter(|id| noted(id).is_some_and(|noted| noted != directory)).collect()
}

fn by_topic(replicas: Vec<TopicIdPartition>) -> Vec<TopicData> {
    let mut topics: BTreeMap<TopicId, Vec<PartitionData>> = BTreeMap::new();
    for id in replicas {
        topics.entry(id.topic).or_default().push(PartitionData { partition_index: id.partition.0 });
    }
    topics.into_iter().map(|(id, partitions)| TopicData { topic_id: id.0, partitions }).collect()
}
