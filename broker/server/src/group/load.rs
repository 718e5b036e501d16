//! Reading a partition of `__consumer_offsets` from its start, for the coordinator that has just become its.
//!
//! Owns the order of records, and which of a transaction's count. Must never stop in the middle and call it the end.

use crate::shard::ShardHandle;
use klamm_group::LogRecord;
use klamm_protocol::ErrorCode;
use klamm_records::{Batch, Batches, ControlKind, MalformedBatch, MalformedRecord};
use klamm_storage::{Limit, ReadError};
use klamm_types::{Bytes, FileSlice, LeaderEpoch, Now, Offset, ProducerId, TopicIdPartition};
use klamm_world::World;
use std::{collections::BTreeMap, io, sync::Arc};
use tokio::sync::{Semaphore, mpsc};

/// The most that the records of one batch may take when decompressed: a batch of the largest kind that Kafka makes, with room.
const BATCH_BYTES_MAX: usize = 256 << 20;

/// Pieces that are read ahead of the coordinator.
const PIECES_AHEAD: usize = 1;

/// A partition of `__consumer_offsets` that is led here, in one leadership.
#[derive(Clone)]
pub struct GroupLog {
    /// Its log thread.
    pub shard: ShardHandle,
    /// The partition.
    pub id: TopicIdPartition,
    /// The leadership.
    pub epoch: LeaderEpoch,
}

/// Why a log could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is not led here any more.
    #[error("the partition is not led here any more: {0:?}")]
    NotLed(ErrorCode),
    /// It cannot be read at an offset.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Its file cannot be read.
    #[error("the log's file cannot be read: {0}")]
    File(#[from] io::Error),
    /// A batch cannot be read.
    #[error(transparent)]
    Batch(#[from] MalformedBatch),
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] MalformedRecord),
    /// There is no batch where one should be.
    #[error("the log gives nothing at offset {at}, but ends at {end}")]
    Hole {
        /// Where nothing is.
        at: Offset,
        /// The log's end.
        end: Offset,
    },
}

/// What comes of loading: pieces in the log's order, then nothing more; or an error, and nothing more.
pub type Loading = mpsc::Receiver<Result<Vec<LogRecord>, LoadError>>;

/// Starts to read; `loads` bounds how many do at once.
pub fn start(world: &World, log: GroupLog, bytes_max: u32, loads: Arc<Semaphore>) -> Loading {
    let (pieces, loading) = mpsc::channel(PIECES_AHEAD);
    let reader = world.clone();
    let read = async move {
        let _permit = loads.acquire().await.expect("nobody closes it");
        if let Err(error) = load(&reader, &log, bytes_max, &pieces).await {
            let _ = pieces.send(Err(error)).await;
        }
    };
    world.spawn.spawn("group-load", Box::pin(read));
    loading
}

/// Reads all that is in the log now: nothing comes to it but by its coordinator, which waits for this. Not the high watermark is
/// the end: what is beyond it is the leader's to commit.
async fn load(
    world: &World,
    log: &GroupLog,
    bytes_max: u32,
    pieces: &mpsc::Sender<Result<Vec<LogRecord>, LoadError>>,
) -> Result<(), LoadError> {
    let mut transactions = Transactions::default();
    let (mut at, end) = log.bounds().await?;
    while at < end {
        let Some(slice) = log.read(at, bytes_max).await? else { return Err(LoadError::Hole { at, end }) };
        let bytes = world.blocking(move || bytes_of(&slice)).await?;
        let mut records = Vec::new();
        let before = at;
        for batch in Batches::new(bytes) {
            let batch = batch?;
            at = batch.header().next_offset();
            if batch.header().last_offset() >= before {
                transactions.read(&batch, &mut records)?;
            }
        }
        if at == before {
            return Err(LoadError::Hole { at, end });
        }
        if pieces.send(Ok(records)).await.is_err() {
            return Ok(()); // the coordinator is gone: so is its leadership
        }
    }
    Ok(())
}

impl GroupLog {
    async fn bounds(&self) -> Result<(Offset, Offset), LoadError> {
        let (id, epoch) = (self.id, self.epoch);
        let asked = self.shard.ask(move |shard| {
            shard.leader(id, epoch).map(|partition| (partition.log().start(), partition.log().end()))
        });
        asked.await.unwrap_or(Err(ErrorCode::NotLeaderOrFollower)).map_err(LoadError::NotLed)
    }

    /// Whether the leadership may well have ended, of a broker that is cut off from the active controller or not.
    pub(super) async fn may_be_deposed(&self, now: Now, cut_off: bool) -> bool {
        let (id, epoch) = (self.id, self.epoch);
        let asked = self.shard.ask(move |shard| {
            shard.leader(id, epoch).is_ok_and(|partition| partition.may_be_deposed(now, cut_off))
        });
        asked.await.unwrap_or(true)
    }

    async fn read(&self, at: Offset, bytes_max: u32) -> Result<Option<FileSlice>, LoadError> {
        let (id, epoch) = (self.id, self.epoch);
        let asked = self.shard.ask(move |shard| {
            let partition = shard.leader(id, epoch).map_err(LoadError::NotLed)?;
            Ok(partition.log_mut().read(at, Limit::End, bytes_max, true)?.records)
        });
        asked.await.unwrap_or(Err(LoadError::NotLed(ErrorCode::NotLeaderOrFollower)))
    }
}

fn bytes_of(slice: &FileSlice) -> io::Result<Bytes> {
    let mut bytes = vec![0; slice.length as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match slice.file.read_at(&mut bytes[filled..], slice.position + filled as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => filled += read,
        }
    }
    Ok(bytes.into())
}

/// Offsets that were committed within transactions: they count when the transaction's end says so (KIP-98).
#[derive(Default)]
struct Transactions(BTreeMap<ProducerId, Vec<LogRecord>>);

impl Transactions {
    fn read(&mut self, batch: &Batch, records: &mut Vec<LogRecord>) -> Result<(), MalformedRecord> {
        let header = batch.header();
        if header.attributes.is_control() {
            let mut markers = batch.records(BATCH_BYTES_MAX)?;
            let marker = markers.next().transpose()?.and_then(|record| record.key);
            let open = self.0.remove(&header.producer_id);
            if marker.and_then(|key| ControlKind::of_key(&key)) == Some(ControlKind::Commit) {
                records.extend(open.unwrap_or_default());
            }
            return Ok(());
        }
        let into = if header.attributes.is_transactional() {
            self.0.entry(header.producer_id).or_default()
        } else {
            records
        };
        for record in batch.records(BATCH_BYTES_MAX)? {
            let record = record?;
            if let Some(key) = record.key {
                into.push(LogRecord { key, value: record.value });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_records::{BatchBuilder, Compression, Producer};
    use klamm_types::{ProducerEpoch, Sequence, Wall};

    fn batch(producer: Option<i64>, compression: Compression, key: &str) -> Batch {
        let mut builder = BatchBuilder::new(Offset(0), compression);
        if let Some(id) = producer {
            builder = builder.producer(Producer {
                id: ProducerId(id),
                epoch: ProducerEpoch(0),
                base_sequence: Sequence(0),
                transactional: true,
            });
        }
        builder.push(Wall(0), Some(key.as_bytes()), None, &[]);
        builder.build()
    }

    fn marker(producer: i64, kind: ControlKind) -> Batch {
        let id = ProducerId(producer);
        let producer =
            Producer { id, epoch: ProducerEpoch(0), base_sequence: Sequence::NONE, transactional: true };
        BatchBuilder::control_batch(Offset(0), Wall(0), kind, &[0; 6]).producer(producer).build()
    }

    #[test]
    fn a_transaction_counts_from_its_end_and_only_when_it_is_committed() {
        let batches = [
            batch(None, Compression::Zstd, "a"),
            batch(Some(1), Compression::None, "b"),
            batch(Some(2), Compression::None, "c"),
            batch(None, Compression::None, "d"),
            marker(2, ControlKind::Abort),
            marker(1, ControlKind::Commit),
            batch(Some(3), Compression::None, "open"),
        ];
        let (mut transactions, mut records) = (Transactions::default(), Vec::new());
        for batch in &batches {
            transactions.read(batch, &mut records).unwrap();
        }
        let keys: Vec<_> = records.iter().map(|record| record.key.as_ref()).collect();
        assert_eq!(keys, [b"a", b"d", b"b"]);
    }
}
