//! The control service of a broker, as a client.

use crate::{certificates::Pair, error::Error};
use klamm_control::{FormatRequest, IdentifyRequest, Identity, State, Voter, control_client::ControlClient};
use klamm_plan::cluster::{BrokerSeen, Names, port};
use klamm_types::BrokerId;
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// A broker that does not answer within this time is asked again later.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Where a broker is, and how it is known.
pub(crate) struct Address<'a> {
    /// The broker.
    pub(crate) broker: BrokerId,
    /// Its pod's address: no name has to be resolved before the pod is in a Service.
    pub(crate) ip: &'a str,
    /// The name in its certificate.
    pub(crate) host: String,
}

/// What the broker says of itself.
pub(crate) async fn identify(address: &Address<'_>, ca: &str, operator: &Pair) -> Result<BrokerSeen, Error> {
    let reply = connect(address, ca, operator).await?.identify(IdentifyRequest {}).await;
    let identity = reply.map_err(|status| said(address.broker, &status))?.into_inner();
    if identity.node_id != address.broker.0 {
        let message = format!("it says that it is broker {}", identity.node_id);
        return Err(Error::Control { broker: address.broker.0, message });
    }
    Ok(seen(&identity))
}

/// Makes the broker's empty volume the only voter of a new quorum, or an observer's of the one that is there.
pub(crate) async fn format(
    address: &Address<'_>,
    ca: &str,
    operator: &Pair,
    cluster_id: &str,
    names: &Names,
    pool: &str,
    is_voter: bool,
) -> Result<(), Error> {
    let voter = || Voter {
        node_id: address.broker.0,
        host: names.controller_host(pool, address.broker),
        port: port::CONTROLLER,
    };
    let initial_voters = is_voter.then(voter).into_iter().collect();
    let request = FormatRequest { cluster_id: cluster_id.to_owned(), initial_voters };
    let reply = connect(address, ca, operator).await?.format(request).await;
    reply.map(drop).map_err(|status| said(address.broker, &status))
}

async fn connect(address: &Address<'_>, ca: &str, operator: &Pair) -> Result<ControlClient<Channel>, Error> {
    let failed = |error: tonic::transport::Error| {
        // the cause is what people need: refused, timed out, not the expected certificate
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Error::Control { broker: address.broker.0, message }
    };
    let identity = tonic::transport::Identity::from_pem(&operator.certificate, &operator.key);
    let tls = ClientTlsConfig::new()
        .assume_http2(true) // the port speaks nothing else, whether it says so by ALPN or not
        .ca_certificate(Certificate::from_pem(ca))
        .identity(identity)
        .domain_name(address.host.clone());
    let ip = if address.ip.contains(':') { format!("[{}]", address.ip) } else { address.ip.to_owned() };
    let endpoint = Endpoint::from_shared(format!("https://{ip}:{}", port::CONTROL)).map_err(failed)?;
    let endpoint =
        endpoint.connect_timeout(ANSWER_MAX).timeout(ANSWER_MAX).tls_config(tls).map_err(failed)?;
    Ok(ControlClient::new(endpoint.connect().await.map_err(failed)?))
}

fn said(broker: BrokerId, status: &tonic::Status) -> Error {
    Error::Control { broker: broker.0, message: format!("{:?}: {}", status.code(), status.message()) }
}

fn seen(identity: &Identity) -> BrokerSeen {
    let partitions = identity.partitions.unwrap_or_default();
    let leader = identity.quorum.map(|quorum| quorum.leader_id).filter(|leader| *leader >= 0);
    BrokerSeen {
        cluster_id: Some(identity.cluster_id.clone()).filter(|id| !id.is_empty()),
        directory_id: Some(identity.directory_id.clone()).filter(|id| !id.is_empty()),
        version: identity.version.clone(),
        serving: identity.state() == State::Serving,
        recovery: identity.recovery.map(|recovery| (recovery.logs_done, recovery.logs_total)),
        quorum_leader: leader.map(BrokerId),
        offline_partitions: partitions.offline,
        under_replicated_partitions: partitions.under_replicated,
    }
}
