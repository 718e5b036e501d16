//! Brokers and controllers register.

use super::{Change, Lost, Refused, Rules};
use crate::{Endpoint, FeatureRange, Image, Partition, Record, Release};
use klamm_protocol::{ErrorCode, RegisterBrokerRecord, RegisterControllerRecord};
use klamm_types::{BrokerEpoch, BrokerId, DirectoryId, Offset, Str, Uuid, mutant};
use std::collections::BTreeSet;

/// What a node says of itself.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its id.
    pub id: BrokerId,
    /// The process: another one has another.
    pub incarnation: Uuid,
    /// Where it is reached.
    pub endpoints: Vec<Endpoint>,
    /// What it serves.
    pub features: Vec<FeatureRange>,
    /// Where it stands.
    pub rack: Option<Str>,
    /// Its log directories.
    pub directories: Vec<DirectoryId>,
    /// Its epoch when it last shut down in good order; −1 where it did not (KIP-966).
    pub previous_epoch: BrokerEpoch,
}

impl Default for Registration {
    /// A node of this version of Klamm.
    fn default() -> Self {
        Self::of(Release::THIS)
    }
}

impl Registration {
    /// A node that serves what `release` does.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        let served = |one: &crate::SupportedFeature| FeatureRange {
            name: Str::from_static(one.name),
            min: one.min,
            max: one.max,
        };
        Self {
            id: BrokerId::default(),
            incarnation: Uuid::default(),
            endpoints: Vec::new(),
            features: release.features.iter().map(served).collect(),
            rack: None,
            directories: Vec::new(),
            previous_epoch: BrokerEpoch(-1),
        }
    }
}

/// The record that registers a broker, fenced, and what follows for its partitions from its being another process, perhaps on
/// another volume. The epoch is the offset that the first record will have; a process that registers again keeps its own.
/// `has_session`: whether a process of that id has been heard of lately.
///
/// # Errors
/// `DUPLICATE_BROKER_REGISTRATION` while another process of that id lives; `INVALID_REGISTRATION`; `UNSUPPORTED_VERSION`.
pub fn register_broker(
    rules: Rules<'_>,
    new: &Registration,
    has_session: bool,
    at: Offset,
) -> Result<(BrokerEpoch, Vec<Record>), Refused> {
    let before = rules.image.broker(new.id);
    let same = before.filter(|broker| broker.incarnation == new.incarnation);
    if let Some(other) = before.filter(|_| same.is_none() && has_session) {
        let text = format!(
            "broker {} is registered in epoch {} and alive: an id belongs to one process",
            new.id, other.epoch
        );
        return Err(Refused::new(ErrorCode::DuplicateBrokerRegistration, text));
    }
    check_directories(rules.image, new)?;
    check_features(rules.image, "broker", new)?;
    let epoch = same.map_or(BrokerEpoch(at.0), |broker| broker.epoch);
    let record = RegisterBrokerRecord {
        broker_id: new.id.0,
        incarnation_id: new.incarnation,
        broker_epoch: epoch.0,
        end_points: new.endpoints.iter().map(Into::into).collect(),
        features: new.features.iter().map(Into::into).collect(),
        rack: new.rack.clone(),
        fenced: same.is_none_or(|broker| broker.fenced),
        in_controlled_shutdown: same.is_some_and(|broker| broker.in_controlled_shutdown),
        log_dirs: new.directories.iter().map(|id| id.0).collect(),
        ..Default::default()
    };
    let mut records = vec![Record::from(record)];
    if same.is_none() {
        let is_clean = before.is_some_and(|broker| broker.epoch == new.previous_epoch)
            || mutant::active("believe that every shutdown was clean");
        records.extend(another_life(rules, new, is_clean));
    }
    Ok((epoch, records))
}

/// A process that ended takes its replicas out of the ISR; one that crashed, or has another volume, is not eligible either.
fn another_life(rules: Rules<'_>, new: &Registration, is_clean: bool) -> Vec<Record> {
    let volume_gone = |partition: &Partition| {
        let directory = partition.directory_of(new.id);
        directory.is_some_and(|id| !id.is_reserved() && !new.directories.contains(&id))
            && !mutant::active("elect an empty disk")
    };
    let concerned = |partition: &Partition| {
        partition.isr.contains(&new.id)
            || partition.elr.contains(&new.id)
            || partition.leader == new.id
            || volume_gone(partition)
    };
    change_each(rules, concerned, |change| {
        let volume = volume_gone(&change.to);
        let may_have_lost = volume || (!is_clean && rules.has_elr());
        change.going = Some(new.id);
        change.to.isr.retain(|id| *id != new.id);
        let may_have_lost = may_have_lost && !mutant::active("elect an empty disk");
        change.lost = may_have_lost.then_some(Lost { broker: new.id, volume });
        if volume {
            let place = change.to.replicas.iter().position(|id| *id == new.id);
            if let Some(directory) = place.and_then(|place| change.to.directories.get_mut(place)) {
                *directory = match new.directories.as_slice() {
                    [only] => *only,
                    _ => DirectoryId::UNASSIGNED,
                };
            }
        }
    })
}

/// The records that change each of the `concerned` partitions.
pub(super) fn change_each(
    rules: Rules<'_>,
    concerned: impl Fn(&Partition) -> bool,
    mut change: impl FnMut(&mut Change<'_>),
) -> Vec<Record> {
    let mut records = Vec::new();
    for topic in rules.image.topics() {
        for (index, partition) in topic.indexed().filter(|(_, partition)| concerned(partition)) {
            let mut one = Change::of(rules, topic, index, partition);
            change(&mut one);
            records.extend(one.finish());
        }
    }
    records
}

fn check_directories(image: &Image, new: &Registration) -> Result<(), Refused> {
    let invalid = |text: String| Refused::new(ErrorCode::InvalidRegistration, text);
    if new.directories.is_empty() {
        return Err(invalid(format!("broker {} names no log directory", new.id)));
    }
    let mut seen = BTreeSet::new();
    for id in &new.directories {
        if id.is_reserved() {
            return Err(invalid(format!(
                "broker {} names the log directory {id}, which is a reserved id",
                new.id
            )));
        }
        if !seen.insert(*id) {
            return Err(invalid(format!("broker {} names the log directory {id} twice", new.id)));
        }
        let taken = image.brokers().find(|other| other.id != new.id && other.directories.contains(id));
        if let Some(other) = taken {
            return Err(invalid(format!(
                "the log directory {id} of broker {} is that of broker {}: a volume belongs to one broker",
                new.id, other.id
            )));
        }
    }
    Ok(())
}

/// Whether a node serves what the cluster has finalised.
fn check_features(image: &Image, what: &str, new: &Registration) -> Result<(), Refused> {
    for (name, level) in image.features.iter() {
        let range = new.features.iter().find(|one| one.name == *name);
        if range.is_none_or(|range| !(range.min..=range.max).contains(&level)) {
            let serves = range
                .map_or_else(|| "not at all".to_owned(), |one| format!("from {} to {}", one.min, one.max));
            return Err(Refused::new(
                ErrorCode::UnsupportedVersion,
                format!("the cluster has finalised {name} {level}, which {what} {} serves {serves}", new.id),
            ));
        }
    }
    Ok(())
}

/// The record that registers a controller.
///
/// # Errors
/// `UNSUPPORTED_VERSION` where it does not serve what is finalised.
pub fn register_controller(image: &Image, new: &Registration) -> Result<Vec<Record>, Refused> {
    check_features(image, "controller", new)?;
    let record = RegisterControllerRecord {
        controller_id: new.id.0,
        incarnation_id: new.incarnation,
        end_points: new.endpoints.iter().map(Into::into).collect(),
        features: new.features.iter().map(Into::into).collect(),
        ..Default::default()
    };
    Ok(vec![record.into()])
}
