//! `ZkMigrationStateRecord`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    DecodeError, EncodeError, Message, Metadata, Reader, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `ZkMigrationStateRecord`, versions 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZkMigrationStateRecord {
    pub zk_migration_state: i8,
}

impl Structure for ZkMigrationStateRecord {
    const LEAST: usize = 2;

    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        let zk_migration_state = reader.i8()?;
        reader.tagged(|_, _| Ok(false))?;
        Ok(Self { zk_migration_state })
    }

    fn write<S: Sink>(&self, out: &mut S, _version: i16) -> Result<(), EncodeError> {
        out.i8(self.zk_migration_state)?;
        out.uvarint(0);
        Ok(())
    }
}
impl Message for ZkMigrationStateRecord {
    const NAME: &'static str = "ZkMigrationStateRecord";
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

impl Metadata for ZkMigrationStateRecord {
    const TYPE: u32 = 21;
}
