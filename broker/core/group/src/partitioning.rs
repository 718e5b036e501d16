//! Which partition of `__consumer_offsets` a group lives in.

use klamm_types::PartitionIndex;

/// The partition of `__consumer_offsets` whose leader coordinates the group: Java's `String.hashCode` over UTF-16
/// units, made positive as Kafka does (`i32::MIN` becomes 0), modulo the number of partitions. Every broker and Kafka
/// itself must agree on it for ever, or groups would be looked for where they are not.
///
/// A topic of no partitions has none; callers ask only when it exists.
#[must_use]
pub fn partition_for(group_id: &str, partitions: i32) -> PartitionIndex {
    let hash =
        group_id.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    let positive = if hash == i32::MIN { 0 } else { hash.abs() };
    PartitionIndex(positive % partitions.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_javas_hash() {
        // (group, "…".hashCode() as the JDK gives it)
        for (group, hash) in [
            ("", 0i32),
            ("a", 97),
            ("hello", 99_162_322),
            ("polygenelubricants", i32::MIN),
            ("consumer-group-1", 147_483_020),
            ("grün", 3_185_949),
            ("\u{1F980}", 1_772_802),
        ] {
            let expected = if hash == i32::MIN { 0 } else { hash.abs() % 50 };
            assert_eq!(partition_for(group, 50), PartitionIndex(expected), "{group}");
        }
    }
}
