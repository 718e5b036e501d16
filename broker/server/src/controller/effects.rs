//! What the machine wants done, done: one effect after the other, each with what must be durable before it.

use super::{
    Command, ControllerError, Reply, checkpoint,
    driver::{Caller, Driver},
    metadata_log::Decoded,
};
use klamm_protocol::ErrorCode;
use klamm_quorum::{After, Answer, Body, Effect, Event, FetchedBatch, SnapshotId};
use klamm_records::Batch;
use klamm_types::Bytes;
use klamm_world::Disk;
use std::{io, path::Path, sync::Arc};

impl Driver {
    /// Carries out one effect; what the machine must hear of it.
    pub(super) async fn carry_out(&mut self, effect: Effect) -> Result<Option<Event>, ControllerError> {
        match effect {
            Effect::Persist(state) => {
                self.log.persist(state).await?;
                self.persisted = state.epoch;
            }
            Effect::Append { epoch, base, payload, after } => {
                self.obey(after).await?;
                self.log.append(epoch, base, &payload).await?;
            }
            Effect::AppendFetched { batches, after } => {
                self.obey(after).await?;
                self.append_fetched(&batches).await?;
            }
            Effect::Truncate { end } => {
                self.log.truncate(end).await?;
                self.applying.truncated(end);
            }
            Effect::Send { id, to, request, after } => {
                let durable = self.obey(after).await?;
                self.couriers.send(&self.quorum, id, to, request);
                return Ok(durable);
            }
            Effect::Answer { call, answer, after } => {
                let durable = self.obey(after).await?;
                if let Some(caller) = self.calls.remove(&call) {
                    self.reply(caller, answer)?;
                }
                return Ok(durable);
            }
            Effect::Commit { .. } => self.applying.release(&self.quorum)?,
            Effect::Lead { epoch } => {
                tracing::info!(
                    epoch = epoch.0,
                    offset = self.quorum.end().0,
                    "this node is the active controller"
                );
                self.applying.lead();
                self.leading = Some(epoch);
            }
            Effect::Yield { epoch } => {
                tracing::info!(epoch = epoch.0, "this node is the active controller no more");
                self.leading = None;
                self.tell(); // before anybody hears that what waited was not done
                self.applying.resign();
            }
            Effect::Snapshot(id) => return self.snapshot(id).await,
            Effect::Superseded(id) => self.log.superseded(id).await?,
            Effect::StorePiece { id, position, bytes } => self.log.store_piece(id, position, &bytes)?,
            Effect::InstallSnapshot(id) => return self.install(id).await.map(Some),
        }
        Ok(None)
    }

    /// Sees to it that what must be durable is. States are written one after the other, so these are; of the log the machine
    /// then hears how much is.
    async fn obey(&mut self, after: After) -> Result<Option<Event>, ControllerError> {
        let (state, log) = match after {
            After::Nothing => return Ok(None),
            After::State(state) => (state, None),
            After::StateAndLog(state, end) => (state, Some(end)),
        };
        debug_assert!(self.persisted >= state, "epoch {state} is spoken of before it is durable");
        if log.is_none_or(|end| end <= self.log.durable_end()) {
            return Ok(None);
        }
        let end = self.log.sync().await?;
        Ok(Some(Event::Durable { end }))
    }

    async fn append_fetched(&mut self, batches: &[FetchedBatch]) -> Result<(), ControllerError> {
        self.log.append_fetched(batches).await?;
        for batch in batches {
            let damaged = |reason: String| ControllerError::Damaged {
                file: format!("what the leader of epoch {} sent for offset {}", batch.epoch, batch.base),
                reason,
            };
            let parsed = Batch::parse(&batch.bytes).map_err(|error| damaged(error.to_string()))?;
            let records: Vec<_> = checkpoint::entries(&parsed, self.log.release)
                .map_err(damaged)?
                .into_iter()
                .filter_map(|(_, entry)| match entry {
                    checkpoint::Entry::Data(record) => Some(record),
                    checkpoint::Entry::Control(_) => None,
                })
                .collect();
            if !records.is_empty() {
                self.applying.appended(Decoded { end: batch.end, records });
            }
        }
        Ok(())
    }

    /// Answers somebody, with the bytes that the machine does not look at.
    fn reply(&mut self, caller: Caller, answer: Answer) -> Result<(), ControllerError> {
        let log_start = self.log.start();
        let records = match (&answer.body, caller.snapshot) {
            (Body::Records { from, .. }, _) => self.log.batches(*from, caller.bytes_max)?,
            (Body::Piece { position, .. }, Some(id)) => {
                let position = *position;
                self.reply_with_piece(caller, answer, id, position);
                return Ok(());
            }
            _ => Bytes::new(),
        };
        let _ = caller.reply.send(Reply { answer, records, log_start }); // who asked may be gone
        Ok(())
    }

    /// Reads a piece of a snapshot aside: it may be cold.
    fn reply_with_piece(&self, caller: Caller, mut answer: Answer, id: SnapshotId, position: u64) {
        let (world, disk, path) =
            (self.world.clone(), Arc::clone(&self.world.disk), self.log.snapshot_path(id));
        let (log_start, bytes_max) = (self.log.start(), caller.bytes_max);
        let reading = async move {
            let read = world.blocking(move || read_piece(disk.as_ref(), &path, position, bytes_max)).await;
            match read {
                Ok((_, bytes)) if bytes.is_empty() => answer = refused(answer, ErrorCode::PositionOutOfRange),
                Ok((size_bytes, bytes)) => answer.body = Body::Piece { position, size_bytes, bytes },
                // a later one has taken its place meanwhile
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    answer = refused(answer, ErrorCode::SnapshotNotFound);
                }
                Err(error) => {
                    tracing::error!(snapshot = %id, %error, "a snapshot cannot be read for another node");
                    answer = refused(answer, ErrorCode::KafkaStorageError);
                }
            }
            let _ = caller.reply.send(Reply { answer, records: Bytes::new(), log_start });
        };
        self.world.spawn.spawn("metadata snapshot piece", Box::pin(reading));
    }

    /// Writes a snapshot aside; the machine hears of it by mail.
    async fn snapshot(&mut self, id: SnapshotId) -> Result<Option<Event>, ControllerError> {
        let Some(image) = self.applying.committed().cloned() else {
            return Ok(Some(Event::SnapshotFailed(id))); // this node has just begun, and has no image yet
        };
        if image.in_transaction() {
            return Ok(Some(Event::SnapshotFailed(id))); // what is in it would be lost: no snapshot has a part of one
        }
        self.log.roll().await?;
        let work = self.log.snapshot_work(id, image, self.quorum.voters_before(id.end).clone());
        let (world, myself) = (self.world.clone(), self.myself.clone());
        self.world.spawn.spawn(
            "metadata snapshot",
            Box::pin(async move {
                let written = world.blocking(work).await;
                match &written {
                    Ok(()) => tracing::info!(snapshot = %id, "metadata snapshot written"),
                    Err(error) => tracing::error!(snapshot = %id, %error, "metadata snapshot could not be written; it is tried again later"),
                }
                if let Some(driver) = myself.upgrade() {
                    let _ = driver.send(Command::Snapshotted(id, written.is_ok())); // the driver may have ended
                }
            }),
        );
        Ok(None)
    }

    async fn install(&mut self, id: SnapshotId) -> Result<Event, ControllerError> {
        let Some(snapshot) = self.log.install(id).await? else { return Ok(Event::SnapshotFailed(id)) };
        tracing::info!(snapshot = %id, records = snapshot.records.len(), "the leader's snapshot takes the place of the log");
        self.applying.installed(id, &snapshot.records)?;
        Ok(Event::SnapshotInstalled { id, voters: snapshot.voters.unwrap_or_default() })
    }
}

fn refused(answer: Answer, error: ErrorCode) -> Answer {
    Answer { error, body: Body::Empty, ..answer }
}

/// A piece of a file and the file's size in bytes. Blocks.
fn read_piece(disk: &dyn Disk, path: &Path, position: u64, bytes_max: u32) -> io::Result<(u64, Bytes)> {
    let file = disk.open_to_read(path)?;
    let size = file.length()?;
    let length = size.saturating_sub(position).min(u64::from(bytes_max));
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let count = file.read_at(&mut bytes, position)?;
    bytes.truncate(count);
    Ok((size, bytes.into()))
}
