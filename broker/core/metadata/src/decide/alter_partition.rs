//! A leader changes its ISR (AlterPartition, KIP-497), fenced by epochs of everything that may have changed meanwhile (KIP-841, KIP-903).

use super::{Change, Refused, Rules};
use crate::{Partition, Record};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerEpoch, BrokerId, LeaderEpoch, PartitionIndex, TopicId, mutant};

/// The ISR that a leader wants.
#[derive(Clone, Debug, Default)]
pub struct NewInSync {
    /// The topic.
    pub topic: TopicId,
    /// The partition.
    pub index: PartitionIndex,
    /// The epoch in which the broker leads.
    pub leader_epoch: LeaderEpoch,
    /// The epoch of the partition that it knows.
    pub partition_epoch: i32,
    /// The ISR that it wants, with the registration of each member where it knows that.
    pub isr: Vec<(BrokerId, Option<BrokerEpoch>)>,
    /// 0, or 1 while it has not recovered from an unclean election.
    pub recovery_state: i8,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Altered {
    /// The records; there may be some even where the leader hears an error: `NEW_LEADER_ELECTED`.
    pub records: Vec<Record>,
    /// The partition as it is then.
    pub result: Result<Partition, Refused>,
}

/// Decides on the ISR that broker `leader`, whose own epoch is checked, wants.
#[must_use]
pub fn alter_partition(rules: Rules<'_>, leader: BrokerId, new: &NewInSync) -> Altered {
    match check(rules, leader, new) {
        Err(refused) => Altered { records: Vec::new(), result: Err(refused) },
        Ok(change) => finish(change, leader),
    }
}

fn finish((change, before): (Change<'_>, &Partition), leader: BrokerId) -> Altered {
    let mut after = before.clone();
    let record = change.finish();
    if let Some(Record::PartitionChange(change)) = &record {
        after.change(change);
    }
    let result = match after.leader == leader {
        true => Ok(after),
        false => Err(Refused::new(
            ErrorCode::NewLeaderElected,
            format!("the reassignment is complete, and broker {} leads", after.leader),
        )),
    };
    Altered { records: record.into_iter().collect(), result }
}

fn check<'a>(
    rules: Rules<'a>,
    leader: BrokerId,
    new: &NewInSync,
) -> Result<(Change<'a>, &'a Partition), Refused> {
    let no = |code, text: String| Err(Refused::new(code, text));
    let Some(topic) = rules.image.topic_by_id(new.topic) else {
        return no(ErrorCode::UnknownTopicId, format!("there is no topic with id {}", new.topic));
    };
    let name = format!("{}-{}", topic.name, new.index);
    let Some(now) = topic.partition(new.index) else {
        return no(ErrorCode::UnknownTopicOrPartition, format!("there is no partition {name}"));
    };
    // who knows more than this node speaks with an active controller that is none any more
    if new.leader_epoch > now.leader_epoch || new.partition_epoch > now.partition_epoch {
        return no(ErrorCode::NotController, format!("this node knows an older {name}"));
    }
    if new.leader_epoch < now.leader_epoch {
        return no(ErrorCode::FencedLeaderEpoch, format!("{name} is in epoch {}", now.leader_epoch));
    }
    if leader != now.leader {
        return no(
            ErrorCode::InvalidRequest,
            format!("broker {leader} does not lead {name}: {} does", now.leader),
        );
    }
    if new.partition_epoch < now.partition_epoch {
        let text = format!("{name} has changed: its partition epoch is {}", now.partition_epoch);
        return no(ErrorCode::InvalidUpdateVersion, text);
    }
    let ids: Vec<BrokerId> = new.isr.iter().map(|(id, _)| *id).collect();
    let is_twice = ids.iter().enumerate().any(|(place, id)| ids[..place].contains(id));
    if is_twice || !ids.contains(&leader) || ids.iter().any(|id| !now.replicas.contains(id)) {
        let text = format!("an ISR of {name} has its leader {leader}, its replicas, and each once");
        return no(ErrorCode::InvalidRequest, text);
    }
    let recovers = new.recovery_state == super::change::RECOVERING;
    if recovers && (ids.len() > 1 || now.recovery_state != new.recovery_state) {
        let text =
            format!("{name} recovers only after an unclean election, and only its leader is in sync then");
        return no(ErrorCode::InvalidRequest, text);
    }
    for (id, epoch) in &new.isr {
        let broker = rules.image.broker(*id).filter(|broker| broker.is_active());
        let trusted = mutant::active("ignore the broker epoch");
        if !trusted && broker.is_none_or(|broker| epoch.is_some_and(|epoch| epoch != broker.epoch)) {
            let text = format!("broker {id} is fenced, leaving, or another than the leader knows");
            return no(ErrorCode::IneligibleReplica, text);
        }
    }
    let mut change = Change::of(rules, topic, new.index, now);
    change.to.isr = ids;
    change.to.recovery_state = new.recovery_state;
    Ok((change, now))
}
