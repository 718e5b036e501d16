//! A batch as a view over its bytes; the layout is drawn at the crate's head.

use crate::{Attributes, MalformedRecord, Records};
use klamm_types::{Bytes, LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, Wall};
use thiserror::Error;

/// Bytes of a batch before its records.
pub const HEADER_BYTES: usize = 61;
/// Where the batch length's own field ends: the length counts from here.
pub const BATCH_LENGTH_END: usize = 12;
/// The only version of batches since Kafka 4.0 (KIP-724).
pub const MAGIC: i8 = 2;
/// "No timestamp", as Kafka writes it.
pub const NO_TIMESTAMP: Wall = Wall(-1);

pub(crate) const LEADER_EPOCH_AT: usize = 12;
pub(crate) const MAGIC_AT: usize = 16;
pub(crate) const CRC_AT: usize = 17;
pub(crate) const ATTRIBUTES_AT: usize = 21;
pub(crate) const LAST_OFFSET_DELTA_AT: usize = 23;
pub(crate) const BASE_TIMESTAMP_AT: usize = 27;
pub(crate) const MAX_TIMESTAMP_AT: usize = 35;
pub(crate) const PRODUCER_ID_AT: usize = 43;
pub(crate) const PRODUCER_EPOCH_AT: usize = 51;
pub(crate) const BASE_SEQUENCE_AT: usize = 53;
pub(crate) const RECORD_COUNT_AT: usize = 57;

/// The fields of a batch before its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// The offset of the first record (also when that record was compacted away).
    pub base_offset: Offset,
    /// Bytes of the whole batch.
    pub size_bytes: u32,
    /// The epoch of the leader that appended it.
    pub leader_epoch: LeaderEpoch,
    /// CRC-32C of everything from the attributes on.
    pub crc: u32,
    /// Compression, timestamp type and kinds.
    pub attributes: Attributes,
    /// The last record's offset, relative to the base offset.
    pub last_offset_delta: i32,
    /// The timestamp to which the records' are relative.
    pub base_timestamp: Wall,
    /// The greatest timestamp in the batch.
    pub max_timestamp: Wall,
    /// The idempotent producer, or none.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// The sequence number of its first record.
    pub base_sequence: Sequence,
    /// How many records there are.
    pub record_count: i32,
}

/// The bytes are no batch of version 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MalformedBatch {
    /// There are fewer bytes than the header, or than the batch's length, says.
    #[error("the batch needs {need} bytes and {have} are there")]
    Torn {
        /// What the batch would need.
        need: u64,
        /// What is there.
        have: usize,
    },
    /// The length is less than that of a header.
    #[error("a batch length of {0} is less than a batch's header takes")]
    Length(i32),
    /// Another version of batches.
    #[error("the batch has magic {0}; only 2 is known")]
    Magic(i8),
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("N bytes were sliced")
}

impl BatchHeader {
    /// Reads the header at the start of `bytes`. Only the length and the magic are checked.
    ///
    /// # Errors
    /// [`MalformedBatch`]; a batch whose records are not all in `bytes` is not torn here.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedBatch> {
        let have = bytes.len();
        if have <= MAGIC_AT {
            return Err(MalformedBatch::Torn { need: HEADER_BYTES as u64, have });
        }
        let length = i32::from_be_bytes(field(bytes, 8));
        let magic = bytes[MAGIC_AT] as i8;
        if magic != MAGIC {
            return Err(MalformedBatch::Magic(magic));
        }
        if length < (HEADER_BYTES - BATCH_LENGTH_END) as i32 {
            return Err(MalformedBatch::Length(length));
        }
        if have < HEADER_BYTES {
            return Err(MalformedBatch::Torn { need: HEADER_BYTES as u64, have });
        }
        Ok(Self {
            base_offset: Offset(i64::from_be_bytes(field(bytes, 0))),
            size_bytes: length as u32 + BATCH_LENGTH_END as u32,
            leader_epoch: LeaderEpoch(i32::from_be_bytes(field(bytes, LEADER_EPOCH_AT))),
            crc: u32::from_be_bytes(field(bytes, CRC_AT)),
            attributes: Attributes(i16::from_be_bytes(field(bytes, ATTRIBUTES_AT))),
            last_offset_delta: i32::from_be_bytes(field(bytes, LAST_OFFSET_DELTA_AT)),
            base_timestamp: Wall(i64::from_be_bytes(field(bytes, BASE_TIMESTAMP_AT))),
            max_timestamp: Wall(i64::from_be_bytes(field(bytes, MAX_TIMESTAMP_AT))),
            producer_id: ProducerId(i64::from_be_bytes(field(bytes, PRODUCER_ID_AT))),
            producer_epoch: ProducerEpoch(i16::from_be_bytes(field(bytes, PRODUCER_EPOCH_AT))),
            base_sequence: Sequence(i32::from_be_bytes(field(bytes, BASE_SEQUENCE_AT))),
            record_count: i32::from_be_bytes(field(bytes, RECORD_COUNT_AT)),
        })
    }

    /// The header as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &self.base_offset.0.to_be_bytes());
        put(8, &(self.size_bytes - BATCH_LENGTH_END as u32).to_be_bytes());
        put(LEADER_EPOCH_AT, &self.leader_epoch.0.to_be_bytes());
        put(MAGIC_AT, &MAGIC.to_be_bytes());
        put(CRC_AT, &self.crc.to_be_bytes());
        put(ATTRIBUTES_AT, &self.attributes.0.to_be_bytes());
        put(LAST_OFFSET_DELTA_AT, &self.last_offset_delta.to_be_bytes());
        put(BASE_TIMESTAMP_AT, &self.base_timestamp.0.to_be_bytes());
        put(MAX_TIMESTAMP_AT, &self.max_timestamp.0.to_be_bytes());
        put(PRODUCER_ID_AT, &self.producer_id.0.to_be_bytes());
        put(PRODUCER_EPOCH_AT, &self.producer_epoch.0.to_be_bytes());
        put(BASE_SEQUENCE_AT, &self.base_sequence.0.to_be_bytes());
        put(RECORD_COUNT_AT, &self.record_count.to_be_bytes());
        bytes
    }

    /// The offset of the last record.
    #[must_use]
    pub fn last_offset(&self) -> Offset {
        Offset(self.base_offset.0.saturating_add(i64::from(self.last_offset_delta)))
    }

    /// The offset after the batch.
    #[must_use]
    pub fn next_offset(&self) -> Offset {
        Offset(self.last_offset().0.saturating_add(1))
    }

    /// Whether an idempotent or transactional producer sent it.
    #[must_use]
    pub fn has_producer(&self) -> bool {
        self.producer_id.0 >= 0
    }

    /// The sequence number of the last record; none when the first has none.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        if self.base_sequence == Sequence::NONE {
            Sequence::NONE
        } else {
            self.base_sequence.plus(self.last_offset_delta)
        }
    }
}

/// The CRC that a whole batch of these bytes must have in its header.
#[must_use]
pub fn crc_of(bytes: &[u8]) -> u32 {
    crc32c::crc32c(&bytes[ATTRIBUTES_AT..])
}

/// One whole batch: its header, read once, and its bytes, shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    header: BatchHeader,
    bytes: Bytes,
}

impl Batch {
    /// The batch at the start of `bytes`; what follows it is left out.
    ///
    /// # Errors
    /// [`MalformedBatch`].
    pub fn parse(bytes: &Bytes) -> Result<Self, MalformedBatch> {
        let header = BatchHeader::parse(bytes)?;
        let size = header.size_bytes as usize;
        if bytes.len() < size {
            return Err(MalformedBatch::Torn { need: size as u64, have: bytes.len() });
        }
        Ok(Self { header, bytes: bytes.slice(..size) })
    }

    /// The fields before the records.
    #[must_use]
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// All bytes of the batch.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The bytes of the records, compressed if they are.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.bytes.slice(HEADER_BYTES..)
    }

    /// Whether the CRC is that of the bytes.
    #[must_use]
    pub fn crc_matches(&self) -> bool {
        crc_of(&self.bytes) == self.header.crc
    }

    /// The records, decompressed to at most `limit_bytes`.
    ///
    /// # Errors
    /// [`MalformedRecord`] when they cannot be decompressed; errors of single records come from the iterator.
    pub fn records(&self, limit_bytes: usize) -> Result<Records, MalformedRecord> {
        Records::of(self, limit_bytes)
    }
}

/// The batches in a stretch of a log, one after the other. Ends at the first that is torn (a fetch cuts the last one), with
/// an error at the first that is malformed.
#[derive(Clone, Debug)]
pub struct Batches {
    rest: Bytes,
}

impl Batches {
    /// The batches in `bytes`.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        Self { rest: bytes }
    }

    /// What no whole batch was read from yet.
    #[must_use]
    pub fn rest(&self) -> &Bytes {
        &self.rest
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, MalformedBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        match Batch::parse(&self.rest) {
            Ok(batch) => {
                self.rest = self.rest.slice(batch.bytes.len()..);
                Some(Ok(batch))
            }
            Err(MalformedBatch::Torn { .. }) => None,
            Err(error) => {
                self.rest = Bytes::new();
                Some(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BatchBuilder, Compression};

    fn batch(offset: i64) -> Batch {
        let mut builder = BatchBuilder::new(Offset(offset), Compression::None);
        builder.push(Wall(7), Some(b"k"), Some(b"v"), &[]);
        builder.push(Wall(9), None, Some(b"w"), &[]);
        builder.build()
    }

    #[test]
    fn header_round_trips() {
        let batch = batch(40);
        let header = BatchHeader::parse(batch.bytes()).expect("a batch");
        assert_eq!(header.to_bytes(), batch.bytes()[..HEADER_BYTES]);
        assert_eq!((header.last_offset(), header.next_offset()), (Offset(41), Offset(42)));
        assert_eq!((header.base_timestamp, header.max_timestamp), (Wall(7), Wall(9)));
    }

    #[test]
    fn iterates_until_the_torn_end() {
        let mut log = batch(0).bytes().to_vec();
        log.extend_from_slice(batch(2).bytes());
        log.extend_from_slice(&batch(4).bytes()[..70]);
        let offsets: Vec<_> =
            Batches::new(log.into()).map(|batch| batch.expect("whole").header().base_offset.0).collect();
        assert_eq!(offsets, [0, 2]);
    }

    #[test]
    fn malformed_headers_are_told_apart() {
        let good = batch(0).bytes().to_vec();
        let check = |at: usize, value: &[u8], want: MalformedBatch| {
            let mut bytes = good.clone();
            bytes[at..at + value.len()].copy_from_slice(value);
            assert_eq!(Batch::parse(&bytes.into()), Err(want));
        };
        check(16, &[1], MalformedBatch::Magic(1));
        check(8, &48i32.to_be_bytes(), MalformedBatch::Length(48));
        check(8, &(-1i32).to_be_bytes(), MalformedBatch::Length(-1));
        check(8, &1000i32.to_be_bytes(), MalformedBatch::Torn { need: 1012, have: good.len() });
        assert!(matches!(BatchHeader::parse(&good[..60]), Err(MalformedBatch::Torn { .. })));
    }
}
