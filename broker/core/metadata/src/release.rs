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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{METADATA_VERSION, METADATA_VERSION_4_0, METADATA_VERSION_4_3};
    use klamm_protocol::RegisterBrokerRecord;
    use klamm_types::Str;

    const OLDER: Release = Release {
        features: &[SupportedFeature {
            name: METADATA_VERSION,
            min: METADATA_VERSION_4_0,
            max: METADATA_VERSION_4_0,
            initial: METADATA_VERSION_4_0,
        }],
        apis: &[(ApiKey::Fetch, 17)],
        records: &[(0, 3)],
    };

    #[test]
    fn an_older_one_says_what_it_does_not_serve() {
        let mut features = Features::default();
        features.set(&Str::from_static(METADATA_VERSION), METADATA_VERSION_4_0);
        assert_eq!(OLDER.check(&features), Ok(()));
        features.set(&Str::from_static(METADATA_VERSION), METADATA_VERSION_4_3);
        assert_eq!(Release::THIS.check(&features), Ok(()));
        let error = OLDER.check(&features).expect_err("raised since");
        assert_eq!(
            error.to_string(),
            "the cluster has finalised metadata.version 30, and this version of Klamm serves levels up to 25: it needs a later one"
        );
    }

    #[test]
    fn an_older_one_asks_and_serves_what_it_knows() {
        assert_eq!(OLDER.limit(ApiKey::Fetch, &(4..=18)), 4..=17);
        assert_eq!(OLDER.limit(ApiKey::Fetch, &(4..=16)), 4..=16);
        assert_eq!(OLDER.limit(ApiKey::Produce, &(3..=13)), 3..=13);
        assert_eq!(Release::THIS.limit(ApiKey::Fetch, &(4..=18)), 4..=18);
    }

    #[test]
    fn an_older_one_reads_no_later_record() {
        let record = Record::from(RegisterBrokerRecord::default());
        let value = |version| record.to_value(version).expect("it can be written");
        assert_eq!(OLDER.read(value(3)), Ok(record.clone()));
        assert!(OLDER.read(value(4)).is_err());
        assert_eq!(Release::THIS.read(value(4)), Ok(record));
    }
}
