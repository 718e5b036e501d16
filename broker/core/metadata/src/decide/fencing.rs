//! Who takes part: fencing, unfencing, controlled shutdown, lost directories, and a broker that is forgotten.

use super::{Load, Lost, Refused, Rules, apply, change_each, grow_internal_topics};
use crate::{Broker, Image, Record};
use klamm_protocol::{BrokerRegistrationChangeRecord, ErrorCode, UnregisterBrokerRecord};
use klamm_types::{BrokerEpoch, BrokerId, DirectoryId, Offset};
use std::sync::Arc;

/// The registration of a broker in an epoch.
///
/// # Errors
/// `BROKER_ID_NOT_REGISTERED`; `STALE_BROKER_EPOCH` when it has registered anew meanwhile.
pub fn registered(image: &Image, id: BrokerId, epoch: BrokerEpoch) -> Result<&Arc<Broker>, Refused> {
    let broker = image.broker(id).ok_or_else(|| not_registered(id))?;
    if broker.epoch == epoch {
        return Ok(broker);
    }
    let text = format!("broker {id} is registered in epoch {}, not in {epoch}", broker.epoch);
    Err(Refused::new(ErrorCode::StaleBrokerEpoch, text))
}

fn not_registered(id: BrokerId) -> Refused {
    Refused::new(ErrorCode::BrokerIdNotRegistered, format!("broker {id} is not registered"))
}

/// What a broker says of itself every few hundred milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Heartbeat {
    /// The broker.
    pub id: BrokerId,
    /// Its registration.
    pub epoch: BrokerEpoch,
    /// The last metadata record that it has applied.
    pub applied: Offset,
    /// It does not want to lead yet.
    pub want_fence: bool,
    /// It wants to end.
    pub want_shut_down: bool,
    /// Its directories that have failed.
    pub offline: Vec<DirectoryId>,
}

/// What it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeartbeatAnswer {
    /// It has applied its own registration.
    pub is_caught_up: bool,
    /// It must not lead.
    pub is_fenced: bool,
    /// It may end: nobody expects it to lead anything.
    pub should_shut_down: bool,
}

/// What follows from a heartbeat. `handed_over`: every other broker knows that this one has no partitions to lead any more.
///
/// # Errors
/// As [`registered`].
pub fn heartbeat(
    rules: Rules<'_>,
    beat: &Heartbeat,
    handed_over: bool,
) -> Result<(HeartbeatAnswer, Vec<Record>), Refused> {
    let broker = registered(rules.image, beat.id, beat.epoch)?;
    let is_caught_up = beat.applied.0 >= beat.epoch.0;
    let answer = |is_fenced, should_shut_down| HeartbeatAnswer { is_caught_up, is_fenced, should_shut_down };
    let offline: Vec<_> = beat.offline.iter().copied().filter(|id| broker.directories.contains(id)).collect();
    if !offline.is_empty() {
        return Ok((answer(broker.fenced, false), directories_offline(rules, broker, &offline)));
    }
    Ok(match (broker.fenced, beat.want_shut_down) {
        (true, true) => (answer(true, true), Vec::new()),
        (true, false) if !beat.want_fence && is_caught_up => {
            (answer(false, false), unfence_broker(rules, beat.id, beat.epoch)?)
        }
        (true, false) => (answer(true, false), Vec::new()),
        (false, false) if beat.want_fence => (answer(true, false), fence_broker(rules, beat.id, beat.epoch)?),
        (false, false) => (answer(false, false), Vec::new()),
        (false, true) if beat.want_fence || (broker.in_controlled_shutdown && handed_over) => {
            (answer(true, true), fence_broker(rules, beat.id, beat.epoch)?)
        }
        (false, true) if broker.in_controlled_shutdown => (answer(false, false), Vec::new()),
        (false, true) => {
            (answer(false, false), leave(rules, broker, |change| change.in_controlled_shutdown = 1))
        }
    })
}

/// The records that fence a broker: it leads nothing and is in sync with nothing until it is heard of again.
///
/// # Errors
/// As [`registered`].
pub fn fence_broker(rules: Rules<'_>, id: BrokerId, epoch: BrokerEpoch) -> Result<Vec<Record>, Refused> {
    let broker = registered(rules.image, id, epoch)?;
    if broker.fenced {
        return Ok(Vec::new());
    }
    Ok(leave(rules, broker, |change| change.fenced = 1))
}

fn leave(
    rules: Rules<'_>,
    broker: &Broker,
    how: impl Fn(&mut BrokerRegistrationChangeRecord),
) -> Vec<Record> {
    let id = broker.id;
    let mut record = registration_change(broker);
    how(&mut record);
    let mut records = vec![Record::from(record)];
    records.extend(without(rules, id));
    records
}

/// The changes of partitions that lose a replica for some time.
fn without(rules: Rules<'_>, id: BrokerId) -> Vec<Record> {
    let concerned = |one: &crate::Partition| one.isr.contains(&id) || one.leader == id;
    change_each(rules, concerned, |change| {
        change.going = Some(id);
        change.to.isr.retain(|one| *one != id);
    })
}

fn registration_change(broker: &Broker) -> BrokerRegistrationChangeRecord {
    BrokerRegistrationChangeRecord {
        broker_id: broker.id.0,
        broker_epoch: broker.epoch.0,
        ..Default::default()
    }
}

/// The records that unfence a broker whose logs are open: it leads what nobody leads where it is in sync or eligible, and the
/// cluster's own topics get the replicas that they lacked brokers for.
///
/// # Errors
/// As [`registered`].
pub fn unfence_broker(rules: Rules<'_>, id: BrokerId, epoch: BrokerEpoch) -> Result<Vec<Record>, Refused> {
    let broker = registered(rules.image, id, epoch)?;
    let record = BrokerRegistrationChangeRecord { fenced: -1, ..registration_change(broker) };
    let mut records = vec![Record::from(record)];
    let leaderless = |one: &crate::Partition| !one.has_leader() && one.replicas.contains(&id);
    records.extend(change_each(rules, leaderless, |change| change.coming = Some(id)));
    let mut next = rules.image.clone();
    apply(&mut next, &records)?;
    records.extend(grow_internal_topics(rules.on(&next), &mut Load::of(&next)));
    Ok(records)
}

/// A directory that has failed: what is in it is not in sync, and not to be trusted when it comes back.
fn directories_offline(rules: Rules<'_>, broker: &Broker, offline: &[DirectoryId]) -> Vec<Record> {
    let left: Vec<_> = broker.directories.iter().filter(|id| !offline.contains(id)).map(|id| id.0).collect();
    let mut record = registration_change(broker);
    if left.is_empty() {
        // it has nothing left; that the record's list is empty means "as before"
        if broker.fenced {
            return Vec::new();
        }
        record.fenced = 1;
    }
    record.log_dirs = left;
    let mut records = vec![Record::from(record)];
    let concerned =
        |one: &crate::Partition| one.directory_of(broker.id).is_some_and(|id| offline.contains(&id));
    records.extend(change_each(rules, concerned, |change| {
        change.going = Some(broker.id);
        change.to.isr.retain(|one| *one != broker.id);
        change.lost = Some(Lost { broker: broker.id, volume: false });
    }));
    records
}

/// The records that forget a broker. It stays a replica of its partitions until they are reassigned.
///
/// # Errors
/// `BROKER_ID_NOT_REGISTERED`.
pub fn unregister_broker(rules: Rules<'_>, id: BrokerId) -> Result<Vec<Record>, Refused> {
    let broker = rules.image.broker(id).ok_or_else(|| not_registered(id))?;
    let mut records = without(rules, id);
    records.push(UnregisterBrokerRecord { broker_id: id.0, broker_epoch: broker.epoch.0 }.into());
    Ok(records)
}
