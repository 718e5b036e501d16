//! The record batch, version 2: the unit in which Kafka writes, replicates and reads. A borrowed view over its bytes,
//! validation at ingest, patching, and a builder.
//!
//! ```text
//!  0        8        12       16   17      21    23      27         35        43        51     53      57      61
//!  ┌────────┬────────┬────────┬────┬───────┬─────┬───────┬──────────┬─────────┬─────────┬──────┬───────┬───────┬─────────
//!  │ base   │ batch  │ leader │mag-│ crc32c│attri│ last  │ base     │ max     │producer │produ-│ base  │ record│ records
//!  │ offset │ length │ epoch  │ic 2│ of 21…│butes│offset │ timestamp│timestamp│ id      │cer   │sequen-│ count │ (maybe
//!  │ i64    │ i32    │ i32    │ i8 │ u32   │ i16 │delta  │ i64      │ i64     │ i64     │epoch │ce i32 │ i32   │ squeezed)
//!  └────────┴────────┴────────┴────┴───────┴─────┴─i32───┴──────────┴─────────┴─────────┴─i16──┴───────┴───────┴─────────
//!   patched  counts            not in the CRC: the leader patches base offset and leader epoch without touching the body
//!            from 12
//! ```
//!
//! Owns the format of batches and records. Must never do I/O, read a clock, or look at records where the header is enough.

mod attributes;
mod batch;
mod builder;
mod compression;
mod control;
mod patch;
mod record;
mod validate;
mod varint;

pub use attributes::{Attributes, Compression, TimestampType};
pub use batch::{
    BATCH_LENGTH_END, Batch, BatchHeader, Batches, HEADER_BYTES, MAGIC, MalformedBatch, NO_TIMESTAMP, crc_of,
};
pub use builder::{BatchBuilder, Producer};
pub use compression::{CompressionError, compress, decompress};
pub use control::{ControlKind, control_key};
pub use patch::PatchedBatch;
pub use record::{Header, MalformedRecord, Record, Records};
pub use validate::{InvalidBatch, ValidatedBatch};
