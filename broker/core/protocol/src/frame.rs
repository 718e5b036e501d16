//! Whole frames: a request as it came, a response as it goes.
//!
//! ```text
//! size: int32 (of what follows) │ header: key, version, correlation id, client id │ body
//! size: int32                   │ header: correlation id                          │ body
//! ```
//! The listener reads the size; it is not part of what is decoded here.

use crate::{
    ApiKey, DecodeError, EncodeError, Message as _, Reader, Request, RequestHeader, Response, ResponseHeader,
    Size, Writer,
};
use klamm_types::{Bytes, Chunk, Str};

/// A request whose header is understood and whose body is still bytes.
#[derive(Clone, Debug)]
pub struct RequestFrame {
    /// What is asked.
    pub key: ApiKey,
    /// In which version; not checked against any range yet.
    pub version: i16,
    /// Pairs the answer with the request.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<Str>,
    body: Reader,
}

/// The header of a request is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// An API that the schema does not know.
    #[error("there is no API key {key} (version {version}, correlation id {correlation_id})")]
    UnknownKey {
        /// The key as it was read.
        key: i16,
        /// The version as it was read.
        version: i16,
        /// The correlation id as it was read.
        correlation_id: i32,
    },
    /// The header itself is malformed.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
}

impl RequestFrame {
    /// Reads the header of a request; `frame` is what follows the size.
    ///
    /// # Errors
    /// When the key is unknown or the header is malformed.
    pub fn decode(frame: Bytes) -> Result<Self, FrameError> {
        let mut peek = Reader::new(frame.clone());
        let (key, version, correlation_id) = (peek.i16()?, peek.i16()?, peek.i32()?);
        let key = ApiKey::from_code(key).ok_or(FrameError::UnknownKey { key, version, correlation_id })?;
        let mut body = Reader::new(frame);
        let header = RequestHeader::decode(&mut body, key.request_header_version(version))?;
        Ok(Self { key, version, correlation_id, client_id: header.client_id, body })
    }

    /// Reads the body. What follows it in the frame is ignored, as by Apache Kafka: librdkafka 2.16 ends its Metadata requests of
    /// version 13 for all topics with three bytes too many.
    ///
    /// # Errors
    /// When the body is not such a request.
    pub fn body<R: Request>(&self) -> Result<R, DecodeError> {
        debug_assert_eq!(self.key, R::KEY, "the caller dispatches on the key");
        let mut reader = self.body.clone();
        R::decode(&mut reader, self.version)
    }
}

/// A whole request: size, header, body.
///
/// # Errors
/// When the version is unknown or cannot carry a field that is set.
pub fn encode_request<R: Request>(
    correlation_id: i32,
    client_id: Option<Str>,
    version: i16,
    request: &R,
) -> Result<Vec<Chunk>, EncodeError> {
    let header = RequestHeader {
        request_api_key: R::KEY.code(),
        request_api_version: version,
        correlation_id,
        client_id,
    };
    let header_version = R::KEY.request_header_version(version);
    let head = header.encoded_size(header_version)?;
    let mut writer = sized(head, request.encoded_size(version)?)?;
    header.encode(&mut writer, header_version)?;
    request.encode(&mut writer, version)?;
    Ok(writer.finish())
}

/// A whole response: size, header, body.
///
/// # Errors
/// When the version is unknown or cannot carry a field that is set.
pub fn encode_response<R: Response>(
    correlation_id: i32,
    version: i16,
    response: &R,
) -> Result<Vec<Chunk>, EncodeError> {
    let header = ResponseHeader { correlation_id };
    let header_version = R::KEY.response_header_version(version);
    let head = header.encoded_size(header_version)?;
    let mut writer = sized(head, response.encoded_size(version)?)?;
    header.encode(&mut writer, header_version)?;
    response.encode(&mut writer, version)?;
    Ok(writer.finish())
}

/// Reads a whole response; `frame` is what follows the size. Gives the correlation id and the body.
///
/// # Errors
/// When the header or the body is malformed.
pub fn decode_response<R: Response>(frame: Bytes, version: i16) -> Result<(i32, R), DecodeError> {
    let mut reader = Reader::new(frame);
    let header = ResponseHeader::decode(&mut reader, R::KEY.response_header_version(version))?;
    let response = R::decode(&mut reader, version)?;
    reader.finish()?;
    Ok((header.correlation_id, response))
}

/// A writer with room for a frame, its size written.
fn sized(head: Size, body: Size) -> Result<Writer, EncodeError> {
    let length = head.total + body.total;
    let size = i32::try_from(length).map_err(|_| EncodeError::TooLong { length })?;
    let copied = 4 + head.copied + body.copied;
    let mut writer = Writer::with_room(Size { total: 4 + length, copied, pieces: head.pieces + body.pieces });
    writer.put_i32(size);
    Ok(writer)
}
