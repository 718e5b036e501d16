//! The four compressions of Kafka's clients. Output is bounded: a few bytes can ask for gigabytes.

use crate::Compression;
use klamm_types::{Buf, Bytes};
use std::io::{self, Read, Write};
use thiserror::Error;

/// What xerial's snappy-java writes before its blocks: a magic, its version, the oldest version that can read it.
const XERIAL_HEADER: [u8; 16] = *b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01";
/// The part of it that names the framing.
const XERIAL_MAGIC: usize = 8;
/// Bytes in one snappy block, as snappy-java has it.
const XERIAL_BLOCK_BYTES: usize = 32 * 1024;

/// The bytes cannot be decompressed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompressionError {
    /// No one knows this compression.
    #[error("compression {0} is unknown; 0 to 4 are none, gzip, snappy, lz4 and zstd")]
    Unknown(i16),
    /// More would come out than is allowed.
    #[error("more than {0} bytes would come out")]
    TooLarge(usize),
    /// They are corrupt.
    #[error("the bytes are not {name}: {reason}")]
    Corrupt {
        /// What they should be.
        name: &'static str,
        /// What the decoder says.
        reason: String,
    },
}

/// Compresses `bytes` in a form that Kafka's clients read.
#[must_use]
pub fn compress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    let result = match compression {
        Compression::None => Ok(bytes.to_vec()),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        Compression::Snappy => snappy_compress(bytes),
        Compression::Lz4 => {
            // the defaults: independent blocks, which is all that Kafka's Java reader takes
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(bytes).and_then(|()| encoder.finish().map_err(io::Error::other))
        }
        Compression::Zstd => zstd::bulk::compress(bytes, zstd::DEFAULT_COMPRESSION_LEVEL),
    };
    result.expect("encoders fail only when their sink does, and a Vec does not")
}

fn snappy_compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = XERIAL_HEADER.to_vec();
    let mut encoder = snap::raw::Encoder::new();
    for block in bytes.chunks(XERIAL_BLOCK_BYTES) {
        let squeezed = encoder.compress_vec(block)?;
        out.extend_from_slice(&(squeezed.len() as u32).to_be_bytes());
        out.extend_from_slice(&squeezed);
    }
    Ok(out)
}

/// Decompresses to at most `limit_bytes`.
///
/// # Errors
/// [`CompressionError`].
pub fn decompress(
    compression: Compression,
    bytes: &Bytes,
    limit_bytes: usize,
) -> Result<Bytes, CompressionError> {
    match compression {
        Compression::None if bytes.len() > limit_bytes => Err(CompressionError::TooLarge(limit_bytes)),
        Compression::None => Ok(bytes.clone()),
        // several gzip members may follow each other
        Compression::Gzip => {
            drain(compression, flate2::bufread::MultiGzDecoder::new(&bytes[..]), limit_bytes)
        }
        Compression::Snappy => snappy_decompress(bytes, limit_bytes),
        Compression::Lz4 => drain(compression, lz4_flex::frame::FrameDecoder::new(&bytes[..]), limit_bytes),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(&bytes[..])
                .map_err(|error| corrupt(compression, &error))?;
            drain(compression, decoder, limit_bytes)
        }
    }
}

fn corrupt(compression: Compression, error: &dyn std::fmt::Display) -> CompressionError {
    CompressionError::Corrupt { name: compression.name(), reason: error.to_string() }
}

fn drain(
    compression: Compression,
    decoder: impl Read,
    limit_bytes: usize,
) -> Result<Bytes, CompressionError> {
    let mut out = Vec::new();
    decoder
        .take(limit_bytes as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|error| corrupt(compression, &error))?;
    if out.len() > limit_bytes {
        return Err(CompressionError::TooLarge(limit_bytes));
    }
    Ok(out.into())
}

/// xerial's framing, or one bare block as some clients send it.
fn snappy_decompress(bytes: &Bytes, limit_bytes: usize) -> Result<Bytes, CompressionError> {
    let mut out = Vec::new();
    if !bytes.starts_with(&XERIAL_HEADER[..XERIAL_MAGIC]) {
        snappy_block(bytes, limit_bytes, &mut out)?;
        return Ok(out.into());
    }
    let mut rest = &bytes[XERIAL_HEADER.len().min(bytes.len())..];
    while !rest.is_empty() {
        let length = rest.try_get_u32().unwrap_or(u32::MAX) as usize;
        if length > rest.len() {
            return Err(corrupt(Compression::Snappy, &"a block is cut"));
        }
        let (block, after) = rest.split_at(length);
        snappy_block(block, limit_bytes, &mut out)?;
        rest = after;
    }
    Ok(out.into())
}

fn snappy_block(block: &[u8], limit_bytes: usize, out: &mut Vec<u8>) -> Result<(), CompressionError> {
    let corrupt = |error| corrupt(Compression::Snappy, &error);
    let length = snap::raw::decompress_len(block).map_err(corrupt)?;
    if length > limit_bytes.saturating_sub(out.len()) {
        return Err(CompressionError::TooLarge(limit_bytes));
    }
    let at = out.len();
    out.resize(at + length, 0);
    let count = snap::raw::Decoder::new().decompress(block, &mut out[at..]).map_err(corrupt)?;
    out.truncate(at + count);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_bounded() {
        let zeros = vec![0; 1 << 20];
        for compression in Compression::ALL {
            let squeezed = Bytes::from(compress(compression, &zeros));
            assert_eq!(
                decompress(compression, &squeezed, 1 << 20).as_deref(),
                Ok(&zeros[..]),
                "{compression:?}"
            );
            let error = decompress(compression, &squeezed, (1 << 20) - 1);
            assert_eq!(error, Err(CompressionError::TooLarge((1 << 20) - 1)), "{compression:?}");
        }
    }

    #[test]
    fn bare_snappy_is_read() {
        let bare = snap::raw::Encoder::new().compress_vec(b"hello hello").expect("compresses");
        assert_eq!(decompress(Compression::Snappy, &bare.into(), 100).as_deref(), Ok(&b"hello hello"[..]));
    }

    #[test]
    fn garbage_is_refused() {
        for compression in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
            let garbage = Bytes::from_static(b"\x05garbage that no one wrote");
            assert!(matches!(decompress(compression, &garbage, 1000), Err(CompressionError::Corrupt { .. })));
        }
    }
}
