//! Partitions move to other brokers (KIP-455): new replicas come first; when all of them are in sync, the old ones go.

use super::{
    CONSUMER_OFFSETS, Change, Election, Load, Refused, Rules, TRANSACTION_STATE,
    create_topics::check_replicas, elect::named_partition,
};
use crate::{Image, Partition, Record, config::broker_def};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, PartitionIndex, Str};

/// The record that begins, changes (`target`) or cancels (none) the move of a partition; none where it is as wanted already.
///
/// # Errors
/// `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_REPLICA_ASSIGNMENT`, `INVALID_REPLICATION_FACTOR`, `NO_REASSIGNMENT_IN_PROGRESS`.
pub fn reassign_partition(
    rules: Rules<'_>,
    topic: &str,
    index: PartitionIndex,
    target: Option<&[BrokerId]>,
    may_change_factor: bool,
) -> Result<Option<Record>, Refused> {
    let (topic, partition) = named_partition(rules.image, topic, index)?;
    let mut change = Change::of(rules, topic, index, partition);
    match target {
        None => cancel(&mut change, rules.allows_unclean(&topic.name), &topic.name, index)?,
        Some(target) => {
            check_replicas(rules.image, index, target, target.len())?;
            let factor = partition.replicas.len() - partition.adding.len();
            if !may_change_factor && target.len() != factor {
                return Err(Refused::new(
                    ErrorCode::InvalidReplicationFactor,
                    format!(
                        "{}-{index} has {factor} replicas and would have {}: the request does not allow that",
                        topic.name,
                        target.len()
                    ),
                ));
            }
            move_to(&mut change.to, target);
        }
    }
    Ok(change.finish())
}

/// The replicas that were there before any move under way, then those that come; all stay until the move is complete.
fn move_to(to: &mut Partition, target: &[BrokerId]) {
    // what an earlier move was about to add, and this one does not, goes at once, unless only it is in sync
    let dropped: Vec<_> = to.adding.iter().filter(|id| !target.contains(id)).copied().collect();
    if to.isr.iter().any(|id| !dropped.contains(id)) {
        to.replicas.retain(|id| !dropped.contains(id));
        to.isr.retain(|id| !dropped.contains(id));
        to.adding.retain(|id| !dropped.contains(id));
    }
    let original: Vec<_> = to.replicas.iter().filter(|id| !to.adding.contains(id)).copied().collect();
    to.adding = target.iter().filter(|id| !original.contains(id)).copied().collect();
    to.removing = to.replicas.iter().filter(|id| !target.contains(id)).copied().collect();
    to.replicas = target.iter().chain(&to.removing).copied().collect();
}

fn cancel(change: &mut Change<'_>, unclean: bool, topic: &Str, index: PartitionIndex) -> Result<(), Refused> {
    let to = &mut change.to;
    if !to.is_reassigned() {
        let text = format!("{topic}-{index} is not being reassigned");
        return Err(Refused::new(ErrorCode::NoReassignmentInProgress, text));
    }
    let adding = std::mem::take(&mut to.adding);
    to.removing.clear();
    to.replicas.retain(|id| !adding.contains(id));
    let in_sync = to.isr.iter().any(|id| !adding.contains(id));
    to.isr.retain(|id| !adding.contains(id));
    if in_sync {
        return Ok(());
    }
    if !unclean {
        return Err(Refused::new(
            ErrorCode::InvalidReplicaAssignment,
            format!("{topic}-{index} cannot go back: only its new replicas are in sync"),
        ));
    }
    change.election = Election::Unclean;
    Ok(())
}

/// A partition that moves, as ListPartitionReassignments tells it.
#[derive(Clone, Debug)]
pub struct Moving<'a> {
    /// The topic.
    pub topic: &'a Str,
    /// The partition.
    pub index: PartitionIndex,
    /// As it is.
    pub partition: &'a Partition,
}

/// The partitions that move; of `wanted` only, where that is given. What does not exist does not move.
pub fn list_reassignments<'a>(
    image: &'a Image,
    wanted: Option<&'a [(Str, Vec<PartitionIndex>)]>,
) -> impl Iterator<Item = Moving<'a>> {
    let is_wanted = move |topic: &Str, index: PartitionIndex| {
        wanted.is_none_or(|wanted| wanted.iter().any(|(name, all)| name == topic && all.contains(&index)))
    };
    let topics = image.topics();
    let all = topics.flat_map(|topic| topic.indexed().map(move |(index, one)| (&topic.name, index, one)));
    all.filter(|(_, _, partition)| partition.is_reassigned())
        .filter(move |(topic, index, _)| is_wanted(topic, *index))
        .map(|(topic, index, partition)| Moving { topic, index, partition })
}

/// The records that give the cluster's own topics more replicas once there are brokers for them.
#[must_use]
pub fn grow_internal_topics(rules: Rules<'_>, load: &mut Load) -> Vec<Record> {
    let settings = [
        (CONSUMER_OFFSETS, "offsets.topic.replication.factor"),
        (TRANSACTION_STATE, "transaction.state.log.replication.factor"),
    ];
    let mut records = Vec::new();
    for (name, setting) in settings {
        let Some(topic) = rules.image.topic(name) else { continue };
        let value = broker_def(setting).ok().and_then(|definition| rules.layers().broker_value(definition));
        let wanted = value.and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(1).min(load.usable());
        let small = |one: &Partition| one.replicas.len() < wanted && !one.is_reassigned() && one.has_leader();
        for (index, partition) in topic.indexed().filter(|(_, partition)| small(partition)) {
            let Ok(target) = load.extend(&partition.replicas, wanted) else { continue };
            let mut change = Change::of(rules, topic, index, partition);
            move_to(&mut change.to, &target);
            records.extend(change.finish());
        }
    }
    records
}
