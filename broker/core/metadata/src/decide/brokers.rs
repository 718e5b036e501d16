//! Brokers and controllers register; a broker that is ready gets its partitions' leadership.

use super::Refused;
use crate::{Endpoint, FeatureRange, Image, Record, features::SUPPORTED};
use klamm_protocol::{
    BrokerRegistrationChangeRecord, ErrorCode, PartitionChangeRecord, RegisterBrokerRecord,
    RegisterControllerRecord,
};
use klamm_types::{BrokerEpoch, BrokerId, DirectoryId, Offset, Str, Uuid};

/// What a node says of itself.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// Its id.
    pub id: BrokerId,
    /// The process: another one has another.
    pub incarnation: Uuid,
    /// Where it is reached.
    pub endpoints: Vec<Endpoint>,
    /// Where it stands.
    pub rack: Option<Str>,
    /// Its log directories.
    pub directories: Vec<DirectoryId>,
}

/// What this version of Klamm serves, as a node registers it.
fn served() -> impl Iterator<Item = FeatureRange> {
    SUPPORTED.iter().map(|one| FeatureRange { name: Str::from_static(one.name), min: one.min, max: one.max })
}

/// The record that registers a broker, fenced. Its epoch is the offset that the record will have.
///
/// # Errors
/// `DUPLICATE_BROKER_REGISTRATION` while another process of that id is not fenced; `INVALID_REGISTRATION`.
pub fn register_broker(image: &Image, new: &Registration, at: Offset) -> Result<Vec<Record>, Refused> {
    let other = image.broker(new.id).filter(|broker| broker.incarnation != new.incarnation && !broker.fenced);
    // with one voter, this process is the controller: a broker of its own id that is not fenced is its own former life
    if let Some(other) = other.filter(|_| image.brokers().count() > 1) {
        let text = format!(
            "broker {} is registered in epoch {} and not fenced: an id belongs to one process",
            new.id, other.epoch
        );
        return Err(Refused::new(ErrorCode::DuplicateBrokerRegistration, text));
    }
    if new.directories.is_empty() {
        return Err(Refused::new(
            ErrorCode::InvalidRegistration,
            format!("broker {} names no log directory", new.id),
        ));
    }
    Ok(vec![
        RegisterBrokerRecord {
            broker_id: new.id.0,
            incarnation_id: new.incarnation,
            broker_epoch: at.0,
            end_points: new.endpoints.iter().map(Into::into).collect(),
            features: served().map(|one| (&one).into()).collect(),
            rack: new.rack.clone(),
            fenced: true,
            log_dirs: new.directories.iter().map(|id| id.0).collect(),
            ..Default::default()
        }
        .into(),
    ])
}

/// The record that registers a controller.
#[must_use]
pub fn register_controller(new: &Registration) -> Vec<Record> {
    vec![
        RegisterControllerRecord {
            controller_id: new.id.0,
            incarnation_id: new.incarnation,
            end_points: new.endpoints.iter().map(Into::into).collect(),
            features: served().map(|one| (&one).into()).collect(),
            ..Default::default()
        }
        .into(),
    ]
}

/// The records that unfence a broker whose logs are open: it leads again what it led, in a new epoch, so that readers of a
/// tail that a crash took notice (KIP-320), and what nobody leads where it is in sync.
///
/// # Errors
/// `STALE_BROKER_EPOCH` when it has registered anew meanwhile.
pub fn unfence_broker(image: &Image, id: BrokerId, epoch: BrokerEpoch) -> Result<Vec<Record>, Refused> {
    if image.broker(id).is_none_or(|broker| broker.epoch != epoch) {
        return Err(Refused::new(
            ErrorCode::StaleBrokerEpoch,
            format!("broker {id} is not registered in epoch {epoch}"),
        ));
    }
    let change = BrokerRegistrationChangeRecord {
        broker_id: id.0,
        broker_epoch: epoch.0,
        fenced: -1,
        ..Default::default()
    };
    let mut records = vec![Record::from(change)];
    for topic in image.topics() {
        let leads = topic.indexed().filter(|(_, partition)| {
            partition.leader == id || (!partition.has_leader() && partition.isr.contains(&id))
        });
        records.extend(leads.map(|(index, _)| {
            Record::from(PartitionChangeRecord {
                partition_id: index.0,
                topic_id: topic.id.0,
                leader: id.0,
                ..Default::default()
            })
        }));
    }
    Ok(records)
}
