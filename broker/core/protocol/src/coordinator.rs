//! Keys and values of `__consumer_offsets` as they lie in records: two bytes (a key's type, a value's version), then the message.

use crate::{Coordinator, DecodeError, EncodeError, Reader, Writer};
use klamm_types::Bytes;

/// The type of a key: decides which message the key, and its value, is.
///
/// # Errors
/// When the key is shorter than its type.
pub fn key_type(key: &Bytes) -> Result<i16, DecodeError> {
    Reader::new(key.clone()).i16()
}

/// Writes a key.
///
/// # Errors
/// When a text is too long.
pub fn encode_key<K: Coordinator>(key: &K) -> Result<Bytes, EncodeError> {
    prefixed(key, K::TYPE, 0)
}

/// Reads a key of a type that [`key_type`] told.
///
/// # Errors
/// When it is of another type, or its bytes are not such a key.
pub fn decode_key<K: Coordinator>(key: Bytes) -> Result<K, DecodeError> {
    let mut reader = Reader::new(key);
    let kind = reader.i16()?;
    if kind != K::TYPE {
        return Err(DecodeError::UnknownRecord { kind: i64::from(kind) });
    }
    whole(reader, 0)
}

/// Writes a value in a version.
///
/// # Errors
/// When the version is unknown or cannot carry a field that is set.
pub fn encode_value<V: Coordinator>(value: &V, version: i16) -> Result<Bytes, EncodeError> {
    prefixed(value, version, version)
}

/// Reads a value, in the version that its first bytes tell.
///
/// # Errors
/// When the version is unknown, or its bytes are not such a value.
pub fn decode_value<V: Coordinator>(value: Bytes) -> Result<V, DecodeError> {
    let mut reader = Reader::new(value);
    let version = reader.i16()?;
    whole(reader, version)
}

fn prefixed<M: Coordinator>(message: &M, prefix: i16, version: i16) -> Result<Bytes, EncodeError> {
    let mut size = message.encoded_size(version)?;
    size.copied += 2;
    let mut writer = Writer::with_room(size);
    writer.put_i16(prefix);
    message.encode(&mut writer, version)?;
    writer.finish_bytes()
}

fn whole<M: Coordinator>(mut reader: Reader, version: i16) -> Result<M, DecodeError> {
    let message = M::decode(&mut reader, version)?;
    reader.finish()?;
    Ok(message)
}
