//! What a new cluster begins with.

use crate::{KRAFT_VERSION, Record, Release};
use klamm_protocol::FeatureLevelRecord;
use klamm_types::Str;

/// The records of the bootstrap snapshot: the feature levels of a new cluster that a program of this release begins. (`kraft.version` is in a control record.)
#[must_use]
pub fn bootstrap_records(release: &Release) -> Vec<Record> {
    let finalised = release.features.iter().filter(|one| one.initial > 0 && one.name != KRAFT_VERSION);
    let record =
        |name, level| FeatureLevelRecord { name: Str::from_static(name), feature_level: level }.into();
    finalised.map(|one| record(one.name, one.initial)).collect()
}
