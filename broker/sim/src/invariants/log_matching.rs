//! Two replicas that have the same batch have the same log before it (Raft's log matching; with KIP-101's epochs it holds for
//! partitions as for the metadata log). Read from the disks as they are.

use crate::{Host, Violation};
use klamm_records::Batches;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// One batch: base offset, last offset, epoch, checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    base: i64,
    last: i64,
    epoch: i32,
    crc: u32,
}

/// Compares the logs of all hosts under `directory`.
///
/// # Errors
/// The first difference.
pub fn check(hosts: &[Host], directory: &Path) -> Result<(), Violation> {
    let mut logs: BTreeMap<String, Vec<(&Host, Vec<Entry>)>> = BTreeMap::new();
    for host in hosts {
        for name in host.list_directory(directory).unwrap_or_default() {
            if comparable(&name) {
                let log = read(host, &directory.join(&name));
                logs.entry(name).or_default().push((host, log));
            }
        }
    }
    for (name, replicas) in &logs {
        for (index, (host, log)) in replicas.iter().enumerate() {
            for (other, theirs) in &replicas[index + 1..] {
                matching(log, theirs).map_err(|what| {
                    Violation(format!("log matching: {name} on {} and {}: {what}", host.name(), other.name()))
                })?;
            }
        }
    }
    Ok(())
}

/// Logs that nobody compacts or has given up.
fn comparable(name: &str) -> bool {
    let partition =
        name.rsplit_once('-').is_some_and(|(_, index)| index.bytes().all(|byte| byte.is_ascii_digit()));
    partition && (!name.starts_with("__") || name.starts_with("__cluster_metadata-"))
}

/// The batches of a log up to the first that is not whole: a write may be in flight, and after a loss of power the rest is
/// anything until the log is recovered.
fn read(host: &Host, directory: &Path) -> Vec<Entry> {
    let names = host.list_directory(directory).unwrap_or_default();
    let mut log: Vec<Entry> = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".log")) {
        let bytes = host.read_file(&directory.join(name)).unwrap_or_default();
        let length = bytes.len();
        let mut read = 0;
        for batch in Batches::new(bytes.into()).map_while(Result::ok) {
            let header = batch.header();
            let (base, last) = (header.base_offset.0, header.last_offset().0);
            let follows =
                log.last().is_none_or(|before| before.last < base && before.epoch <= header.leader_epoch.0);
            if !batch.crc_matches() || !follows {
                return log;
            }
            read += batch.bytes().len();
            log.push(Entry { base, last, epoch: header.leader_epoch.0, crc: header.crc });
        }
        if read < length {
            return log;
        }
    }
    log
}

fn matching(one: &[Entry], other: &[Entry]) -> Result<(), String> {
    let key = |entry: &Entry| (entry.base, entry.epoch);
    let theirs: BTreeSet<_> = other.iter().map(key).collect();
    let Some(shared) = one.iter().rev().map(key).find(|at| theirs.contains(at)) else { return Ok(()) };
    // a log begins where its retention or its snapshot has left it
    let start = one.first().map_or(0, |entry| entry.base).max(other.first().map_or(0, |entry| entry.base));
    let before = |log: &[Entry]| -> Vec<Entry> {
        log.iter().filter(|entry| entry.base >= start && entry.base <= shared.0).copied().collect()
    };
    let (ours, theirs) = (before(one), before(other));
    let different = ours.iter().zip(&theirs).find(|(one, other)| one != other);
    match different {
        Some((one, other)) => Err(format!("{one:?} and {other:?}, though both have {shared:?}")),
        None if ours.len() == theirs.len() => Ok(()),
        None => Err(format!("{} and {} batches up to {shared:?}", ours.len(), theirs.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(epochs: &[i32], crc: u32) -> Vec<Entry> {
        (0..).zip(epochs).map(|(base, epoch)| Entry { base, last: base, epoch: *epoch, crc }).collect()
    }

    #[test]
    fn what_differs_below_a_shared_batch_is_found() {
        assert_eq!(matching(&log(&[1, 1, 2], 0), &log(&[1, 1, 2, 2], 0)), Ok(()));
        assert_eq!(matching(&log(&[1, 1, 2], 0), &log(&[1, 1, 3], 0)), Ok(()));
        assert_eq!(matching(&log(&[1, 1], 0)[1..], &log(&[1, 1], 0)), Ok(()));
        assert!(matching(&log(&[1, 1, 3], 0), &log(&[1, 2, 3], 0)).is_err());
        assert!(matching(&log(&[1], 0), &log(&[1], 7)).is_err());
    }

    #[test]
    fn compacted_and_deleted_logs_are_left_out() {
        for (name, expected) in [
            ("records-0", true),
            ("__cluster_metadata-0", true),
            ("__consumer_offsets-7", false),
            ("records-0.abc-delete", false),
            ("meta.properties", false),
        ] {
            assert_eq!(comparable(name), expected, "{name}");
        }
    }
}
