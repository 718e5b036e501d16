//! Producer ids are given away in blocks (KIP-730).

use super::Refused;
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
/// `UNKNOWN_SERVER_ERROR` after 2⁶³ ids.
pub fn allocate_producer_ids(
    image: &Image,
    broker: BrokerId,
    epoch: BrokerEpoch,
) -> Result<(ProducerIdBlock, Vec<Record>), Refused> {
    let next = image.next_producer_id().0;
    let end = next
        .checked_add(PRODUCER_IDS_PER_BLOCK)
        .ok_or_else(|| Refused::new(ErrorCode::UnknownServerError, "there are no producer ids left"))?;
    let record = ProducerIdsRecord { broker_id: broker.0, broker_epoch: epoch.0, next_producer_id: end };
    Ok((ProducerIdBlock { next, end }, vec![record.into()]))
}
