//! A log directory: whose it is, which partitions it has, and its checkpoints.

use crate::{
    Device, Log, LogConfig, Removal, StorageError, files,
    log::{METADATA_FILE, Opening},
};
use klamm_log::{
    MetaProperties, deleted_directory_name, format_offsets, format_partition_metadata, is_deleted_directory,
    parse_offsets, parse_partition_directory, parse_partition_metadata, partition_directory_name,
};
use klamm_types::{BrokerEpoch, Now, Offset, TopicId, TopicPartition, Uuid};
use klamm_world::{Disk, mutant};
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, IoSlice},
    path::{Path, PathBuf},
    sync::Arc,
};
use thiserror::Error;

const CLEAN_FILE: &str = ".kafka_cleanshutdown";
const LOCK_FILE: &str = ".lock";

/// The offset checkpoints of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// Where recovery begins. Write it after each flush round, and after truncating below it.
    RecoveryPoints,
    /// Where logs begin. Write it after DeleteRecords, within a minute or so.
    LogStarts,
    /// High watermarks. Write it every few seconds (`replica.high.watermark.checkpoint.interval.ms`).
    HighWatermarks,
}

impl Checkpoint {
    /// The file's name.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Checkpoint::RecoveryPoints => "recovery-point-offset-checkpoint",
            Checkpoint::LogStarts => "log-start-offset-checkpoint",
            Checkpoint::HighWatermarks => "replication-offset-checkpoint",
        }
    }
}

/// Why a directory cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It was never formatted.
    #[error("{} has no meta.properties: format it first, or set log.dirs to a directory that was", .0.display())]
    NotFormatted(PathBuf),
    /// Another process has it.
    #[error("{} is in use by another process: two brokers need two log directories", .0.display())]
    InUse(PathBuf),
    /// Its identity cannot be read.
    #[error("{}: {reason}", path.display())]
    Identity {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The operating system's.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What it says.
        reason: String,
    },
}

/// An open log directory. Shared by the log threads; each log belongs to one of them.
pub struct LogDir {
    device: Arc<Device>,
    meta: MetaProperties,
    /// The broker's epoch at the last shutdown, where that was clean.
    clean: Option<BrokerEpoch>,
    recovery_points: BTreeMap<TopicPartition, Offset>,
    starts: BTreeMap<TopicPartition, Offset>,
    high_watermarks: BTreeMap<TopicPartition, Offset>,
    partitions: Vec<TopicPartition>,
    deleted: Vec<PathBuf>,
}

impl fmt::Debug for LogDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogDir")
            .field("device", &self.device)
            .field("meta", &self.meta)
            .field("clean", &self.clean)
            .field("partitions", &self.partitions.len())
            .finish_non_exhaustive()
    }
}

impl LogDir {
    /// Who a directory belongs to; `None` when it was never formatted.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn identity(disk: &dyn Disk, path: &Path) -> Result<Option<MetaProperties>, OpenError> {
        let io = |error: io::Error| OpenError::Io { path: path.to_owned(), reason: error.to_string() };
        let text = files::read_text(disk, &path.join(MetaProperties::FILE)).map_err(io)?;
        let parsed = text.map(|text| MetaProperties::parse(&text)).transpose();
        parsed.map_err(|error| OpenError::Identity { path: path.to_owned(), reason: error.to_string() })
    }

    /// Makes a directory somebody's, durably. Blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn format(disk: &dyn Disk, path: &Path, meta: &MetaProperties) -> Result<(), OpenError> {
        let written = disk.create_directory(path).and_then(|()| {
            let text = meta.format();
            files::replace(disk, &path.join(MetaProperties::FILE), text.as_bytes(), files::Sync::Now)
        });
        written.map_err(|error| OpenError::Io { path: path.to_owned(), reason: error.to_string() })
    }

    /// Opens a formatted directory, and locks it. Logs are opened one by one. Blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, OpenError> {
        let not_formatted = || OpenError::NotFormatted(path.to_owned());
        let meta = Self::identity(disk.as_ref(), path)?.ok_or_else(not_formatted)?;
        let lock = disk.lock(&path.join(LOCK_FILE)).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::InUse(path.to_owned()),
            _ => OpenError::Io { path: path.to_owned(), reason: error.to_string() },
        })?;
        let io = |error: io::Error| OpenError::Io { path: path.to_owned(), reason: error.to_string() };
        let clean = take_clean_mark(disk.as_ref(), path).map_err(io)?;
        let read = |checkpoint: Checkpoint| read_checkpoint(disk.as_ref(), path, checkpoint).map_err(io);
        let (mut partitions, mut deleted) = (Vec::new(), Vec::new());
        for entry in disk.list(path).map_err(io)?.into_iter().filter(|entry| entry.directory) {
            if is_deleted_directory(&entry.name) {
                deleted.push(path.join(&entry.name));
            } else {
                partitions.extend(parse_partition_directory(&entry.name));
            }
        }
        Ok(Self {
            recovery_points: read(Checkpoint::RecoveryPoints)?,
            starts: read(Checkpoint::LogStarts)?,
            high_watermarks: read(Checkpoint::HighWatermarks)?,
            device: Arc::new(Device::new(disk.clone(), path.to_owned(), lock)),
            meta,
            clean,
            partitions,
            deleted,
        })
    }

    /// What its logs share.
    #[must_use]
    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// Whose it is.
    #[must_use]
    pub fn meta(&self) -> &MetaProperties {
        &self.meta
    }

    /// Whether the last shutdown was clean: nothing needs recovery.
    #[must_use]
    pub fn was_clean(&self) -> bool {
        self.clean.is_some()
    }

    /// The broker's epoch at the last shutdown, where that was clean; −1 where it had none.
    #[must_use]
    pub fn clean_epoch(&self) -> Option<BrokerEpoch> {
        self.clean
    }

    /// The partitions that were in it when it was opened.
    #[must_use]
    pub fn partitions(&self) -> &[TopicPartition] {
        &self.partitions
    }

    /// The high watermark of the last checkpoint.
    #[must_use]
    pub fn checkpointed_high_watermark(&self, name: &TopicPartition) -> Option<Offset> {
        self.high_watermarks.get(name).copied()
    }

    /// Directories of partitions that were deleted before, and not unlinked.
    #[must_use]
    pub fn leftovers(&self) -> Removal {
        Removal { disk: self.device.disk().clone(), files: Vec::new(), directories: self.deleted.clone() }
    }

    /// Opens the log of a partition, recovers it if need be, and sets the high watermark to that of the last checkpoint.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn open_log(
        &self,
        name: &TopicPartition,
        config: Arc<LogConfig>,
        now: Now,
    ) -> Result<Log, StorageError> {
        self.open_log_from(name, config, now, self.recovery_points.get(name).copied())
    }

    /// As [`LogDir::open_log`], for one who keeps the recovery point elsewhere than in the directory's checkpoint: everything
    /// below it was made durable with [`crate::FlushDepth::RecoveryPoint`].
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn open_log_from(
        &self,
        name: &TopicPartition,
        config: Arc<LogConfig>,
        now: Now,
        recovery_point: Option<Offset>,
    ) -> Result<Log, StorageError> {
        let directory = self.directory_of(name);
        let metadata = files::read_text(self.device.disk().as_ref(), &directory.join(METADATA_FILE));
        let metadata = metadata.map_err(|error| self.device.failed(&directory, &error))?;
        let topic_id = metadata.and_then(|text| parse_partition_metadata(&text).ok());
        let mut log = Log::open(Opening { recovery_point, ..self.opening(name, topic_id, config, now) })?;
        if let Some(offset) = self.checkpointed_high_watermark(name)
            && !mutant::active("forget the high watermarks")
        {
            log.set_high_watermark(offset);
        }
        Ok(log)
    }

    /// Makes a partition's directory and its log, empty.
    ///
    /// # Errors
    /// [`StorageError`]. Without room nothing is left behind.
    pub fn create_log(
        &self,
        name: &TopicPartition,
        topic_id: TopicId,
        config: Arc<LogConfig>,
        now: Now,
    ) -> Result<Log, StorageError> {
        self.device.check()?;
        let directory = self.directory_of(name);
        let disk = self.device.disk();
        let made = disk.create_directory(&directory).and_then(|()| {
            let text = format_partition_metadata(topic_id);
            disk.create(&directory.join(METADATA_FILE))?.write_at(&[IoSlice::new(text.as_bytes())], 0)
        });
        let opening = Opening {
            recovery_point: None,
            start: Offset(0),
            ..self.opening(name, Some(topic_id), config, now)
        };
        let log =
            made.map_err(|error| self.device.failed(&directory, &error)).and_then(|()| Log::create(opening));
        if log.is_err() {
            let _ = disk.remove_directory(&directory);
        }
        log
    }

    /// Takes a partition out of the directory at once; its files are the caller's to unlink.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn delete_log(&self, log: Log, unique: Uuid) -> Result<Removal, StorageError> {
        let aside = self.device.path().join(deleted_directory_name(log.name(), unique));
        let renamed = self.device.disk().rename(log.directory(), &aside);
        renamed.map_err(|error| self.device.failed(log.directory(), &error))?;
        Ok(Removal { disk: self.device.disk().clone(), files: Vec::new(), directories: vec![aside] })
    }

    fn directory_of(&self, name: &TopicPartition) -> PathBuf {
        self.device.path().join(partition_directory_name(name))
    }

    fn opening(
        &self,
        name: &TopicPartition,
        topic_id: Option<TopicId>,
        config: Arc<LogConfig>,
        now: Now,
    ) -> Opening {
        Opening {
            device: self.device.clone(),
            directory: self.directory_of(name),
            name: name.clone(),
            topic_id,
            config,
            recovery_point: self.recovery_points.get(name).copied(),
            start: self.starts.get(name).copied().unwrap_or(Offset(0)),
            clean: self.was_clean(),
            now: now.wall,
        }
    }
}

impl Device {
    /// Replaces a checkpoint of the directory's logs, durably. Blocks: run it through `World::blocking`, one at a time.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn write_checkpoint(
        &self,
        checkpoint: Checkpoint,
        offsets: &BTreeMap<TopicPartition, Offset>,
    ) -> Result<(), StorageError> {
        self.check()?;
        let path = self.path().join(checkpoint.file_name());
        let text = format_offsets(offsets.iter());
        let written = files::replace(self.disk().as_ref(), &path, text.as_bytes(), files::Sync::Now);
        written.map_err(|error| self.failed(&path, &error))
    }

    /// Says that everything is flushed and checkpointed: the next start reads no log, and the replicas of the broker that was
    /// registered in `epoch` have lost nothing (KIP-966). Blocks.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn mark_clean_shutdown(&self, epoch: Option<BrokerEpoch>) -> Result<(), StorageError> {
        self.check()?;
        let path = self.path().join(CLEAN_FILE);
        let text = format_clean_mark(epoch);
        let written = files::replace(self.disk().as_ref(), &path, text.as_bytes(), files::Sync::Now);
        written.map_err(|error| self.failed(&path, &error))
    }
}

/// Removes the mark, durably: a crash while the logs are being loaded is not clean (KAFKA-10471).
fn take_clean_mark(disk: &dyn Disk, path: &Path) -> io::Result<Option<BrokerEpoch>> {
    let file = path.join(CLEAN_FILE);
    let Some(text) = files::read_text(disk, &file)? else { return Ok(None) };
    if !mutant::active("keep the mark of a clean shutdown") {
        disk.remove_file(&file)?;
        disk.sync_directory(path)?;
    }
    Ok(Some(parse_clean_mark(&text)))
}

/// The mark as Kafka writes it.
fn format_clean_mark(epoch: Option<BrokerEpoch>) -> String {
    format!("{{\"version\":0,\"brokerEpoch\":{}}}", epoch.map_or(-1, |epoch| epoch.0))
}

/// The epoch in a mark; −1 where it has none: older versions of Kafka wrote an empty file.
fn parse_clean_mark(text: &str) -> BrokerEpoch {
    let number = text.split_once("\"brokerEpoch\"").and_then(|(_, rest)| {
        let rest = rest.trim_start().strip_prefix(':')?.trim_start();
        let end = rest.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    });
    BrokerEpoch(number.unwrap_or(-1))
}

/// A checkpoint that cannot be read is as good as none: more is recovered than needed.
fn read_checkpoint(
    disk: &dyn Disk,
    path: &Path,
    checkpoint: Checkpoint,
) -> io::Result<BTreeMap<TopicPartition, Offset>> {
    let Some(text) = files::read_text(disk, &path.join(checkpoint.file_name()))? else {
        return Ok(BTreeMap::new());
    };
    Ok(parse_offsets(&text).unwrap_or_else(|error| {
        tracing::warn!(directory = %path.display(), file = checkpoint.file_name(), %error, "checkpoint is not used");
        BTreeMap::new()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_tells_the_epoch() {
        for (text, expected) in [
            (format_clean_mark(Some(BrokerEpoch(41))).as_str(), 41),
            (format_clean_mark(None).as_str(), -1),
            ("{ \"brokerEpoch\" : 7, \"version\" : 0 }", 7),
            ("", -1),
            ("{\"brokerEpoch\":true}", -1),
        ] {
            assert_eq!(parse_clean_mark(text), BrokerEpoch(expected), "{text}");
        }
    }
}
