//! Makes batches: for the internal topics, the metadata log, control records and our own client.

use crate::{
    Attributes, Batch, BatchHeader, Compression, ControlKind, HEADER_BYTES, NO_TIMESTAMP, TimestampType,
    batch::ATTRIBUTES_AT, compress, control_key, varint,
};
use klamm_types::{Bytes, LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, Wall};

/// Who an idempotent batch is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Producer {
    /// Its id.
    pub id: ProducerId,
    /// Its epoch.
    pub epoch: ProducerEpoch,
    /// The sequence number of the batch's first record.
    pub base_sequence: Sequence,
    /// Whether the batch belongs to a transaction.
    pub transactional: bool,
}

/// A batch in the making.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    base_offset: Offset,
    leader_epoch: LeaderEpoch,
    compression: Compression,
    producer: Option<Producer>,
    control: bool,
    base_timestamp: Wall,
    max_timestamp: Wall,
    record_count: i32,
    records: Vec<u8>,
}

impl BatchBuilder {
    /// A batch without records. Clients give base offset 0: the leader assigns it.
    #[must_use]
    pub fn new(base_offset: Offset, compression: Compression) -> Self {
        Self {
            base_offset,
            leader_epoch: LeaderEpoch::NONE,
            compression,
            producer: None,
            control: false,
            base_timestamp: NO_TIMESTAMP,
            max_timestamp: NO_TIMESTAMP,
            record_count: 0,
            records: Vec::new(),
        }
    }

    /// A control batch with one record.
    #[must_use]
    pub fn control_batch(base_offset: Offset, timestamp: Wall, kind: ControlKind, value: &[u8]) -> Self {
        let mut builder = Self { control: true, ..Self::new(base_offset, Compression::None) };
        builder.push(timestamp, Some(&control_key(kind)), Some(value), &[]);
        builder
    }

    /// The epoch of the leader that makes it.
    #[must_use]
    pub fn leader_epoch(mut self, epoch: LeaderEpoch) -> Self {
        self.leader_epoch = epoch;
        self
    }

    /// The idempotent producer that it is from.
    #[must_use]
    pub fn producer(mut self, producer: Producer) -> Self {
        self.producer = Some(producer);
        self
    }

    /// Marks it as holding the system's own records.
    #[must_use]
    pub fn control(mut self) -> Self {
        self.control = true;
        self
    }

    /// Appends a record.
    pub fn push(
        &mut self,
        timestamp: Wall,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&str, Option<&[u8]>)],
    ) {
        if self.record_count == 0 {
            self.base_timestamp = timestamp;
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        let timestamp_delta = timestamp.0.wrapping_sub(self.base_timestamp.0);
        let offset_delta = i64::from(self.record_count);
        let nullable = |bytes: Option<&[u8]>| bytes.map_or(1, |b| varint::size(b.len() as i64) + b.len());
        let length = 1
            + varint::size(timestamp_delta)
            + varint::size(offset_delta)
            + nullable(key)
            + nullable(value)
            + varint::size(headers.len() as i64)
            + headers
                .iter()
                .map(|(key, value)| nullable(Some(key.as_bytes())) + nullable(*value))
                .sum::<usize>();
        let out = &mut self.records;
        out.reserve(length + 5);
        varint::put(out, length as i64);
        out.push(0);
        varint::put(out, timestamp_delta);
        varint::put(out, offset_delta);
        put_nullable(out, key);
        put_nullable(out, value);
        varint::put(out, headers.len() as i64);
        for (key, value) in headers {
            put_nullable(out, Some(key.as_bytes()));
            put_nullable(out, *value);
        }
        self.record_count += 1;
    }

    /// How many records there are.
    #[must_use]
    pub fn record_count(&self) -> i32 {
        self.record_count
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.record_count == 0
    }

    /// How many bytes the batch will have when its records are not compressed.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        HEADER_BYTES + self.records.len()
    }

    /// The batch.
    #[must_use]
    pub fn build(self) -> Batch {
        let mut attributes = Attributes::new(self.compression, TimestampType::CreateTime);
        if self.control {
            attributes = attributes.control();
        }
        if self.producer.is_some_and(|producer| producer.transactional) {
            attributes = attributes.transactional();
        }
        let body = match self.compression {
            Compression::None => self.records,
            compression => compress(compression, &self.records),
        };
        let mut header = BatchHeader {
            base_offset: self.base_offset,
            size_bytes: (HEADER_BYTES + body.len()) as u32,
            leader_epoch: self.leader_epoch,
            crc: 0,
            attributes,
            last_offset_delta: self.record_count - 1,
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: self.producer.map_or(ProducerId::NONE, |producer| producer.id),
            producer_epoch: self.producer.map_or(ProducerEpoch(-1), |producer| producer.epoch),
            base_sequence: self.producer.map_or(Sequence::NONE, |producer| producer.base_sequence),
            record_count: self.record_count,
        };
        let crc = crc32c::crc32c(&header.to_bytes()[ATTRIBUTES_AT..]);
        header.crc = crc32c::crc32c_append(crc, &body);
        let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
        bytes.extend_from_slice(&header.to_bytes());
        bytes.extend_from_slice(&body);
        Batch::parse(&Bytes::from(bytes)).expect("just built")
    }
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => varint::put(out, -1),
        Some(bytes) => {
            varint::put(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
    }
}
