//! Producing: a batch to the leader of its partition, again after retriable errors.

use crate::{Client, ClientError, admin::no_result, connection::check};
use klamm_protocol::{
    ProduceRequest, Records,
    produce_request::{PartitionProduceData, TopicProduceData},
};
use klamm_records::{Batch, BatchBuilder, Compression};
use klamm_types::{Offset, PartitionIndex, Str, Wall};
use std::time::Duration;

/// The last version that names topics, not ids: one look-up less.
const BY_NAME: i16 = 12;

/// A record to produce.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; none makes a tombstone.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// The records as one batch, at `timestamp`.
    #[must_use]
    pub fn batch(records: &[Record], timestamp: Wall, compression: Compression) -> Batch {
        let mut builder = BatchBuilder::new(Offset(0), compression);
        for record in records {
            let headers: Vec<_> =
                record.headers.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
            builder.push(timestamp, record.key.as_deref(), record.value.as_deref(), &headers);
        }
        builder.build()
    }
}

impl Client {
    /// Produces `batch` with acks=all and gives the offset of its first record. Retriable errors are retried until the timeout;
    /// without a producer id in the batch, a retry may duplicate it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn produce(
        &mut self,
        topic: &Str,
        partition: PartitionIndex,
        batch: &Batch,
    ) -> Result<Offset, ClientError> {
        let deadline = self.deadline();
        loop {
            match self.produce_once(topic, partition, batch).await {
                Ok(offset) => return Ok(offset),
                Err(error) if self.may_retry(deadline, &error).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn produce_once(
        &mut self,
        topic: &Str,
        partition: PartitionIndex,
        batch: &Batch,
    ) -> Result<Offset, ClientError> {
        let leader = self.leader(topic, partition).await?;
        let request = ProduceRequest {
            acks: -1,
            timeout_ms: i32::try_from(self.settings.timeout.as_millis()).unwrap_or(i32::MAX),
            topic_data: vec![TopicProduceData {
                name: topic.clone(),
                partition_data: vec![PartitionProduceData {
                    index: partition.0,
                    records: Some(Records::from(batch.bytes().clone())),
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        let response = self.ask_broker_capped(leader, &request, BY_NAME, Duration::ZERO).await?;
        let what = || format!("produce to {topic}-{partition}");
        let answer = response.responses.first().and_then(|topic| topic.partition_responses.first());
        let answer = answer.ok_or_else(|| no_result(what()))?;
        check(answer.error_code, answer.error_message.as_ref(), what)?;
        Ok(Offset(answer.base_offset))
    }
}
