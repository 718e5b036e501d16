//! Snapshots of the metadata, `<offset>-<epoch>.checkpoint` (KIP-630):
//!
//! ```text
//! ┌────────────────────────────────────────┬──────────────────┬─────┬────────────────────────┐
//! │ control batch: header, kraft.version,  │ batch of framed  │  …  │ control batch: footer  │   offsets count from 0
//! │ voters                                 │ metadata records │     │                        │   within the file
//! └────────────────────────────────────────┴──────────────────┴─────┴────────────────────────┘
//! ```
//! A file without its footer is not whole and is never used.

use super::ControllerError;
use klamm_metadata::{Features, Record, Release};
use klamm_quorum::{ControlRecord, SnapshotId, Voters};
use klamm_records::{Batch, BatchBuilder, Batches, Compression, ControlKind, control_key};
use klamm_storage::{Sync, read_file, replace_file};
use klamm_types::{Bytes, LeaderEpoch, Offset, Wall};
use klamm_world::Disk;
use std::{io, path::Path};

/// About how many bytes of records one batch has.
const BATCH_BYTES: usize = 1 << 20;
/// No batch of a metadata log decompresses to more.
const BATCH_BYTES_MAX: usize = 64 << 20;

/// What a snapshot holds.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// The voters.
    pub voters: Option<Voters>,
    /// The metadata.
    pub records: Vec<Record>,
}

/// The snapshots of a directory, the latest last.
pub(super) fn list(disk: &dyn Disk, directory: &Path) -> io::Result<Vec<SnapshotId>> {
    let entries = disk.list(directory)?;
    let mut ids: Vec<_> =
        entries.iter().filter_map(|entry| SnapshotId::from_file_name(&entry.name)).collect();
    ids.sort_unstable();
    Ok(ids)
}

/// Reads a snapshot.
pub(super) fn read(disk: &dyn Disk, path: &Path, release: &Release) -> Result<Snapshot, ControllerError> {
    let damaged = |reason: String| ControllerError::Damaged { file: path.display().to_string(), reason };
    let bytes = read_file(disk, path)
        .map_err(|error| damaged(error.to_string()))?
        .ok_or_else(|| damaged("it is not there".to_owned()))?;
    let (mut snapshot, mut whole) = (Snapshot::default(), false);
    for batch in Batches::new(Bytes::from(bytes)) {
        let batch = batch.map_err(|error| damaged(error.to_string()))?;
        if !batch.crc_matches() {
            return Err(damaged(format!(
                "the CRC of the batch at offset {} is wrong",
                batch.header().base_offset
            )));
        }
        for (_, entry) in entries(&batch, release).map_err(damaged)? {
            match entry {
                Entry::Data(record) => snapshot.records.push(record),
                Entry::Control(ControlRecord::Voters(voters)) => snapshot.voters = Some(voters),
                Entry::Control(ControlRecord::SnapshotFooter) => whole = true,
                Entry::Control(_) => {}
            }
        }
    }
    whole.then_some(snapshot).ok_or_else(|| damaged("it has no footer, so it is not whole".to_owned()))
}

/// Writes a snapshot. Durable on return; blocks.
pub(super) fn write(
    disk: &dyn Disk,
    path: &Path,
    epoch: LeaderEpoch,
    now: Wall,
    voters: Option<&Voters>,
    features: &Features,
    records: &[Record],
) -> Result<(), ControllerError> {
    let mut batches = Vec::new();
    let mut head = vec![ControlRecord::SnapshotHeader { last_contained: now }];
    if let Some(voters) = voters {
        head.extend([ControlRecord::KRaftVersion(1), ControlRecord::Voters(voters.clone())]);
    }
    batches.push(control_batch(Offset(0), epoch, now, &head));
    let mut builder = data_builder(next(&batches), epoch);
    for record in records {
        builder.push(now, None, Some(&to_bytes(features, record)?), &[]);
        if builder.size_bytes() >= BATCH_BYTES {
            let full = std::mem::replace(&mut builder, data_builder(Offset(0), epoch));
            batches.push(full.build());
            builder = data_builder(next(&batches), epoch);
        }
    }
    if !builder.is_empty() {
        batches.push(builder.build());
    }
    batches.push(control_batch(next(&batches), epoch, now, &[ControlRecord::SnapshotFooter]));
    let bytes: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().iter().copied()).collect();
    let unwritable = |error: io::Error| ControllerError::Damaged {
        file: path.display().to_string(),
        reason: error.to_string(),
    };
    replace_file(disk, path, &bytes, Sync::Now).map_err(unwritable)
}

fn data_builder(base: Offset, epoch: LeaderEpoch) -> BatchBuilder {
    BatchBuilder::new(base, Compression::None).leader_epoch(epoch)
}

fn next(batches: &[Batch]) -> Offset {
    batches.last().map_or(Offset(0), |batch| batch.header().next_offset())
}

/// A record in its frame, in the version that the features give it.
pub(super) fn to_bytes(features: &Features, record: &Record) -> Result<Bytes, ControllerError> {
    record
        .to_value(features.record_version(record))
        .map_err(|error| ControllerError::Unwritable(error.to_string()))
}

/// A batch of the quorum's own records.
pub(super) fn control_batch(base: Offset, epoch: LeaderEpoch, now: Wall, records: &[ControlRecord]) -> Batch {
    let mut builder = data_builder(base, epoch).control();
    for record in records {
        builder.push(now, Some(&control_key(record.kind())), Some(&record.value()), &[]);
    }
    builder.build()
}

/// One record of a metadata log or snapshot.
pub(super) enum Entry {
    /// The quorum's own.
    Control(ControlRecord),
    /// Metadata.
    Data(Record),
}

/// The records of a batch with their offsets; what is wrong where it cannot be read.
pub(super) fn entries(batch: &Batch, release: &Release) -> Result<Vec<(Offset, Entry)>, String> {
    let at = batch.header().base_offset;
    let records = batch.records(BATCH_BYTES_MAX).map_err(|error| error.to_string())?;
    let mut entries = Vec::new();
    for record in records {
        let record = record.map_err(|error| error.to_string())?;
        let value =
            record.value.ok_or_else(|| format!("the record at offset {} has no value", record.offset))?;
        if !batch.header().attributes.is_control() {
            let read = release
                .read(value)
                .map_err(|error| format!("the record at offset {}: {error}", record.offset))?;
            entries.push((record.offset, Entry::Data(read)));
            continue;
        }
        let kind = record.key.as_deref().and_then(ControlKind::of_key);
        let control = kind.map(|kind| ControlRecord::read(kind, value)).transpose();
        let control =
            control.map_err(|error| format!("a control record in the batch at offset {at}: {error}"))?;
        entries.extend(control.flatten().map(|control| (record.offset, Entry::Control(control))));
    }
    Ok(entries)
}
