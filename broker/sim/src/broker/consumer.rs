//! Reading a partition: the tail while the workload runs, from the replica that its leader names (KIP-392), and all of it from the
//! leader to verify.

use super::{
    client::{Broken, Client},
    history::{Era, Value},
    workload::{Shared, TOPIC},
};
use klamm_protocol::{
    ErrorCode, FetchRequest, ListOffsetsRequest,
    fetch_request::{FetchPartition, FetchTopic},
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
};
use klamm_records::Batches;
use klamm_types::Bytes;
use klamm_world::World;
use std::{collections::BTreeMap, time::Duration};

const FETCH_VERSION: i16 = 12;
const LIST_VERSION: i16 = 6;
const EARLIEST: i64 = -2;
const RETRY: Duration = Duration::from_millis(100);
const RECORDS_BYTES_MAX: usize = 1 << 20;

/// What one fetch gave.
pub struct Fetched {
    /// Offsets and values, in order.
    pub records: Vec<(i64, Value)>,
    /// Where the next fetch goes on.
    pub next: i64,
    /// Everything before it is committed.
    pub high_watermark: i64,
    /// The broker to ask instead.
    pub elsewhere: Option<i32>,
}

/// Why a fetch gave nothing.
pub enum NotFetched {
    /// Try again.
    Later,
    /// What came cannot be.
    Wrong(String),
}

impl From<Broken> for NotFetched {
    fn from(_: Broken) -> Self {
        NotFetched::Later
    }
}

/// Reads the tail of a partition until the workload stops, and tells the oracle what it saw. In a rack it stands with one
/// broker, which leads the partition at some times, follows at others, and is not there at others.
pub async fn tail(world: World, shared: Shared, partition: i32, rack: String) {
    let mut next = 0;
    while !shared.stopping() {
        let connected = Client::connect_to_leader(&world, &shared.brokers, partition).await;
        let era = shared.history().era(); // not before: a connect may take longer than a loss
        if let Ok((mut client, leader)) = connected {
            while !shared.stopping() {
                match fetch(&mut client, (partition, leader.epoch), next, (&rack, 500)).await {
                    Ok(Fetched { elsewhere: Some(id), .. }) => {
                        let Some(host) = shared.brokers.get(id as usize - 1) else {
                            shared.violation(&format!("partition {partition}: there is no broker {id}"));
                            return;
                        };
                        let Ok(connected) = Client::connect(&world, host).await else { break };
                        client = connected;
                    }
                    Ok(fetched) => {
                        observe(&shared, partition, &fetched.records, era);
                        next = fetched.next;
                    }
                    Err(NotFetched::Later) => break,
                    Err(NotFetched::Wrong(what)) => {
                        shared.corrupt(&format!("partition {partition}: {what}"));
                        break;
                    }
                }
            }
        }
        world.sleep(RETRY).await;
        if shared.history().era() != era {
            next = 0; // the log may be shorter now
        }
    }
}

fn observe(shared: &Shared, partition: i32, records: &[(i64, Value)], era: Era) {
    for (offset, value) in records {
        let seen = shared.history().partition(partition).observe(*offset, *value, era);
        if let Err(what) = seen {
            shared.violation(&format!("partition {partition}: a consumer read: {what}"));
        }
    }
}

/// Reads all of a partition, from its start to its high watermark.
///
/// # Errors
/// What came and cannot be, or that it cannot be read.
pub async fn read_all(
    world: &World,
    brokers: &[String],
    partition: i32,
) -> Result<(BTreeMap<i64, Value>, i64), NotFetched> {
    let (mut client, leader) = Client::connect_to_leader(world, brokers, partition).await?;
    let mut next = earliest(&mut client, partition).await?;
    let mut log = BTreeMap::new();
    loop {
        let fetched = fetch(&mut client, (partition, leader.epoch), next, ("", 0)).await?;
        log.extend(fetched.records);
        if fetched.next >= fetched.high_watermark {
            return Ok((log, fetched.high_watermark));
        }
        if fetched.next == next {
            let what =
                format!("nothing at offset {next}, below the high watermark {}", fetched.high_watermark);
            return Err(NotFetched::Wrong(what));
        }
        next = fetched.next;
    }
}

async fn earliest(client: &mut Client, index: i32) -> Result<i64, NotFetched> {
    let partition =
        ListOffsetsPartition { partition_index: index, current_leader_epoch: -1, timestamp: EARLIEST };
    let topic = ListOffsetsTopic { name: TOPIC.into(), partitions: vec![partition] };
    let request = ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..ListOffsetsRequest::default() };
    let response = client.call(LIST_VERSION, &request).await?;
    let answer = response.topics.first().and_then(|topic| topic.partitions.first());
    answer.filter(|answer| answer.error_code == 0).map(|answer| answer.offset).ok_or(NotFetched::Later)
}

/// One fetch, without a session.
async fn fetch(
    client: &mut Client,
    (index, epoch): (i32, i32),
    offset: i64,
    (rack, wait_ms): (&str, i32),
) -> Result<Fetched, NotFetched> {
    let partition = FetchPartition {
        partition: index,
        current_leader_epoch: epoch,
        fetch_offset: offset,
        last_fetched_epoch: -1,
        log_start_offset: -1,
        partition_max_bytes: 64 << 10,
        ..FetchPartition::default()
    };
    let topic = FetchTopic { topic: TOPIC.into(), partitions: vec![partition], ..FetchTopic::default() };
    let request = FetchRequest {
        replica_id: -1,
        max_wait_ms: wait_ms,
        min_bytes: 1,
        max_bytes: 1 << 20,
        session_epoch: -1,
        rack_id: rack.into(),
        topics: vec![topic],
        ..FetchRequest::default()
    };
    let response = client.call(FETCH_VERSION, &request).await?;
    let answer = response.responses.first().and_then(|topic| topic.partitions.first());
    let Some(answer) = answer.filter(|_| response.error_code == 0) else { return Err(NotFetched::Later) };
    match ErrorCode::from_code(answer.error_code) {
        Some(ErrorCode::None) => {}
        Some(ErrorCode::OffsetOutOfRange) if offset <= answer.high_watermark => {
            return Err(NotFetched::Wrong(format!("offset {offset} is out of range")));
        }
        _ => return Err(NotFetched::Later),
    }
    let bytes = answer.records.as_ref().and_then(|records| records.bytes()).cloned().unwrap_or_default();
    let (records, next) = parse(bytes, offset).map_err(NotFetched::Wrong)?;
    let elsewhere = Some(answer.preferred_read_replica).filter(|id| *id >= 0);
    Ok(Fetched { records, next, high_watermark: answer.high_watermark, elsewhere })
}

/// The records from `offset` on; every batch follows the one before it and is whole and well.
fn parse(bytes: Bytes, offset: i64) -> Result<(Vec<(i64, Value)>, i64), String> {
    let mut records = Vec::new();
    let mut next = None;
    for batch in Batches::new(bytes) {
        let batch = batch.map_err(|error| format!("a fetch at {offset} gave: {error}"))?;
        let (first, last) = (batch.header().base_offset.0, batch.header().last_offset().0);
        if !batch.crc_matches() {
            return Err(format!("the batch at offset {first} does not match its CRC"));
        }
        if next.map_or(first > offset || last < offset, |next| first != next) {
            return Err(format!("a fetch at {offset} gave a batch {first} to {last} after {next:?}"));
        }
        next = Some(last + 1);
        for record in batch.records(RECORDS_BYTES_MAX).map_err(|error| error.to_string())? {
            let record = record.map_err(|error| error.to_string())?;
            let value = record.value.as_ref().and_then(|bytes| Value::of(bytes));
            let value = value.ok_or_else(|| format!("nobody wrote what is at offset {}", record.offset))?;
            if record.offset.0 >= offset {
                records.push((record.offset.0, value));
            }
        }
    }
    Ok((records, next.unwrap_or(offset)))
}
