//! Leaders by wish: ElectLeaders (KIP-183, KIP-460), and the way back to the preferred ones.

use super::{Change, Election, Refused, Rules, change_each};
use crate::{Image, Partition, Record, Topic};
use klamm_protocol::ErrorCode;
use klamm_types::{BrokerId, PartitionIndex, Str};

/// How many partitions go back to their preferred leader at once.
const BALANCED_AT_ONCE_MAX: usize = 1000;

/// Which leader is wanted, with Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedLeader {
    /// The first replica.
    Preferred = 0,
    /// Any replica that is up, where nobody is in sync, at the price of records.
    Unclean = 1,
}

impl WantedLeader {
    /// The wish with Kafka's number.
    ///
    /// # Errors
    /// `INVALID_REQUEST`.
    pub fn from_wire(number: i8) -> Result<Self, Refused> {
        match number {
            0 => Ok(WantedLeader::Preferred),
            1 => Ok(WantedLeader::Unclean),
            other => Err(Refused::new(
                ErrorCode::InvalidRequest,
                format!("an election is of type 0 (preferred) or 1 (unclean), not {other}"),
            )),
        }
    }
}

/// What became of one partition's election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elected {
    /// The topic.
    pub topic: Str,
    /// The partition.
    pub index: PartitionIndex,
    /// Whether it has a leader as wanted.
    pub result: Result<(), Refused>,
}

/// The records of elections, and what became of each partition; `wanted` none: of all partitions, where those that need no
/// election are left out.
#[must_use]
pub fn elect_leaders(
    rules: Rules<'_>,
    kind: WantedLeader,
    wanted: Option<&[(Str, Vec<PartitionIndex>)]>,
) -> (Vec<Elected>, Vec<Record>) {
    let all: Vec<(Str, Vec<PartitionIndex>)>;
    let named = wanted.is_some();
    let wanted = match wanted {
        Some(wanted) => wanted,
        None => {
            let indexes = |topic: &Topic| topic.indexed().map(|(index, _)| index).collect();
            all = rules.image.topics().map(|topic| (topic.name.clone(), indexes(topic))).collect();
            &all
        }
    };
    let (mut results, mut records) = (Vec::new(), Vec::new());
    for (topic, index) in wanted.iter().flat_map(|(topic, all)| all.iter().map(move |index| (topic, *index)))
    {
        let result = elect(rules, kind, topic, index).map(|record| records.push(record));
        let needless = result.as_ref().is_err_and(|refused| refused.code == ErrorCode::ElectionNotNeeded);
        if named || !needless {
            results.push(Elected { topic: topic.clone(), index, result });
        }
    }
    (results, records)
}

/// A partition that somebody names.
///
/// # Errors
/// `UNKNOWN_TOPIC_OR_PARTITION`.
pub(super) fn named_partition<'a>(
    image: &'a Image,
    topic: &str,
    index: PartitionIndex,
) -> Result<(&'a Topic, &'a Partition), Refused> {
    let unknown = |text| Refused::new(ErrorCode::UnknownTopicOrPartition, text);
    let topic = image.topic(topic).ok_or_else(|| unknown(format!("there is no topic {topic}")))?;
    match topic.partition(index) {
        Some(partition) => Ok((topic, partition)),
        None => Err(unknown(format!("there is no partition {}-{index}", topic.name))),
    }
}

fn elect(
    rules: Rules<'_>,
    kind: WantedLeader,
    topic: &Str,
    index: PartitionIndex,
) -> Result<Record, Refused> {
    let (topic, partition) = named_partition(rules.image, topic, index)?;
    let preferred = partition.replicas.first().copied().unwrap_or(BrokerId::NONE);
    let is_needless = match kind {
        WantedLeader::Preferred => partition.leader == preferred,
        WantedLeader::Unclean => partition.has_leader(),
    };
    if is_needless {
        let text = format!("broker {} leads {}-{index} already", partition.leader, topic.name);
        return Err(Refused::new(ErrorCode::ElectionNotNeeded, text));
    }
    let mut change = Change::of(rules, topic, index, partition);
    change.election = match kind {
        WantedLeader::Preferred => Election::Preferred,
        WantedLeader::Unclean => Election::Unclean,
    };
    let record = change.finish();
    let leader = match &record {
        Some(Record::PartitionChange(change)) => BrokerId(change.leader),
        _ => BrokerId::NONE,
    };
    match (kind, record) {
        (WantedLeader::Preferred, Some(record)) if leader == preferred => Ok(record),
        (WantedLeader::Preferred, _) => Err(Refused::new(
            ErrorCode::PreferredLeaderNotAvailable,
            format!(
                "broker {preferred}, the preferred leader of {}-{index}, is not in sync or not up",
                topic.name
            ),
        )),
        (WantedLeader::Unclean, Some(record)) if leader.0 >= 0 => Ok(record),
        (WantedLeader::Unclean, _) => Err(Refused::new(
            ErrorCode::EligibleLeadersNotAvailable,
            format!("no replica of {}-{index} is up", topic.name),
        )),
    }
}

/// The records that give partitions back to their preferred leaders where those are in sync (`auto.leader.rebalance.enable`); a
/// thousand at once.
#[must_use]
pub fn rebalance_leaders(rules: Rules<'_>) -> Vec<Record> {
    let is_astray = |one: &Partition| {
        let preferred = one.replicas.first().copied();
        preferred.is_some_and(|id| id != one.leader && one.isr.contains(&id) && rules.is_active(id))
    };
    let mut records = change_each(rules, is_astray, |change| change.election = Election::Preferred);
    records.truncate(BALANCED_AT_ONCE_MAX);
    records
}

/// The records that elect leaders where nobody leads and something has changed that lets somebody, such as a topic that takes
/// unclean leaders now.
#[must_use]
pub fn elect_where_leaderless(rules: Rules<'_>) -> Vec<Record> {
    change_each(rules, |one| !one.has_leader(), |_| {})
}
