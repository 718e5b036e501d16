//! Where a follower's log must be cut so that it is a part of its leader's.

use crate::{EpochEnd, Rejected};
use klamm_types::{Offset, mutant};

/// Where to cut a log that ends at `end`: both logs are the same up to where the last epoch that both have ends in either of them
/// (KIP-101, KIP-279). Never by the high watermark: it lags behind, and may say too much as well as too little.
///
/// The leader answers with its last epoch that is not greater than that of our last record. When our own log lacks that epoch,
/// it is cut where our last epoch before it ends; the next fetch then asks about that one. To cut at the log's end is not
/// nothing: an epoch in which this broker led and wrote nothing goes, and would be asked about for ever.
///
/// # Errors
/// [`Rejected::NoOffset`].
pub(crate) fn cut(leader: EpochEnd, own: Option<EpochEnd>, end: Offset) -> Result<Offset, Rejected> {
    let own = own.filter(|_| !mutant::active("cut where the leader says"));
    let at = own.map_or(leader.end, |own| own.end.min(leader.end)).min(end);
    if at >= Offset(0) { Ok(at) } else { Err(Rejected::NoOffset(at)) }
}
