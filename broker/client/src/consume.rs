//! Consuming without a group: one partition, from an offset on.

use crate::{Client, ClientError, admin::no_result, connection::check};
use klamm_protocol::{
    ErrorCode, FetchRequest, ListOffsetsRequest,
    fetch_request::{FetchPartition, FetchTopic},
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
};
use klamm_records::{Batches, Record};
use klamm_types::{Offset, PartitionIndex, Str};
use std::time::Duration;

/// The last version that names topics, not ids.
const BY_NAME: i16 = 12;

/// How much one fetch asks for, in bytes.
const FETCH_BYTES_MAX: i32 = 8 << 20;

/// How much one batch may decompress to, in bytes.
const DECOMPRESSED_BYTES_MAX: usize = 256 << 20;

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The first record that is there.
    Start,
    /// The record that comes next.
    End,
    /// The first record of this time or later, milliseconds since the Unix epoch.
    Since(i64),
}

/// What one fetch gave.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Records from the offset on, in order.
    pub records: Vec<Record>,
    /// Where the next fetch begins.
    pub next: Offset,
    /// The end of what consumers may read.
    pub high_watermark: Offset,
}

impl Client {
    /// The offset of a position; for a time after all records, the end.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn offset(
        &mut self,
        topic: &Str,
        partition: PartitionIndex,
        position: Position,
    ) -> Result<Offset, ClientError> {
        let timestamp = match position {
            Position::Start => -2,
            Position::End => -1,
            Position::Since(time) => time,
        };
        let leader = self.leader(topic, partition).await?;
        let request = ListOffsetsRequest {
            replica_id: -1,
            topics: vec![ListOffsetsTopic {
                name: topic.clone(),
                partitions: vec![ListOffsetsPartition {
                    partition_index: partition.0,
                    current_leader_epoch: -1,
                    timestamp,
                }],
            }],
            ..Default::default()
        };
        let response = self.ask_broker(leader, &request, Duration::ZERO).await?;
        let what = || format!("an offset of {topic}-{partition}");
        let answer = response
            .topics
            .first()
            .and_then(|topic| topic.partitions.first())
            .ok_or_else(|| no_result(what()))?;
        check(answer.error_code, None, what)?;
        match answer.offset {
            -1 => Box::pin(self.offset(topic, partition, Position::End)).await,
            offset => Ok(Offset(offset)),
        }
    }

    /// Records from `offset` on; waits up to `wait` for the first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn fetch(
        &mut self,
        topic: &Str,
        partition: PartitionIndex,
        offset: Offset,
        wait: Duration,
    ) -> Result<Fetched, ClientError> {
        let leader = self.leader(topic, partition).await?;
        let request = FetchRequest {
            max_wait_ms: i32::try_from(wait.as_millis()).unwrap_or(i32::MAX),
            min_bytes: 1,
            max_bytes: FETCH_BYTES_MAX,
            topics: vec![FetchTopic {
                topic: topic.clone(),
                partitions: vec![FetchPartition {
                    partition: partition.0,
                    fetch_offset: offset.0,
                    partition_max_bytes: FETCH_BYTES_MAX,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        let response = self.ask_broker_capped(leader, &request, BY_NAME, wait).await?;
        let what = || format!("fetch of {topic}-{partition} at {offset}");
        check(response.error_code, None, what)?;
        let answer = response
            .responses
            .first()
            .and_then(|topic| topic.partitions.first())
            .ok_or_else(|| no_result(what()))?;
        check(answer.error_code, None, what)?;
        let bytes = answer.records.as_ref().and_then(|records| records.bytes()).cloned().unwrap_or_default();
        let corrupt = |error: &dyn std::fmt::Display| ClientError::Refused {
            what: what(),
            code: ErrorCode::CorruptMessage,
            message: Some(error.to_string()),
        };
        let (mut records, mut next) = (Vec::new(), offset);
        for batch in Batches::new(bytes) {
            let batch = batch.map_err(|error| corrupt(&error))?;
            next = batch.header().next_offset();
            if batch.header().attributes.is_control() {
                continue;
            }
            for record in batch.records(DECOMPRESSED_BYTES_MAX).map_err(|error| corrupt(&error))? {
                let record = record.map_err(|error| corrupt(&error))?;
                if record.offset >= offset {
                    records.push(record);
                }
            }
        }
        Ok(Fetched { records, next, high_watermark: Offset(answer.high_watermark) })
    }
}
