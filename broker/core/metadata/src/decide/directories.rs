//! A broker says in which of its directories it has its replicas (AssignReplicasToDirs, KIP-858).

use super::{Change, Lost, Refused, Rules};
use crate::Record;
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, DirectoryId, TopicIdPartition};

/// The record that notes it; none where it is known. A replica in a directory that is offline is not in sync.
///
/// # Errors
/// `UNKNOWN_TOPIC_ID`, `UNKNOWN_TOPIC_OR_PARTITION`, `NOT_LEADER_OR_FOLLOWER`.
pub fn assign_directory(
    rules: Rules<'_>,
    broker: BrokerId,
    id: TopicIdPartition,
    directory: DirectoryId,
) -> Result<Option<Record>, Refused> {
    let no = |code, text: String| Err(Refused::new(code, text));
    let Some(topic) = rules.image.topic_by_id(id.topic) else {
        return no(ErrorCode::UnknownTopicId, format!("there is no topic with id {}", id.topic));
    };
    let Some(partition) = topic.partition(id.partition) else {
        return no(
            ErrorCode::UnknownTopicOrPartition,
            format!("there is no partition {}-{}", topic.name, id.partition),
        );
    };
    let mut change = Change::of(rules, topic, id.partition, partition);
    let place = partition.replicas.iter().position(|one| *one == broker);
    let Some(noted) = place.and_then(|place| change.to.directories.get_mut(place)) else {
        let text = format!("broker {broker} is no replica of {}-{}", topic.name, id.partition);
        return no(ErrorCode::NotLeaderOrFollower, text);
    };
    *noted = directory;
    if rules.image.broker(broker).is_none_or(|one| !one.directories.contains(&directory)) {
        change.going = Some(broker);
        change.to.isr.retain(|one| *one != broker);
        change.lost = Some(Lost { broker, volume: false });
    }
    Ok(change.finish())
}
