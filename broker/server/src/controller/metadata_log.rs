//! The log of the metadata quorum on disk: `__cluster_metadata-0`, a log like any other, synced before it is spoken of.

use super::{
    ControllerError,
    checkpoint::{self, Entry, Snapshot},
    quorum_state,
};
use klamm_metadata::{Image, Record, Release, Replay, config::Settings, decide::METADATA_TOPIC};
use klamm_quorum::{
    ControlRecord, ElectionState, FetchedBatch, LogShape, Payload, SnapshotId, VoterHistory, Voters,
};
use klamm_records::{Batch, BatchBuilder, Batches, Compression, ValidatedBatch};
use klamm_storage::{
    AppendError, FlushDepth, Limit, Log, LogConfig, LogDir, Origin, StorageError, is_no_space, read_slice,
};
use klamm_types::{Bytes, LeaderEpoch, Now, Offset, PartitionIndex, Str, TopicPartition};
use klamm_world::World;
use std::{io::IoSlice, path::PathBuf, sync::Arc};

const READ_BYTES: u32 = 8 << 20;

/// What the name of a snapshot ends with while it is fetched: Kafka's.
const PART: &str = ".part";

/// The partition of the metadata log.
pub(super) fn partition() -> TopicPartition {
    TopicPartition { topic: Str::from_static(METADATA_TOPIC), partition: PartitionIndex(0) }
}

/// The metadata log of this node.
pub(super) struct MetadataLog {
    world: World,
    directory: PathBuf,
    log: Log,
    pub(super) release: &'static Release,
}

/// What a node finds in its metadata log when it starts.
pub(super) struct Found {
    /// The voters of the snapshot, and their changes in the log.
    pub voters: VoterHistory,
    /// `quorum-state`.
    pub state: Option<ElectionState>,
    /// Which epochs the log behind the snapshot has, and its end.
    pub shape: LogShape,
    /// The latest snapshot.
    pub snapshot: SnapshotId,
    /// How many bytes of batches lie behind it.
    pub bytes_since_snapshot: u64,
    /// What the snapshot holds.
    pub replay: Replay,
    /// The batches behind it with metadata records: what of them is committed is not known yet.
    pub batches: Vec<Decoded>,
}

/// The metadata records of one batch.
pub(super) struct Decoded {
    /// The offset after its last.
    pub end: Offset,
    /// The records.
    pub records: Vec<Record>,
}

impl MetadataLog {
    /// Opens the log, makes what it holds durable, and reads it.
    pub async fn open(
        world: World,
        dir: &LogDir,
        settings: &Settings,
    ) -> Result<(Self, Found), ControllerError> {
        let directory = dir.device().path().join(partition().to_string());
        let snapshots = checkpoint::list(world.disk.as_ref(), &directory);
        // a snapshot is written when everything before it is flushed: after a crash only what lies behind it is looked at
        let flushed = snapshots.ok().and_then(|ids| ids.last().map(|id| id.end)).filter(|_| !dir.was_clean());
        let (config, now) = (Arc::new(config(settings)), world.clock.now());
        let log = dir.open_log_from(&partition(), config, now, flushed)?;
        let mut this = Self { world, directory, log, release: settings.release };
        this.finish_install().await?;
        this.sync().await?;
        let found = this.read_all()?;
        Ok((this, found))
    }

    fn read_all(&mut self) -> Result<Found, ControllerError> {
        let disk = Arc::clone(&self.world.disk);
        let unreadable = |error: std::io::Error| self.io(error);
        let state = quorum_state::read_election_state(disk.as_ref(), &self.directory).map_err(unreadable)?;
        let id = checkpoint::list(disk.as_ref(), &self.directory)
            .map_err(unreadable)?
            .pop()
            .ok_or(ControllerError::NotFormatted)?;
        let snapshot = checkpoint::read(disk.as_ref(), &self.directory.join(id.file_name()), self.release)?;
        let mut found = Found {
            voters: VoterHistory::new(snapshot.voters.unwrap_or_default(), id != SnapshotId::BOOTSTRAP),
            state,
            shape: LogShape::after(id),
            snapshot: id,
            bytes_since_snapshot: 0,
            replay: Replay::default(),
            batches: Vec::new(),
        };
        for record in &snapshot.records {
            found.replay.push(record)?;
        }
        if id.end < self.log.start() || id.end > self.log.end() {
            let reason = format!(
                "it has offsets {} to {}, and the latest snapshot ends at {}",
                self.log.start(),
                self.log.end(),
                id.end
            );
            return Err(ControllerError::Damaged { file: self.directory.display().to_string(), reason });
        }
        self.read_log(&mut found)?;
        Ok(found)
    }

    /// Reads what lies behind the snapshot.
    fn read_log(&mut self, found: &mut Found) -> Result<(), ControllerError> {
        while found.shape.end() < self.log.end() {
            let from = found.shape.end();
            for batch in Batches::new(self.bytes_at(from)?) {
                let batch = batch.map_err(|error| self.damaged(error.to_string()))?;
                if batch.header().next_offset() > found.snapshot.end {
                    found.take(&batch, self.release).map_err(|reason| self.damaged(reason))?;
                }
            }
            if found.shape.end() == from {
                return Err(self.damaged(format!("no batch can be read at offset {from}")));
            }
        }
        Ok(())
    }

    fn bytes_at(&mut self, offset: Offset) -> Result<Bytes, ControllerError> {
        let read = self
            .log
            .read(offset, Limit::End, READ_BYTES, true)
            .map_err(|error| self.damaged(error.to_string()))?;
        let slice =
            read.records.ok_or_else(|| self.damaged(format!("nothing can be read at offset {offset}")))?;
        read_slice(&slice).map_err(|error| self.damaged(error.to_string()))
    }

    fn damaged(&self, reason: String) -> ControllerError {
        ControllerError::Damaged { file: self.directory.display().to_string(), reason }
    }

    /// Appends a batch; it is durable after the next [`MetadataLog::sync`]. Without room it waits for room: nothing else can
    /// be decided meanwhile.
    pub async fn append(
        &mut self,
        epoch: LeaderEpoch,
        base: Offset,
        payload: &Payload,
    ) -> Result<(), ControllerError> {
        let now = self.world.clock.now();
        let batch = ValidatedBatch::own(batch(now, epoch, base, payload));
        loop {
            self.log.assign_epoch(epoch);
            let appended = self
                .log
                .append(self.world.clock.now(), epoch, Origin::Broker, std::slice::from_ref(&batch))
                .pop();
            match appended {
                Some(Ok(appended)) if appended.base_offset == base => return Ok(()),
                Some(Ok(appended)) => {
                    return Err(
                        self.damaged(format!("a batch for offset {base} went to {}", appended.base_offset))
                    );
                }
                Some(Err(AppendError::Storage(StorageError::NoSpace { .. }))) => self.make_room().await,
                Some(Err(error)) => return Err(self.damaged(error.to_string())),
                None => return Err(self.damaged("the batch was not appended".to_owned())),
            }
        }
    }

    /// Appends what the leader has sent; durable after the next [`MetadataLog::sync`]. Waits for room as
    /// [`MetadataLog::append`] does.
    pub async fn append_fetched(&mut self, batches: &[FetchedBatch]) -> Result<(), ControllerError> {
        for batch in batches {
            while self.log.end() < batch.end {
                match self.log.append_fetched(self.world.clock.now(), &batch.bytes) {
                    Ok(end) if end == batch.end => {}
                    Ok(end) => {
                        return Err(self.damaged(format!("a batch up to {} ended at {end}", batch.end)));
                    }
                    Err(AppendError::Storage(StorageError::NoSpace { .. })) => self.make_room().await,
                    Err(error) => return Err(self.damaged(error.to_string())),
                }
            }
        }
        Ok(())
    }

    /// Batches from `from` on, about `bytes_max` of them; empty at the log's end. The last may be cut.
    pub fn batches(&mut self, from: Offset, bytes_max: u32) -> Result<Bytes, ControllerError> {
        let read = self.log.read(from, Limit::End, bytes_max, true);
        let read = read.map_err(|error| self.damaged(error.to_string()))?;
        let Some(slice) = read.records else { return Ok(Bytes::new()) };
        read_slice(&slice).map_err(|error| self.damaged(error.to_string()))
    }

    /// The first offset that is kept.
    pub fn start(&self) -> Offset {
        self.log.start()
    }

    /// Everything below is on the device.
    pub fn durable_end(&self) -> Offset {
        self.log.durable_end()
    }

    /// Removes the records from `end` on.
    pub async fn truncate(&mut self, end: Offset) -> Result<(), ControllerError> {
        let removal = self.log.truncate_to(end, self.world.clock.now())?;
        self.world.blocking(move || removal.run()).await;
        Ok(())
    }

    /// The file of a snapshot.
    pub fn snapshot_path(&self, id: SnapshotId) -> PathBuf {
        self.directory.join(id.file_name())
    }

    fn part_path(&self, id: SnapshotId) -> PathBuf {
        self.directory.join(format!("{}{PART}", id.file_name()))
    }

    /// Keeps a piece of a snapshot that the leader sends. Position 0 begins anew.
    pub fn store_piece(&self, id: SnapshotId, position: u64, bytes: &[u8]) -> Result<(), ControllerError> {
        let path = self.part_path(id);
        let written = self.world.disk.create(&path).and_then(|file| {
            if position == 0 {
                file.set_length(0)?;
            }
            file.write_at(&[IoSlice::new(bytes)], position)
        });
        written.map_err(|error| self.io(error))
    }

    /// Makes the snapshot whose pieces are all there what the log begins with: what it holds; none where it is damaged. The next
    /// start ends what a crash in between leaves undone, see [`MetadataLog::finish_install`].
    pub async fn install(&mut self, id: SnapshotId) -> Result<Option<Snapshot>, ControllerError> {
        let (disk, part, directory) =
            (Arc::clone(&self.world.disk), self.part_path(id), self.directory.clone());
        let release = self.release;
        let fetched = self.world.blocking(move || match checkpoint::read(disk.as_ref(), &part, release) {
            Ok(snapshot) => {
                disk.open(&part)?.sync()?;
                disk.sync_directory(&directory).map(|()| Some(snapshot))
            }
            Err(error) => {
                tracing::warn!(%error, "a snapshot came damaged; it is fetched anew");
                disk.remove_file(&part).map(|()| None)
            }
        });
        let fetched = fetched.await.map_err(|error| self.io(error))?;
        if fetched.is_some() {
            self.begin_at(id).await?;
        }
        Ok(fetched)
    }

    /// A process that ended while it installed a snapshot leaves the snapshot, whole, under its passing name, and a log that
    /// ends before it or begins with it.
    async fn finish_install(&mut self) -> Result<(), ControllerError> {
        let disk = Arc::clone(&self.world.disk);
        let names = disk.list(&self.directory).map_err(|error| self.io(error))?;
        let parts = names.iter().filter_map(|entry| entry.name.strip_suffix(PART));
        for id in parts.filter_map(SnapshotId::from_file_name).collect::<Vec<_>>() {
            let whole = checkpoint::read(disk.as_ref(), &self.part_path(id), self.release).is_ok();
            if whole && (self.log.end() < id.end || self.log.start() == id.end) {
                self.begin_at(id).await?;
            } else {
                disk.remove_file(&self.part_path(id)).map_err(|error| self.io(error))?;
            }
        }
        Ok(())
    }

    /// Empties the log up to a snapshot that is there under its passing name, and gives it its name.
    async fn begin_at(&mut self, id: SnapshotId) -> Result<(), ControllerError> {
        let removal = self.log.truncate_fully(id.end, self.world.clock.now())?;
        let (disk, directory) = (Arc::clone(&self.world.disk), self.directory.clone());
        let (part, path) = (self.part_path(id), self.snapshot_path(id));
        let named = self.world.blocking(move || {
            disk.sync_directory(&directory)?; // else the former records could come back behind the snapshot
            removal.run();
            disk.rename(&part, &path)?;
            disk.sync_directory(&directory)
        });
        named.await.map_err(|error| self.io(error))
    }

    fn io(&self, error: std::io::Error) -> ControllerError {
        ControllerError::Io { what: self.directory.display().to_string(), error: error.to_string() }
    }

    async fn make_room(&self) {
        if !self.log.device().drop_ballast() {
            tracing::error!(directory = %self.directory.display(), "there is no room for metadata: nothing can be decided until there is");
            self.world.sleep(std::time::Duration::from_secs(1)).await;
        }
    }

    /// Makes everything in the log durable; its end.
    pub async fn sync(&mut self) -> Result<Offset, ControllerError> {
        self.flush(FlushDepth::Log).await
    }

    /// Makes the log durable with its indexes, so that a start after a clean shutdown need not read it.
    pub async fn close(&mut self) -> Result<(), ControllerError> {
        self.flush(FlushDepth::RecoveryPoint).await.map(drop)
    }

    async fn flush(&mut self, depth: FlushDepth) -> Result<Offset, ControllerError> {
        let work = loop {
            match self.log.begin_flush(depth) {
                Err(StorageError::NoSpace { .. }) => self.make_room().await,
                other => break other?,
            }
        };
        if let Some(work) = work {
            let flushed = self.world.blocking(move || work.run()).await;
            self.log.flushed(&flushed)?;
        }
        Ok(self.log.durable_end())
    }

    /// Writes `quorum-state`, durably. Where there is no room it waits until there is: an epoch or a vote that is not on the
    /// disk must not be spoken of.
    pub async fn persist(&self, state: ElectionState) -> Result<(), ControllerError> {
        loop {
            let (disk, directory) = (Arc::clone(&self.world.disk), self.directory.clone());
            let written = self
                .world
                .blocking(move || quorum_state::write_election_state(disk.as_ref(), &directory, state))
                .await;
            match written {
                Err(error) if is_no_space(&error) => self.make_room().await,
                written => {
                    return written.map_err(|error| ControllerError::Io {
                        what: "quorum-state".to_owned(),
                        error: error.to_string(),
                    });
                }
            }
        }
    }

    /// Ends the segment and flushes it, for a snapshot of what is in it: with the snapshot everything before it can go, and
    /// recovery begins behind it.
    pub async fn roll(&mut self) -> Result<(), ControllerError> {
        while let Err(error) = self.log.roll(self.world.clock.now()) {
            match error {
                StorageError::NoSpace { .. } => self.make_room().await,
                other => return Err(other.into()),
            }
        }
        self.flush(FlushDepth::RecoveryPoint).await.map(drop)
    }

    /// What writes a snapshot of `image`: run it through `World::blocking`.
    pub fn snapshot_work(
        &self,
        id: SnapshotId,
        image: Arc<Image>,
        voters: Voters,
    ) -> impl FnOnce() -> Result<(), ControllerError> + Send + 'static {
        let (disk, path, now) =
            (Arc::clone(&self.world.disk), self.snapshot_path(id), self.world.clock.now().wall);
        move || {
            checkpoint::write(
                disk.as_ref(),
                &path,
                id.epoch,
                now,
                Some(&voters),
                &image.features,
                &image.to_records(),
            )
        }
    }

    /// Removes the snapshots and segments before a snapshot.
    pub async fn superseded(&mut self, id: SnapshotId) -> Result<(), ControllerError> {
        self.log.set_high_watermark(id.end);
        self.log.delete_records(id.end).map_err(|error| self.damaged(error.to_string()))?;
        let removal = self.log.retain(self.world.clock.now())?;
        let (disk, directory) = (Arc::clone(&self.world.disk), self.directory.clone());
        let removed = self.world.blocking(move || {
            removal.run();
            let earlier = checkpoint::list(disk.as_ref(), &directory)?.into_iter().filter(|one| *one < id);
            earlier
                .map(|one| disk.remove_file(&directory.join(one.file_name())))
                .collect::<std::io::Result<Vec<()>>>()
        });
        if let Err(error) = removed.await {
            tracing::warn!(directory = %self.directory.display(), %error, "an old snapshot could not be removed; the next one tries again");
        }
        Ok(())
    }
}

impl Found {
    fn take(&mut self, batch: &Batch, release: &Release) -> Result<(), String> {
        let header = batch.header();
        let mut records = Vec::new();
        for (offset, entry) in checkpoint::entries(batch, release)? {
            match entry {
                Entry::Data(record) => records.push(record),
                Entry::Control(ControlRecord::Voters(voters)) => self.voters.push(offset, voters),
                Entry::Control(_) => {}
            }
        }
        if !records.is_empty() {
            self.batches.push(Decoded { end: header.next_offset(), records });
        }
        self.shape.append(header.leader_epoch, header.next_offset());
        self.bytes_since_snapshot += u64::from(header.size_bytes);
        Ok(())
    }
}

fn batch(now: Now, epoch: LeaderEpoch, base: Offset, payload: &Payload) -> Batch {
    match payload {
        Payload::Control(records) => checkpoint::control_batch(base, epoch, now.wall, records),
        Payload::Data(records) => {
            let mut builder = BatchBuilder::new(base, Compression::None).leader_epoch(epoch);
            for record in records {
                builder.push(now.wall, None, Some(record), &[]);
            }
            builder.build()
        }
    }
}

/// The log's settings: it is only shortened behind a snapshot.
fn config(settings: &Settings) -> LogConfig {
    LogConfig {
        segment_bytes: settings.number("metadata.log.segment.bytes").unwrap_or(1 << 30),
        segment_ms: settings.number("metadata.log.segment.ms").unwrap_or(i64::MAX),
        retention_ms: -1,
        retention_bytes: -1,
        max_message_bytes: u32::MAX,
        ..LogConfig::default()
    }
}
