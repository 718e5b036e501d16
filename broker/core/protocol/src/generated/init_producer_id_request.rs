//! `InitProducerIdRequest`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Request, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use klamm_types::Str;
use std::ops::RangeInclusive;

/// Kafka's `InitProducerIdRequest`, versions 0–6.
#[derive(Clone, Debug, PartialEq)]
pub struct InitProducerIdRequest {
    pub transactional_id: Option<Str>,
    pub transaction_timeout_ms: i32,

    /// In versions 3–6.
    pub producer_id: i64,

    /// In versions 3–6.
    pub producer_epoch: i16,

    /// In versions 6.
    pub enable2_pc: bool,

    /// In versions 6.
    pub keep_prepared_txn: bool,
}

impl Default for InitProducerIdRequest {
    fn default() -> Self {
        Self {
            transactional_id: None,
            transaction_timeout_ms: 0,
            producer_id: -1,
            producer_epoch: -1,
            enable2_pc: false,
            keep_prepared_txn: false,
        }
    }
}

impl Structure for InitProducerIdRequest {
    const LEAST: usize = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let transactional_id = reader.nullable_str(flexible)?;
        let transaction_timeout_ms = reader.i32()?;
        let producer_id = if version >= 3 { reader.i64()? } else { -1 };
        let producer_epoch = if version >= 3 { reader.i16()? } else { -1 };
        let enable2_pc = if version >= 6 { reader.bool()? } else { false };
        let keep_prepared_txn = if version >= 6 { reader.bool()? } else { false };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            transactional_id,
            transaction_timeout_ms,
            producer_id,
            producer_epoch,
            enable2_pc,
            keep_prepared_txn,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.nullable_str(self.transactional_id.as_ref(), flexible)?;
        out.i32(self.transaction_timeout_ms)?;
        if version >= 3 {
            out.i64(self.producer_id)?;
        }
        if version >= 3 {
            out.i16(self.producer_epoch)?;
        }
        if version >= 6 {
            out.bool(self.enable2_pc)?;
        }
        if version >= 6 {
            out.bool(self.keep_prepared_txn)?;
        }
        if version < 3 && self.producer_id != -1 {
            return Err(EncodeError::FieldAbsent {
                structure: "InitProducerIdRequest",
                field: "ProducerId",
                version,
            });
        }
        if version < 3 && self.producer_epoch != -1 {
            return Err(EncodeError::FieldAbsent {
                structure: "InitProducerIdRequest",
                field: "ProducerEpoch",
                version,
            });
        }
        if version < 6 && self.enable2_pc {
            return Err(EncodeError::FieldAbsent {
                structure: "InitProducerIdRequest",
                field: "Enable2Pc",
                version,
            });
        }
        if version < 6 && self.keep_prepared_txn {
            return Err(EncodeError::FieldAbsent {
                structure: "InitProducerIdRequest",
                field: "KeepPreparedTxn",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for InitProducerIdRequest {
    const NAME: &'static str = "InitProducerIdRequest";
    const VERSIONS: RangeInclusive<i16> = 0..=6;
    const FLEXIBLE_FROM: i16 = 2;

    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        write(self, writer, version)
    }

    fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {
        let mut size = Size::default();
        write(self, &mut size, version)?;
        Ok(size)
    }
}

impl Request for InitProducerIdRequest {
    const KEY: ApiKey = ApiKey::InitProducerId;
    type Response = super::init_producer_id_response::InitProducerIdResponse;
}
