//! Feature levels are finalised (KIP-584): from then on every node must serve them.

use super::Refused;
use crate::{
    ELR_VERSION, FeatureRange, Image, KRAFT_VERSION, METADATA_VERSION, METADATA_VERSION_4_3, Record,
};
use klamm_protocol::{ClearElrRecord, ErrorCode, FeatureLevelRecord};
use klamm_types::Str;

/// How a level may change, with Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureChange {
    /// Upwards.
    Upgrade = 1,
    /// Downwards, where nothing that is stored is lost.
    SafeDowngrade = 2,
    /// Downwards, whatever is lost.
    UnsafeDowngrade = 3,
}

impl FeatureChange {
    /// The change with Kafka's number.
    #[must_use]
    pub fn from_wire(number: i8) -> Option<Self> {
        [FeatureChange::Upgrade, FeatureChange::SafeDowngrade, FeatureChange::UnsafeDowngrade]
            .into_iter()
            .find(|change| *change as i8 == number)
    }
}

/// A level that somebody wants.
#[derive(Clone, Debug)]
pub struct FeatureUpdate {
    /// The feature.
    pub name: Str,
    /// Its level; 0 takes it back.
    pub level: i16,
    /// In which direction it may go; none where the number said nothing.
    pub change: Option<FeatureChange>,
}

/// The records that finalise these levels: all or none.
///
/// # Errors
/// `INVALID_UPDATE_VERSION`, which names the node that does not serve a level; `INVALID_REQUEST`.
pub fn update_features(image: &Image, updates: &[FeatureUpdate]) -> Result<Vec<Record>, Refused> {
    let mut records = Vec::new();
    for (place, update) in updates.iter().enumerate() {
        if updates[..place].iter().any(|other| other.name == update.name) {
            let text = format!("{} is in the request twice", update.name);
            return Err(Refused::new(ErrorCode::InvalidRequest, text));
        }
        records.extend(one(image, update)?);
    }
    // readers learn the metadata's version before anything that depends on it
    records.sort_by_key(
        |record| !matches!(record, Record::FeatureLevel(level) if level.name == METADATA_VERSION),
    );
    Ok(records)
}

fn one(image: &Image, update: &FeatureUpdate) -> Result<Vec<Record>, Refused> {
    let FeatureUpdate { name, level, change } = update;
    let invalid = |text: String| Refused::new(ErrorCode::InvalidUpdateVersion, text);
    let change = change
        .ok_or_else(|| invalid(format!("{name}: an update is an upgrade (1) or a downgrade (2, 3)")))?;
    let known = image.supported_features().find(|(supported, _)| supported == name);
    let Some((_, levels)) = known else {
        return Err(invalid(format!("there is no feature {name} here")));
    };
    if *level < 0 || (*level == 0 && *levels.start() > 0) || (*level != 0 && !levels.contains(level)) {
        let (from, to) = levels.into_inner();
        return Err(invalid(format!("{name} has levels {from} to {to}, not {level}")));
    }
    let now =
        image.finalized_features().find(|(finalised, _)| finalised == name).map_or(0, |(_, level)| level);
    if *level == now {
        return Ok(Vec::new());
    }
    if *level < now && change == FeatureChange::Upgrade {
        return Err(invalid(format!("{name} is at {now}: {level} needs a safe or an unsafe downgrade")));
    }
    if *level > now && change != FeatureChange::Upgrade {
        return Err(invalid(format!("{name} is at {now}: {level} is an upgrade")));
    }
    if name.as_str() == KRAFT_VERSION {
        return Err(invalid(format!(
            "{name} is at {now}, and the voters stay in the log: it cannot go down"
        )));
    }
    check_nodes(image, name, *level)?;
    let mut records = Vec::new();
    if *level < now {
        records.extend(downgrade(name, now, *level, change)?);
    }
    records.push(FeatureLevelRecord { name: name.clone(), feature_level: *level }.into());
    Ok(records)
}

/// What must be forgotten before a feature goes down.
fn downgrade(name: &Str, now: i16, level: i16, change: FeatureChange) -> Result<Vec<Record>, Refused> {
    match name.as_str() {
        ELR_VERSION => Ok(vec![ClearElrRecord::default().into()]),
        // registrations know cordoned directories from 4.3 on
        METADATA_VERSION if now >= METADATA_VERSION_4_3 && level < METADATA_VERSION_4_3 => {
            if change == FeatureChange::UnsafeDowngrade {
                return Ok(Vec::new());
            }
            Err(Refused::new(
                ErrorCode::InvalidUpdateVersion,
                format!(
                    "{name} {level} does not have all of what {now} stores: that needs an unsafe downgrade"
                ),
            ))
        }
        _ => Ok(Vec::new()),
    }
}

/// Whether every node serves a level.
fn check_nodes(image: &Image, name: &Str, level: i16) -> Result<(), Refused> {
    let serves = |features: &[FeatureRange]| {
        let range = features.iter().find(|one| one.name == *name);
        level == 0 || range.is_some_and(|range| (range.min..=range.max).contains(&level))
    };
    let broker = image.brokers().find(|one| !serves(&one.features)).map(|one| format!("broker {}", one.id));
    let controller =
        || image.controllers().find(|one| !serves(&one.features)).map(|one| format!("controller {}", one.id));
    match broker.or_else(controller) {
        None => Ok(()),
        Some(node) => Err(Refused::new(
            ErrorCode::InvalidUpdateVersion,
            format!("{node} does not serve {name} {level}: upgrade or unregister it first"),
        )),
    }
}
