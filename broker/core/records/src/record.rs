//! The records of a batch. Walked only where Kafka's semantics need it; everything else works on headers.
//!
//! ```text
//! length ┆ attributes 1 byte, 0 ┆ timestamp delta ┆ offset delta ┆ key length ┆ key ┆ value length ┆ value ┆ header count
//!        ┆ and for each header: key length ┆ key ┆ value length ┆ value          (numbers are zig-zag varints; −1 is null)
//! ```

use crate::{Batch, BatchHeader, Compression, CompressionError, TimestampType, decompress, varint};
use klamm_types::{Buf, Bytes, Offset, Wall};
use thiserror::Error;

/// One record. Its bytes share the batch's (or the decompressed) buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its offset in the log.
    pub offset: Offset,
    /// Its timestamp; that of the append when the batch says so.
    pub timestamp: Wall,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; without one it is a tombstone.
    pub value: Option<Bytes>,
    /// Its headers, in order, keys may repeat.
    pub headers: Vec<Header>,
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its key: UTF-8 by contract, unchecked as in Kafka.
    pub key: Bytes,
    /// Its value.
    pub value: Option<Bytes>,
}

/// The records of a batch are not what its header says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedRecord {
    /// They cannot be decompressed.
    #[error("the records of the batch at offset {base_offset} cannot be decompressed: {source}")]
    Compression {
        /// Where the batch begins.
        base_offset: Offset,
        /// Why.
        source: CompressionError,
    },
    /// A field is missing or out of its bounds.
    #[error("record {index} of the batch at offset {base_offset} is malformed: {what}")]
    Field {
        /// Where the batch begins.
        base_offset: Offset,
        /// Which record, from 0.
        index: i32,
        /// Which field.
        what: &'static str,
    },
}

/// The records of one batch, in order.
#[derive(Clone, Debug)]
pub struct Records {
    header: BatchHeader,
    rest: Bytes,
    index: i32,
}

impl Records {
    pub(crate) fn of(batch: &Batch, limit_bytes: usize) -> Result<Self, MalformedRecord> {
        let header = *batch.header();
        let malformed = |source| MalformedRecord::Compression { base_offset: header.base_offset, source };
        let compression = header
            .attributes
            .compression()
            .ok_or_else(|| malformed(CompressionError::Unknown(header.attributes.0 & 7)))?;
        let rest = match compression {
            Compression::None => batch.body(),
            _ => decompress(compression, &batch.body(), limit_bytes).map_err(malformed)?,
        };
        Ok(Self { header, rest, index: 0 })
    }

    fn read(&mut self) -> Result<Record, &'static str> {
        let length = usize::try_from(varint::take(&mut self.rest).ok_or("length")?).map_err(|_| "length")?;
        if length > self.rest.len() {
            return Err("length");
        }
        let mut body = self.rest.split_to(length);
        if body.is_empty() {
            return Err("attributes");
        }
        body.advance(1);
        let timestamp_delta = varint::take(&mut body).ok_or("timestamp delta")?;
        let offset_delta = varint::take(&mut body).ok_or("offset delta")?;
        if !(0..=i64::from(self.header.last_offset_delta)).contains(&offset_delta) {
            return Err("offset delta");
        }
        let key = nullable(&mut body).ok_or("key")?;
        let value = nullable(&mut body).ok_or("value")?;
        let headers = headers(&mut body).ok_or("headers")?;
        if !body.is_empty() {
            return Err("bytes after the headers");
        }
        let timestamp = match self.header.attributes.timestamps() {
            TimestampType::LogAppendTime => self.header.max_timestamp,
            TimestampType::CreateTime => Wall(self.header.base_timestamp.0.wrapping_add(timestamp_delta)),
        };
        Ok(Record { offset: self.header.base_offset.plus(offset_delta), timestamp, key, value, headers })
    }
}

impl Iterator for Records {
    type Item = Result<Record, MalformedRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        let base_offset = self.header.base_offset;
        let malformed = |index, what| MalformedRecord::Field { base_offset, index, what };
        if self.index >= self.header.record_count {
            let left = !self.rest.is_empty();
            self.rest.clear();
            return left.then(|| Err(malformed(self.index, "bytes after the last record")));
        }
        let record = self.read().map_err(|what| malformed(self.index, what));
        self.index = if record.is_ok() { self.index + 1 } else { i32::MAX };
        if record.is_err() {
            self.rest.clear();
        }
        Some(record)
    }
}

/// `None` is malformed, `Some(None)` is null.
fn nullable(bytes: &mut Bytes) -> Option<Option<Bytes>> {
    match varint::take(bytes)? {
        -1 => Some(None),
        length => {
            let length = usize::try_from(length).ok()?;
            (length <= bytes.len()).then(|| Some(bytes.split_to(length)))
        }
    }
}

fn headers(bytes: &mut Bytes) -> Option<Vec<Header>> {
    let count = usize::try_from(varint::take(bytes)?).ok()?;
    if count > bytes.len() / 2 {
        return None; // each takes two bytes at least
    }
    (0..count).map(|_| Some(Header { key: nullable(bytes)??, value: nullable(bytes)? })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BatchBuilder;
    use proptest::prelude::*;

    const LIMIT: usize = 1 << 20;

    #[test]
    fn all_compressions_round_trip() {
        for compression in Compression::ALL {
            let mut builder = BatchBuilder::new(Offset(100), compression);
            let big = vec![b'x'; 100_000];
            builder.push(Wall(50), Some(b"a"), Some(&big), &[("h", Some(b"1")), ("h", None)]);
            builder.push(Wall(40), None, None, &[]);
            let batch = builder.build();
            assert!(batch.crc_matches());
            assert_eq!(batch.bytes().len() > big.len(), compression == Compression::None, "{compression:?}");
            let records: Vec<_> =
                batch.records(LIMIT).expect("decompresses").map(|r| r.expect("whole")).collect();
            assert_eq!(records.len(), 2);
            assert_eq!((records[0].offset, records[0].timestamp), (Offset(100), Wall(50)));
            assert_eq!(records[0].value.as_deref(), Some(&big[..]));
            assert_eq!(records[0].headers[1], Header { key: Bytes::from_static(b"h"), value: None });
            assert_eq!(
                (records[1].offset, records[1].timestamp, &records[1].value),
                (Offset(101), Wall(40), &None)
            );
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bodies_never_panic(body in proptest::collection::vec(any::<u8>(), 0..200), count in 0i32..5, kind in 0i16..8) {
            let mut header = BatchBuilder::new(Offset(0), Compression::None).build().header().to_bytes().to_vec();
            header[8..12].copy_from_slice(&(49 + body.len() as i32).to_be_bytes());
            header[21..23].copy_from_slice(&kind.to_be_bytes());
            header[57..61].copy_from_slice(&count.to_be_bytes());
            header.extend_from_slice(&body);
            let batch = Batch::parse(&header.into()).expect("well framed");
            if let Ok(records) = batch.records(LIMIT) {
                prop_assert!(records.count() <= count as usize + 1);
            }
        }
    }
}
