//! `ResponseHeader`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `ResponseHeader`, versions 0–1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseHeader {
    pub correlation_id: i32,
}

impl Structure for ResponseHeader {
    const LEAST: usize = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 1;
        let correlation_id = reader.i32()?;
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self { correlation_id })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 1;
        out.i32(self.correlation_id)?;
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for ResponseHeader {
    const NAME: &'static str = "ResponseHeader";
    const VERSIONS: RangeInclusive<i16> = 0..=1;
    const FLEXIBLE_FROM: i16 = 1;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}
