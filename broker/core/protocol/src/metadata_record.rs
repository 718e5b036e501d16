//! Records of the metadata log as they lie in a record's value: the frame's version, the record's type, its version, itself (KIP-631).

use crate::{DecodeError, EncodeError, MetadataRecord, Reader, Writer};
use klamm_types::Bytes;

/// The version of the frame itself.
const FRAME_VERSION: u32 = 1;
/// Three numbers of at most five bytes.
const FRAME_ROOM: usize = 15;

impl MetadataRecord {
    /// The value of a record of the metadata log.
    ///
    /// # Errors
    /// When the version is unknown or cannot carry a field that is set.
    pub fn to_value(&self, version: i16) -> Result<Bytes, EncodeError> {
        let unknown = EncodeError::UnknownVersion { message: self.name(), version };
        let number = u32::try_from(version).map_err(|_| unknown)?;
        let mut size = self.size(version)?;
        size.copied += FRAME_ROOM;
        let mut writer = Writer::with_room(size);
        writer.put_uvarint(FRAME_VERSION);
        writer.put_uvarint(self.kind());
        writer.put_uvarint(number);
        self.write(&mut writer, version)?;
        writer.finish_bytes()
    }

    /// Reads the value of a record of the metadata log, in a version up to `newest` of its type.
    ///
    /// # Errors
    /// When the frame, the type or the version is unknown, or the bytes are not such a record.
    pub fn from_value(value: Bytes, newest: impl Fn(u32) -> i16) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(value);
        let number = |reader: &mut Reader, message| {
            let number = reader.uvarint()?;
            i16::try_from(number).map_err(|_| DecodeError::UnknownVersion { message, version: i16::MAX })
        };
        let frame = number(&mut reader, "the frame of a metadata record")?;
        if u32::from(frame.cast_unsigned()) != FRAME_VERSION {
            let message = "the frame of a metadata record";
            return Err(DecodeError::UnknownVersion { message, version: frame });
        }
        let kind = reader.uvarint()?;
        let version = number(&mut reader, "a metadata record")?;
        if version > newest(kind) {
            return Err(DecodeError::UnknownVersion { message: "a metadata record", version });
        }
        let record = Self::read(&mut reader, kind, version)?;
        reader.finish()?;
        Ok(record)
    }
}
