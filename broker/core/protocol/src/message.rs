//! What every message can do. The generated code provides it; nothing else implements these traits.

use crate::{ApiKey, DecodeError, EncodeError, Reader, Size, Writer, writer::Sink};
use klamm_types::{Bytes, Chunk};
use std::{fmt::Debug, ops::RangeInclusive};

/// A part of a message: what the generator writes for every structure.
#[doc(hidden)]
pub trait Structure: Sized {
    /// The fewest bytes that it takes in any version.
    const LEAST: usize;
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError>;
    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError>;
}

/// A message of Kafka's: a request, a response, a header or a record.
pub trait Message: Structure + Clone + Debug + Default + PartialEq + Send + Sync + 'static {
    /// Kafka's name for it.
    const NAME: &'static str;
    /// The versions that can be read and written.
    const VERSIONS: RangeInclusive<i16>;
    /// The first version with compact lengths and tagged fields (KIP-482); `i16::MAX` when there is none.
    const FLEXIBLE_FROM: i16;

    /// Reads one from where the reader stands. What follows is left.
    ///
    /// # Errors
    /// When the version is unknown or the bytes are not such a message.
    fn decode(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        if !Self::VERSIONS.contains(&version) {
            return Err(DecodeError::UnknownVersion { message: Self::NAME, version });
        }
        Self::read(reader, version)
    }

    /// Appends it.
    ///
    /// # Errors
    /// When the version is unknown or cannot carry a field that is set. What was appended until then stays.
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError>;

    /// How long it will be. Fails exactly when [`Message::encode`] would.
    ///
    /// # Errors
    /// When the version is unknown or cannot carry a field that is set.
    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError>;

    /// Reads one that fills `bytes` whole.
    ///
    /// # Errors
    /// When the version is unknown, or the bytes are not such a message or more than one.
    fn from_bytes(bytes: Bytes, version: i16) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let message = Self::decode(&mut reader, version)?;
        reader.finish()?;
        Ok(message)
    }

    /// Writes it into one piece of memory.
    ///
    /// # Errors
    /// When the version is unknown or cannot carry a field that is set, or records are in a file.
    fn to_bytes(&self, version: i16) -> Result<Bytes, EncodeError> {
        let mut writer = Writer::with_room(self.encoded_size(version)?);
        self.encode(&mut writer, version)?;
        writer.finish_bytes()
    }

    /// Writes it as pieces, files among them.
    ///
    /// # Errors
    /// When the version is unknown or cannot carry a field that is set.
    fn to_chunks(&self, version: i16) -> Result<Vec<Chunk>, EncodeError> {
        let mut writer = Writer::with_room(self.encoded_size(version)?);
        self.encode(&mut writer, version)?;
        Ok(writer.finish())
    }
}

/// What a client or a broker asks.
pub trait Request: Message {
    /// Its API.
    const KEY: ApiKey;
    /// What answers it.
    type Response: Response;
}

/// What answers a request.
pub trait Response: Message {
    /// Its API.
    const KEY: ApiKey;
}

/// A record of the metadata log (KIP-631).
pub trait Metadata: Message {
    /// Its type, as the record's frame says it.
    const TYPE: u32;
}

/// A key or a value of a record of `__consumer_offsets`.
pub trait Coordinator: Message {
    /// Its type: the first two bytes of the key. (A value begins with its version instead.)
    const TYPE: i16;
}

pub(crate) fn write<M: Message, S: Sink>(message: &M, out: &mut S, version: i16) -> Result<(), EncodeError> {
    if !M::VERSIONS.contains(&version) {
        return Err(EncodeError::UnknownVersion { message: M::NAME, version });
    }
    message.write(out, version)
}
