//! What a client may append. Everything is decided on the header and the CRC: records are not walked
//! (`docs/adr/0001-checks-of-produced-batches.md` lists what Kafka checks beyond that).

use crate::{Batch, Compression, HEADER_BYTES, MalformedBatch, MalformedRecord, TimestampType};
use klamm_types::{Bytes, Offset, Sequence};
use thiserror::Error;

/// The smallest record: a length, attributes, two deltas, two nulls, no headers.
const RECORD_BYTES_MIN: usize = 7;

/// A batch that was checked, or made by this program: what a log appends.
#[derive(Clone, Debug)]
pub struct ValidatedBatch(Batch);

/// Why a produced batch is refused, and with which of Kafka's errors the client is told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidBatch {
    /// INVALID_RECORD: the partition came without a whole batch.
    #[error("a produce request must hold a whole record batch for each partition: {0}")]
    NoBatch(MalformedBatch),
    /// INVALID_RECORD: only version 2 is taken (KIP-724).
    #[error("a produce request may hold only record batches of magic 2, not {0}")]
    Magic(i8),
    /// INVALID_RECORD.
    #[error(
        "a produce request must hold exactly one record batch for each partition; {0} bytes follow the first"
    )]
    MoreThanOne(usize),
    /// CORRUPT_MESSAGE.
    #[error("the record batch's CRC is not that of its bytes")]
    Crc,
    /// INVALID_RECORD: the leader assigns offsets.
    #[error("the record batch's base offset must be 0, not {0}")]
    BaseOffset(Offset),
    /// INVALID_RECORD.
    #[error("the record batch holds {records} records, but its last offset delta is {last_offset_delta}")]
    Count {
        /// The record count of the header.
        records: i32,
        /// Its last offset delta.
        last_offset_delta: i32,
    },
    /// INVALID_RECORD.
    #[error("{records} records cannot fit into {bytes} bytes")]
    Body {
        /// The record count of the header.
        records: i32,
        /// The bytes after the header.
        bytes: usize,
    },
    /// UNSUPPORTED_COMPRESSION_TYPE.
    #[error("compression {0} is unknown; 0 to 4 are none, gzip, snappy, lz4 and zstd")]
    Compression(i16),
    /// UNSUPPORTED_COMPRESSION_TYPE: zstd came with version 7 of the request (KIP-110).
    #[error("zstd needs version 7 of the produce request")]
    ZstdTooEarly,
    /// INVALID_RECORD: control records are the brokers' own.
    #[error("clients may not append control batches")]
    Control,
    /// INVALID_RECORD.
    #[error("the attributes {0:#06x} have bits that no version knows")]
    Attributes(i16),
    /// INVALID_TIMESTAMP: only the leader gives append times.
    #[error("producers may not set the timestamp type to LogAppendTime")]
    TimestampType,
    /// INVALID_RECORD.
    #[error(
        "an idempotent batch needs a sequence number and a producer epoch from 0 on, not {sequence} and {epoch}"
    )]
    Producer {
        /// The sequence number of its first record.
        sequence: Sequence,
        /// The producer's epoch.
        epoch: i16,
    },
    /// INVALID_RECORD.
    #[error("a transactional batch needs a producer id")]
    TransactionWithoutProducer,
    /// INVALID_RECORD: a compacted topic keeps the last record of each key. The indexes of the records without one.
    #[error("records {0:?} of the batch have no key, which a compacted topic needs")]
    NoKey(Vec<usize>),
    /// CORRUPT_MESSAGE: only where records are walked.
    #[error(transparent)]
    Record(#[from] MalformedRecord),
}

impl ValidatedBatch {
    /// Checks the records that a produce request has for one partition. `zstd` is whether the request's version may carry it.
    ///
    /// # Errors
    /// [`InvalidBatch`].
    pub fn from_client(records: &Bytes, zstd: bool) -> Result<Self, InvalidBatch> {
        let batch = Batch::parse(records).map_err(|error| match error {
            MalformedBatch::Magic(magic) => InvalidBatch::Magic(magic),
            error => InvalidBatch::NoBatch(error),
        })?;
        let more = records.len() - batch.bytes().len();
        if more > 0 {
            return Err(InvalidBatch::MoreThanOne(more));
        }
        check_header(&batch, zstd)?;
        if !batch.crc_matches() {
            return Err(InvalidBatch::Crc);
        }
        Ok(Self(batch))
    }

    /// Takes a batch that this program made: by a coordinator, the metadata log, or a control batch.
    #[must_use]
    pub fn own(batch: Batch) -> Self {
        Self(batch)
    }

    /// Checks that each record has a key, decompressing at most `limit_bytes`.
    ///
    /// # Errors
    /// [`InvalidBatch::NoKey`], [`InvalidBatch::Record`].
    pub fn require_keys(&self, limit_bytes: usize) -> Result<(), InvalidBatch> {
        let mut without = Vec::new();
        for (index, record) in self.0.records(limit_bytes)?.enumerate() {
            if record?.key.is_none() {
                without.push(index);
            }
        }
        if without.is_empty() { Ok(()) } else { Err(InvalidBatch::NoKey(without)) }
    }

    /// The batch.
    #[must_use]
    pub fn batch(&self) -> &Batch {
        &self.0
    }
}

fn check_header(batch: &Batch, zstd: bool) -> Result<(), InvalidBatch> {
    let header = batch.header();
    let attributes = header.attributes;
    if attributes.is_control() {
        return Err(InvalidBatch::Control);
    }
    if attributes.unknown_bits() != 0 || attributes.has_delete_horizon() {
        return Err(InvalidBatch::Attributes(attributes.0));
    }
    if attributes.timestamps() == TimestampType::LogAppendTime {
        return Err(InvalidBatch::TimestampType);
    }
    if header.base_offset != Offset(0) {
        return Err(InvalidBatch::BaseOffset(header.base_offset));
    }
    let records = header.record_count;
    if records <= 0 || records - 1 != header.last_offset_delta {
        return Err(InvalidBatch::Count { records, last_offset_delta: header.last_offset_delta });
    }
    let bytes = batch.bytes().len() - HEADER_BYTES;
    match attributes.compression() {
        None => return Err(InvalidBatch::Compression(attributes.0 & 7)),
        Some(Compression::Zstd) if !zstd => return Err(InvalidBatch::ZstdTooEarly),
        Some(Compression::None) if bytes / RECORD_BYTES_MIN < records as usize => {
            return Err(InvalidBatch::Body { records, bytes });
        }
        Some(_) => {}
    }
    if header.has_producer() {
        if header.base_sequence.0 < 0 || header.producer_epoch.0 < 0 {
            return Err(InvalidBatch::Producer {
                sequence: header.base_sequence,
                epoch: header.producer_epoch.0,
            });
        }
    } else if attributes.is_transactional() {
        return Err(InvalidBatch::TransactionWithoutProducer);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BatchBuilder, Producer};
    use klamm_types::{ProducerEpoch, ProducerId, Wall};

    fn built(compression: Compression, key: Option<&[u8]>, producer: Option<Producer>) -> Vec<u8> {
        let mut builder = BatchBuilder::new(Offset(0), compression);
        builder.push(Wall(1), key, Some(b"v"), &[]);
        builder.push(Wall(2), key, Some(b"w"), &[]);
        if let Some(producer) = producer {
            builder = builder.producer(producer);
        }
        builder.build().bytes().to_vec()
    }

    fn good() -> Vec<u8> {
        built(Compression::None, None, None)
    }

    /// `patch` bytes at `at` of a good batch, with the CRC made right again.
    fn patched(at: usize, patch: &[u8]) -> Vec<u8> {
        let mut bytes = good();
        bytes[at..at + patch.len()].copy_from_slice(patch);
        let crc = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    fn check(bytes: Vec<u8>, want: Option<InvalidBatch>) {
        let result = ValidatedBatch::from_client(&bytes.into(), true);
        assert_eq!(result.err(), want);
    }

    #[test]
    fn good_batches_pass() {
        let producer = Producer {
            id: ProducerId(9),
            epoch: ProducerEpoch(0),
            base_sequence: Sequence(0),
            transactional: true,
        };
        for compression in Compression::ALL {
            check(built(compression, None, Some(producer)), None);
        }
    }

    #[test]
    fn bad_batches_are_refused_by_name() {
        let torn = |need, have| InvalidBatch::NoBatch(MalformedBatch::Torn { need, have });
        check(vec![], Some(torn(61, 0)));
        let cut = good()[..70].to_vec();
        check(cut, Some(torn(good().len() as u64, 70)));
        check(patched(16, &[1]), Some(InvalidBatch::Magic(1)));
        check(patched(16, &[0]), Some(InvalidBatch::Magic(0)));
        check([good(), good()].concat(), Some(InvalidBatch::MoreThanOne(good().len())));
        check(patched(0, &5i64.to_be_bytes()), Some(InvalidBatch::BaseOffset(Offset(5))));
        check(
            patched(57, &3i32.to_be_bytes()),
            Some(InvalidBatch::Count { records: 3, last_offset_delta: 1 }),
        );
        check(
            patched(57, &i32::MIN.to_be_bytes()),
            Some(InvalidBatch::Count { records: i32::MIN, last_offset_delta: 1 }),
        );
        check(patched(21, &0x0005i16.to_be_bytes()), Some(InvalidBatch::Compression(5)));
        check(patched(21, &0x0020i16.to_be_bytes()), Some(InvalidBatch::Control));
        check(patched(21, &0x0080i16.to_be_bytes()), Some(InvalidBatch::Attributes(0x80)));
        check(patched(21, &0x0008i16.to_be_bytes()), Some(InvalidBatch::TimestampType));
        check(patched(21, &0x0010i16.to_be_bytes()), Some(InvalidBatch::TransactionWithoutProducer));
        check(
            patched(43, &7i64.to_be_bytes()),
            Some(InvalidBatch::Producer { sequence: Sequence(-1), epoch: -1 }),
        );
        let mut many = patched(23, &999i32.to_be_bytes());
        many[57..61].copy_from_slice(&1000i32.to_be_bytes());
        let bytes = many.len() - HEADER_BYTES;
        check(many, Some(InvalidBatch::Body { records: 1000, bytes }));
        let mut flipped = good();
        *flipped.last_mut().expect("not empty") ^= 1;
        check(flipped, Some(InvalidBatch::Crc));
    }

    #[test]
    fn zstd_needs_version_7() {
        let zstd = built(Compression::Zstd, None, None).into();
        assert_eq!(ValidatedBatch::from_client(&zstd, false).err(), Some(InvalidBatch::ZstdTooEarly));
    }

    #[test]
    fn compacted_topics_need_keys() {
        let keyed = |key| {
            ValidatedBatch::from_client(&built(Compression::Lz4, key, None).into(), true).expect("good")
        };
        assert_eq!(keyed(Some(b"k")).require_keys(1000), Ok(()));
        assert_eq!(keyed(None).require_keys(1000), Err(InvalidBatch::NoKey(vec![0, 1])));
    }
}
