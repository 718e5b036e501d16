//! `DefaultPrincipalData`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `DefaultPrincipalData`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefaultPrincipalData {
    pub r#type: Str,
    pub name: Str,
    pub token_authenticated: bool,
}

impl Structure for DefaultPrincipalData {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let r#type = reader.str(true)?;
        let name = reader.str(true)?;
        let token_authenticated = reader.bool()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { r#type, name, token_authenticated })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.str(&self.r#type, true)?;
        out.str(&self.name, true)?;
        out.bool(self.token_authenticated)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for DefaultPrincipalData {
    const NAME: &'static str = "DefaultPrincipalData";
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
