//! Kafka's messages: a compact schema (`schema/`) and the codec generated from it (`cargo xtask gen protocol`).
//!
//! Owns what bytes mean. Must never decide what to answer, nor do I/O. Every version of a message is one struct: a field that a version
//! lacks has its default. What arrives is never trusted: no length is believed before the bytes are there, and nothing panics.
//!
//! - [`Message`], [`Request`], [`Response`]: what every message can do; [`Reader`] and [`Writer`] are where it comes from and goes to.
//! - [`RequestFrame`], [`encode_request`], [`encode_response`], [`decode_response`]: whole frames with their headers.
//! - [`MetadataRecord`] and [`Coordinator`]: records of Kafka's internal topics.
//! - [`ApiKey`], [`ErrorCode`]: Kafka's numbers.

mod api_key;
pub mod coordinator;
mod error;
mod error_code;
mod frame;
#[allow(missing_docs)] // the fields are Kafka's; their meaning is in Kafka's documentation of the protocol
mod generated;
mod message;
mod metadata_record;
mod reader;
mod records;
mod writer;

pub use error::{DecodeError, EncodeError};
pub use error_code::ErrorCode;
pub use frame::{FrameError, RequestFrame, decode_response, encode_request, encode_response};
pub use generated::api_key::ApiKey;
pub use generated::metadata_record::MetadataRecord;
pub use generated::*;
pub use message::{Coordinator, Message, Metadata, Request, Response};
pub use reader::Reader;
pub use records::Records;
pub use writer::{Size, Writer};
