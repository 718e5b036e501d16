//! The nouns of Kafka, one newtype each, so that no two bare integers of one type meet in a signature.
//!
//! Owns names and units. Must never do I/O, read a clock or know a message.

mod chunk;
mod ids;
pub mod mutant;
mod text;
mod time;
mod uuid;

pub use bytes::{Buf, BufMut, Bytes, BytesMut};
pub use chunk::{Chunk, FileHandle, FileSlice, chunks_len};
pub use ids::{
    BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionIndex, ProducerEpoch, ProducerId, Sequence,
    TopicIdPartition, TopicPartition,
};
pub use text::{NotUtf8, Str};
pub use time::{Mono, Now, Wall};
pub use uuid::{BadUuid, DirectoryId, TopicId, Uuid};
