//! What the leader writes into a batch before it appends it. The body is never copied: a patched batch is a header of its
//! own and the body as it came.

use crate::{Attributes, BatchHeader, HEADER_BYTES, TimestampType, batch::ATTRIBUTES_AT};
use klamm_types::{Bytes, LeaderEpoch, Offset, Wall};
use std::io::IoSlice;

/// A batch in two pieces, for `pwritev`.
#[derive(Clone, Debug)]
pub struct PatchedBatch {
    header: BatchHeader,
    head: [u8; HEADER_BYTES],
    body: Bytes,
}

impl PatchedBatch {
    /// Gives a batch its place in the log. Neither field is in the CRC.
    #[must_use]
    pub fn new(header: &BatchHeader, bytes: &Bytes, base_offset: Offset, leader_epoch: LeaderEpoch) -> Self {
        let header = BatchHeader { base_offset, leader_epoch, ..*header };
        Self { header, head: header.to_bytes(), body: bytes.slice(HEADER_BYTES..) }
    }

    /// Gives all records the leader's time, and the batch a new CRC (`message.timestamp.type=LogAppendTime`).
    #[must_use]
    pub fn with_append_time(mut self, now: Wall) -> Self {
        let attributes: Attributes = self.header.attributes.with_timestamps(TimestampType::LogAppendTime);
        self.header.attributes = attributes;
        self.header.max_timestamp = now;
        self.head = self.header.to_bytes();
        let crc = crc32c::crc32c(&self.head[ATTRIBUTES_AT..]);
        self.header.crc = crc32c::crc32c_append(crc, &self.body);
        self.head = self.header.to_bytes();
        self
    }

    /// The header as it will be written.
    #[must_use]
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The pieces to write, one after the other.
    #[must_use]
    pub fn pieces(&self) -> [IoSlice<'_>; 2] {
        [IoSlice::new(&self.head), IoSlice::new(&self.body)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Batch, BatchBuilder, Compression};

    #[test]
    fn the_crc_holds_after_both_patches() {
        let mut builder = BatchBuilder::new(Offset(0), Compression::Lz4);
        builder.push(Wall(5), Some(b"key"), Some(b"value"), &[]);
        let batch = builder.build();
        let patched = PatchedBatch::new(batch.header(), batch.bytes(), Offset(77), LeaderEpoch(3));
        let check = |patched: &PatchedBatch, want: Wall| {
            let written = Bytes::from(patched.pieces().map(|piece| piece.to_vec()).concat());
            let read = Batch::parse(&written).expect("whole");
            assert!(read.crc_matches());
            assert_eq!(read.header(), patched.header());
            assert_eq!((read.header().base_offset, read.header().leader_epoch), (Offset(77), LeaderEpoch(3)));
            let record = read.records(100).expect("decompresses").next().expect("one").expect("whole");
            assert_eq!((record.offset, record.timestamp), (Offset(77), want));
        };
        check(&patched, Wall(5));
        check(&patched.clone().with_append_time(Wall(99)), Wall(99));
    }
}
