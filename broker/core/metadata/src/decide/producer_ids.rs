//! Producer ids are given away in blocks (KIP-730).

use super::{Refused, registered};
use crate::{Image, Record};
use klamm_protocol::{ErrorCode, ProducerIdsRecord};
use klamm_types::{BrokerEpoch, BrokerId, ProducerId};

/// How many ids a block has.
pub const PRODUCER_IDS_PER_BLOCK: i64 = 1000;

/// A block of producer ids that one broker may give to its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerIdBlock {
    next: i64,
    end: i64,
}

impl ProducerIdBlock {
    /// A block without ids.
    pub const EMPTY: ProducerIdBlock = ProducerIdBlock { next: 0, end: 0 };

    /// The `len` ids from `start` on.
    #[must_use]
    pub fn new(start: ProducerId, len: i32) -> Self {
        Self { next: start.0, end: start.0.saturating_add(i64::from(len)) }
    }

    /// The next id, and how many are left.
    #[must_use]
    pub fn range(&self) -> (ProducerId, i32) {
        (ProducerId(self.next), i32::try_from(self.end - self.next).unwrap_or(i32::MAX))
    }

    /// Takes the next id; none when the block is used up.
    pub fn take(&mut self) -> Option<ProducerId> {
        (self.next < self.end).then(|| {
            self.next += 1;
            ProducerId(self.next - 1)
        })
    }
}

/// The record that gives the next block to a broker, and the block: it may be used once the record is committed.
///
/// # Errors
/// `BROKER_ID_NOT_REGISTERED`, `STALE_BROKER_EPOCH`; `UNKNOWN_SERVER_ERROR` after 2⁶³ ids.
pub fn allocate_producer_ids(
    image: &Image,
    broker: BrokerId,
    epoch: BrokerEpoch,
) -> Result<(ProducerIdBlock, Vec<Record>), Refused> {
    registered(image, broker, epoch)?;
    let next = image.next_producer_id().0;
    let end = next
        .checked_add(PRODUCER_IDS_PER_BLOCK)
        .ok_or_else(|| Refused::new(ErrorCode::UnknownServerError, "there are no producer ids left"))?;
    let record = ProducerIdsRecord { broker_id: broker.0, broker_epoch: epoch.0, next_producer_id: end };
    Ok((ProducerIdBlock { next, end }, vec![record.into()]))
}
