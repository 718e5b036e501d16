//! `DelegationTokenRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DelegationTokenRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DelegationTokenRecord {
    pub owner: Str,
    pub requester: Str,
    pub renewers: Vec<Str>,
    pub issue_timestamp: i64,
    pub max_timestamp: i64,
    pub expiration_timestamp: i64,
    pub token_id: Str,
}

impl Structure for DelegationTokenRecord {
    const LEAST: usize = 29;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let owner = reader.str(true)?;
        let requester = reader.str(true)?;
        let renewers = reader.array(true, 1, |reader| reader.str(true))?;
        let issue_timestamp = reader.i64()?;
        let max_timestamp = reader.i64()?;
        let expiration_timestamp = reader.i64()?;
        let token_id = reader.str(true)?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self {
            owner,
            requester,
            renewers,
            issue_timestamp,
            max_timestamp,
            expiration_timestamp,
            token_id,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.owner, true)?;
        out.str(&self.requester, true)?;
        out.array(&self.renewers, true, |out, element| out.str(element, true))?;
        out.i64(self.issue_timestamp)?;
        out.i64(self.max_timestamp)?;
        out.i64(self.expiration_timestamp)?;
        out.str(&self.token_id, true)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for DelegationTokenRecord {
    const NAME: &'static str = "DelegationTokenRecord";
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

impl Metadata for DelegationTokenRecord {
    const TYPE: u32 = 10;
}
