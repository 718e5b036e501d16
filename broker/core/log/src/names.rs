//! The names of files and directories, as Kafka gives them.

use klamm_types::{Offset, PartitionIndex, Str, TopicPartition, Uuid};
use std::fmt::Write;

/// The files of a segment, and producer snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// Batches.
    Log,
    /// Offsets to positions.
    Index,
    /// Timestamps to offsets.
    TimeIndex,
    /// Aborted transactions.
    TransactionIndex,
    /// Producer state up to the offset of the name.
    Snapshot,
}

const KINDS: [(FileKind, &str); 5] = [
    (FileKind::Log, ".log"),
    (FileKind::Index, ".index"),
    (FileKind::TimeIndex, ".timeindex"),
    (FileKind::TransactionIndex, ".txnindex"),
    (FileKind::Snapshot, ".snapshot"),
];
/// A partition's directory on its way out.
const DELETE_SUFFIX: &str = "-delete";
/// The longest name of a file on Linux, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// `00000000000000000042.log`
#[must_use]
pub fn file_name(offset: Offset, kind: FileKind) -> String {
    let (_, suffix) = KINDS[kind as usize];
    format!("{:020}{suffix}", offset.0)
}

/// The offset and kind in a file's name; `None` for all other names.
#[must_use]
pub fn parse_file_name(name: &str) -> Option<(Offset, FileKind)> {
    let (digits, _) = name.split_at_checked(20)?;
    let (kind, _) = KINDS.iter().find(|(_, suffix)| *suffix == &name[20..])?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((Offset(digits.parse().ok()?), *kind))
}

/// `topic-3`
#[must_use]
pub fn partition_directory_name(partition: &TopicPartition) -> String {
    partition.to_string()
}

/// The partition that a directory's name says; `None` for deleted ones and for what is no partition's.
#[must_use]
pub fn parse_partition_directory(name: &str) -> Option<TopicPartition> {
    if is_deleted_directory(name) {
        return None;
    }
    let (topic, partition) = name.rsplit_once('-')?;
    let digits = !partition.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit());
    if topic.is_empty() || !digits {
        return None;
    }
    Some(TopicPartition { topic: Str::from(topic), partition: PartitionIndex(partition.parse().ok()?) })
}

/// `topic-3.<32 hex digits>-delete`, cut so that a file system takes it.
#[must_use]
pub fn deleted_directory_name(partition: &TopicPartition, unique: Uuid) -> String {
    let mut suffix = String::from(".");
    for byte in unique.0 {
        write!(suffix, "{byte:02x}").expect("writing to a String cannot fail");
    }
    suffix.push_str(DELETE_SUFFIX);
    let mut name = partition.to_string();
    name.truncate(NAME_BYTES_MAX - suffix.len()); // names of topics are ASCII
    name + &suffix
}

/// Whether a directory's name is that of a deleted partition.
#[must_use]
pub fn is_deleted_directory(name: &str) -> bool {
    name.ends_with(DELETE_SUFFIX) && name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        for (kind, _) in KINDS {
            assert_eq!(parse_file_name(&file_name(Offset(42), kind)), Some((Offset(42), kind)));
        }
        assert_eq!(file_name(Offset(42), FileKind::Log), "00000000000000000042.log");
        for other in
            ["42.log", "0000000000000000004x.log", "00000000000000000042.log.deleted", "partition.metadata"]
        {
            assert_eq!(parse_file_name(other), None, "{other}");
        }
    }

    #[test]
    fn directories() {
        let name = |topic: &str, partition| TopicPartition {
            topic: topic.into(),
            partition: PartitionIndex(partition),
        };
        for partition in [name("a", 0), name("a-b.c_d", 12), name("a-1", 2)] {
            assert_eq!(
                parse_partition_directory(&partition_directory_name(&partition)),
                Some(partition.clone())
            );
            let deleted = deleted_directory_name(&partition, Uuid([0xab; 16]));
            assert!(is_deleted_directory(&deleted));
            assert_eq!(parse_partition_directory(&deleted), None);
        }
        assert_eq!(deleted_directory_name(&name(&"t".repeat(249), 1), Uuid([1; 16])).len(), 255);
        for other in ["a", "-1", "a-", "a-x", "a-+1", "lost+found"] {
            assert_eq!(parse_partition_directory(other), None, "{other}");
        }
    }
}
