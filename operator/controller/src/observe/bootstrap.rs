//! Whether the Service that clients begin with leads to a broker yet.

use crate::{
    context::Context,
    error::{During, Error},
};
use k8s_openapi::api::core::v1::Service;
use klamm_plan::cluster::ValidatedCluster;
use kube::Api;
use std::{net::IpAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// Where kube-proxy knows of no pod yet, it refuses, or says nothing.
const CONNECT_MAX: Duration = Duration::from_millis(500);

/// Connects to the first listener by the Service's own address: what clients will do, on the node where the operator runs.
/// By address, since a name that is asked for too early is remembered as unknown for half a minute.
pub(super) async fn is_reached(context: &Context, valid: &ValidatedCluster) -> Result<bool, Error> {
    let name = valid.names.bootstrap();
    let services: Api<Service> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let service = services.get_opt(&name).await.during(|| format!("read Service {name}"))?;
    let address = service.and_then(|service| service.spec?.cluster_ip?.parse::<IpAddr>().ok());
    let port = valid.listeners.first().and_then(|listener| u16::try_from(listener.port).ok());
    let (Some(address), Some(port)) = (address, port) else { return Ok(false) };
    Ok(matches!(timeout(CONNECT_MAX, TcpStream::connect((address, port))).await, Ok(Ok(_))))
}
