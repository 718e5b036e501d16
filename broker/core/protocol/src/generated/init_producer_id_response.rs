//! `InitProducerIdResponse`: generated from the schema by `cargo xtask gen protocol`.

use crate::{
    ApiKey, DecodeError, EncodeError, Message, Reader, Response, Size, Writer,
    message::{Structure, write},
    writer::{Fields as _, Sink},
};
use std::ops::RangeInclusive;

/// Kafka's `InitProducerIdResponse`, versions 0–6.
#[derive(Clone, Debug, PartialEq)]
pub struct InitProducerIdResponse {
    pub throttle_time_ms: i32,
    pub error_code: i16,
    pub producer_id: i64,
    pub producer_epoch: i16,

    /// In versions 6.
    pub ongoing_txn_producer_id: i64,

    /// In versions 6.
    pub ongoing_txn_producer_epoch: i16,
}

impl Default for InitProducerIdResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: 0,
            ongoing_txn_producer_id: -1,
            ongoing_txn_producer_epoch: -1,
        }
    }
}

impl Structure for InitProducerIdResponse {
    const LEAST: usize = 16;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let throttle_time_ms = reader.i32()?;
        let error_code = reader.i16()?;
        let producer_id = reader.i64()?;
        let producer_epoch = reader.i16()?;
        let ongoing_txn_producer_id = if version >= 6 { reader.i64()? } else { -1 };
        let ongoing_txn_producer_epoch = if version >= 6 { reader.i16()? } else { -1 };
        if flexible {
            reader.tagged(|_, _| Ok(false))?;
        }
        Ok(Self {
            throttle_time_ms,
            error_code,
            producer_id,
            producer_epoch,
            ongoing_txn_producer_id,
            ongoing_txn_producer_epoch,
        })
    }

    fn write<S: Sink>(&self, out: &mut S, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        out.i32(self.throttle_time_ms)?;
        out.i16(self.error_code)?;
        out.i64(self.producer_id)?;
        out.i16(self.producer_epoch)?;
        if version >= 6 {
            out.i64(self.ongoing_txn_producer_id)?;
        }
        if version >= 6 {
            out.i16(self.ongoing_txn_producer_epoch)?;
        }
        if version < 6 && self.ongoing_txn_producer_id != -1 {
            return Err(EncodeError::FieldAbsent {
                structure: "InitProducerIdResponse",
                field: "OngoingTxnProducerId",
                version,
            });
        }
        if version < 6 && self.ongoing_txn_producer_epoch != -1 {
            return Err(EncodeError::FieldAbsent {
                structure: "InitProducerIdResponse",
                field: "OngoingTxnProducerEpoch",
                version,
            });
        }
        if flexible {
            out.uvarint(0);
        }
        Ok(())
    }
}
impl Message for InitProducerIdResponse {
    const NAME: &'static str = "InitProducerIdResponse";
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

impl Response for InitProducerIdResponse {
    const KEY: ApiKey = ApiKey::InitProducerId;
}
