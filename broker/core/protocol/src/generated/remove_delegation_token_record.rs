//! `RemoveDelegationTokenRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `RemoveDelegationTokenRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoveDelegationTokenRecord {
    pub token_id: Str,
}

impl Structure for RemoveDelegationTokenRecord {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let token_id = reader.str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { token_id })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.token_id, true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for RemoveDelegationTokenRecord {
    const NAME: &'static str = "RemoveDelegationTokenRecord";
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

impl Metadata for RemoveDelegationTokenRecord {
    const TYPE: u32 = 26;
}
