//! What a broker says of itself.

use super::Authorities;
use crate::control::{self, Address};
use klamm_plan::cluster::{BrokerSeen, ValidatedCluster};
use klamm_types::BrokerId;

/// The answer of the broker's control service; none while the operator has no certificate to ask with.
pub(super) async fn identify(
    valid: &ValidatedCluster,
    id: BrokerId,
    ip: &str,
    authorities: &Authorities,
) -> Option<(BrokerId, Result<BrokerSeen, String>)> {
    let pair = authorities.cluster.as_ref()?;
    let operator = match authorities.operator(&valid.names) {
        Ok(operator) => operator,
        Err(error) => return Some((id, Err(error.to_string()))),
    };
    let address = address(valid, id, ip)?;
    let answer = control::identify(&address, &pair.certificate, &operator).await;
    Some((id, answer.map_err(|error| error.to_string())))
}

/// Where a broker is, and how it is known.
pub(crate) fn address<'a>(valid: &ValidatedCluster, id: BrokerId, ip: &'a str) -> Option<Address<'a>> {
    let (pool, _) = valid.brokers().find(|(_, broker)| *broker == id)?;
    let host = valid.names.host(&valid.names.broker(&pool.name, id));
    Some(Address { broker: id, ip, host })
}
