//! `UserScramCredentialRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::{Bytes, Str};
use std::ops::RangeInclusive;

/// Kafka's `UserScramCredentialRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserScramCredentialRecord {
    pub name: Str,
    pub mechanism: i8,
    pub salt: Bytes,
    pub stored_key: Bytes,
    pub server_key: Bytes,
    pub iterations: i32,
}

impl Structure for UserScramCredentialRecord {
    const LEAST: usize = 10;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let name = reader.str(true)?;
        let mechanism = reader.i8()?;
        let salt = reader.bytes(true)?;
        let stored_key = reader.bytes(true)?;
        let server_key = reader.bytes(true)?;
        let iterations = reader.i32()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { name, mechanism, salt, stored_key, server_key, iterations })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.name, true)?;
        out.i8(self.mechanism)?;
        out.bytes(&self.salt, true)?;
        out.bytes(&self.stored_key, true)?;
        out.bytes(&self.server_key, true)?;
        out.i32(self.iterations)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for UserScramCredentialRecord {
    const NAME: &'static str = "UserScramCredentialRecord";
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

impl Metadata for UserScramCredentialRecord {
    const TYPE: u32 = 11;
}
