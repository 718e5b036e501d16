//! The finalised feature levels: they gate the version of every record, so that brokers of two versions work side by side.

use crate::Record;
use klamm_types::{Str, mutant};
use std::{collections::BTreeMap, sync::Arc};

/// The feature that Kafka's own formats and requests follow (KIP-584).
pub const METADATA_VERSION: &str = "metadata.version";
/// Whether replicas outside of the ISR may be eligible for leadership (KIP-966).
pub const ELR_VERSION: &str = "eligible.leader.replicas.version";
/// Whether the voters of the quorum are in its log (KIP-853); its level is in a control record.
pub const KRAFT_VERSION: &str = "kraft.version";

/// The lowest level of `metadata.version` that is served: that of Kafka 4.0 (4.0-IV3).
pub const METADATA_VERSION_4_0: i16 = 25;
/// The level of `metadata.version` that Kafka 4.3 has (4.3-IV0).
pub const METADATA_VERSION_4_3: i16 = 30;

/// A feature, and the levels that this version of Klamm serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupportedFeature {
    /// Its name.
    pub name: &'static str,
    /// The lowest level.
    pub min: i16,
    /// The highest level.
    pub max: i16,
    /// The level of a new cluster; 0 is "not finalised".
    pub initial: i16,
}

/// The features that this version of Klamm serves. `group.version` and `transaction.version` are not served above 0 yet.
pub const SUPPORTED: &[SupportedFeature] = &[
    SupportedFeature {
        name: METADATA_VERSION,
        min: METADATA_VERSION_4_0,
        max: METADATA_VERSION_4_3,
        initial: METADATA_VERSION_4_3,
    },
    SupportedFeature { name: KRAFT_VERSION, min: 0, max: 1, initial: 1 },
    SupportedFeature { name: ELR_VERSION, min: 0, max: 1, initial: 1 },
];

/// The finalised levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    levels: Arc<BTreeMap<Str, i16>>,
}

impl Features {
    /// The level of a feature; 0 when it is not finalised.
    #[must_use]
    pub fn level(&self, name: &str) -> i16 {
        self.levels.get(name).copied().unwrap_or(0)
    }

    /// All finalised levels, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, i16)> {
        self.levels.iter().map(|(name, level)| (name, *level))
    }

    /// Finalises a feature; level 0 takes it back.
    pub(crate) fn set(&mut self, name: &Str, level: i16) {
        let levels = Arc::make_mut(&mut self.levels);
        if level == 0 {
            levels.remove(name);
        } else {
            levels.insert(name.detached(), level);
        }
    }

    /// The version in which a record is written at these levels: one that every broker of the cluster reads.
    #[must_use]
    pub fn record_version(&self, record: &Record) -> i16 {
        match record {
            Record::RegisterBroker(_) if self.level(METADATA_VERSION) < METADATA_VERSION_4_3 => {
                if mutant::active("write what older nodes do not read") {
                    4
                } else {
                    3
                }
            }
            Record::RegisterBroker(_) => 4,
            Record::Partition(_) | Record::PartitionChange(_) if self.level(ELR_VERSION) > 0 => 2,
            Record::Partition(_) | Record::PartitionChange(_) => 1,
            Record::BrokerRegistrationChange(change) => match change {
                change if change.cordoned_log_dirs.is_some() => 3,
                change if !change.log_dirs.is_empty() => 2,
                change if change.in_controlled_shutdown != 0 => 1,
                _ => 0,
            },
            _ => 0,
        }
    }
}
