//! What one version of Klamm serves, so that two versions work side by side.

use crate::{Features, Record, SUPPORTED_FEATURES, SupportedFeature};
use klamm_protocol::{ApiKey, DecodeError};
use klamm_types::Bytes;
use std::ops::RangeInclusive;

/// What a program of one version serves, asks and reads. There is one in this program; the simulation restarts brokers as an
/// older one, whose limits lie below this one's.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    /// The features, with their levels.
    pub features: &'static [SupportedFeature],
    /// The APIs of which it serves and asks no version above that.
    pub apis: &'static [(ApiKey, i16)],
    /// The metadata records, by type, of which it reads no version above that.
    pub records: &'static [(u32, i16)],
}

/// A feature is finalised at a level that this program does not serve.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the cluster has finalised {name} {level}, and this version of Klamm serves {serves}: it needs a later one"
)]
pub struct Outdated {
    name: String,
    level: i16,
    serves: String,
}

impl Release {
    /// This one.
    pub const THIS: &'static Release = &Release { features: SUPPORTED_FEATURES, apis: &[], records: &[] };

    /// What it serves of `versions`, which this program serves of `key`.
    #[must_use]
    pub fn limit(&self, key: ApiKey, versions: &RangeInclusive<i16>) -> RangeInclusive<i16> {
        let max = self.apis.iter().find(|(limited, _)| *limited == key).map(|(_, max)| *max);
        *versions.start()..=max.map_or(*versions.end(), |max| max.min(*versions.end()))
    }

    /// Reads the value of a record of the metadata log.
    ///
    /// # Errors
    /// When it is none, or of a later version than this one reads.
    pub fn read(&self, value: Bytes) -> Result<Record, DecodeError> {
        Record::from_value(value, |kind| {
            self.records.iter().find(|(limited, _)| *limited == kind).map_or(i16::MAX, |(_, max)| *max)
        })
    }

    /// Whether it serves every level that is finalised: one that does not must not take part.
    ///
    /// # Errors
    /// [`Outdated`].
    pub fn check(&self, features: &Features) -> Result<(), Outdated> {
        for (name, level) in features.iter() {
            let known = self.features.iter().find(|one| one.name == name.as_str());
            if known.is_none_or(|one| level > one.max) {
                let serves =
                    known.map_or("no level of it".to_owned(), |one| format!("levels up to {}", one.max));
                return Err(Outdated { name: name.to_string(), level, serves });
            }
        }
        Ok(())
    }
}

impl Default for &'static Release {
    fn default() -> Self {
        Release::THIS
    }
}
