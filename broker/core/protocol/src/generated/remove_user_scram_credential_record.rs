//! `RemoveUserScramCredentialRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `RemoveUserScramCredentialRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveUserScramCredentialRecord {
    pub name: Str,
    pub mechanism: i8,
}

impl Structure for RemoveUserScramCredentialRecord {
    const LEAST: usize = 3;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let mechanism = reader.i8()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, mechanism })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.i8(self.mechanism)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for RemoveUserScramCredentialRecord {
    const NAME: &'static str = "RemoveUserScramCredentialRecord";
    const VERSIONS: RangeInclusive<i16> = 0..=0;
    const FLEXIBLE_FROM: i16 = 0;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Metadata for RemoveUserScramCredentialRecord {
    const TYPE: u32 = 22;
}
