//! What a new cluster begins with.

use crate::{KRAFT_VERSION, Record, features::SUPPORTED};
use klamm_protocol::FeatureLevelRecord;
use klamm_types::Str;

/// The records of the bootstrap snapshot: the feature levels of a new cluster. (`kraft.version` is in a control record.)
#[must_use]
pub fn bootstrap_records() -> Vec<Record> {
    let finalised = SUPPORTED.iter().filter(|one| one.initial > 0 && one.name != KRAFT_VERSION);
    let record =
        |name, level| FeatureLevelRecord { name: Str::from_static(name), feature_level: level }.into();
    finalised.map(|one| record(one.name, one.initial)).collect()
}
