//! Connections to the other nodes of the cluster: each listener's protocol, this node's certificate, names resolved by the network.

use crate::{
    listeners::{self, SSL},
    tls::{self, TlsError},
};
use klamm_client::{ClientError, Connection, TlsConnector};
use klamm_metadata::config::{Settings, elements, parse_listeners};
use klamm_types::Str;
use klamm_world::World;
use std::{io, time::Duration};

/// How long the other side has to accept a connection and to say what it serves. A node of the same cluster is near: who takes
/// longer is gone, and will be asked again.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// The way to other nodes. Cheap to clone.
#[derive(Clone)]
pub struct Peers {
    world: World,
    settings: Settings,
    inter_broker_listener: Str,
    client_id: Str,
    tls: Option<TlsConnector>,
    request_max: Duration,
}

impl Peers {
    /// Reads this node's certificate, where an internal listener (the brokers' or the controllers') speaks SSL.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn new(world: &World, settings: &Settings) -> Result<Self, TlsError> {
        let controllers = settings.get("controller.listener.names").unwrap_or_default();
        let brokers = inter_broker_listener(settings);
        let ssl = |name: &str| listeners::protocol(settings, name).is_ok_and(|protocol| protocol == SSL);
        let any = elements(&controllers).chain([brokers.as_str()]).any(ssl);
        let tls = any.then(|| tls::connector(world.disk.as_ref(), settings)).transpose()?;
        Ok(Self {
            world: world.clone(),
            settings: settings.clone(),
            inter_broker_listener: brokers,
            client_id: Str::from(format!("broker-{}", settings.node_id()).as_str()),
            tls,
            request_max: Duration::from_millis(settings.number("request.timeout.ms").unwrap_or(30_000)),
        })
    }

    /// The listener at which brokers are asked by other brokers.
    #[must_use]
    pub fn inter_broker_listener(&self) -> Str {
        self.inter_broker_listener.clone()
    }

    /// Connects to `listener` of another node, at an address of it. Requests may take `request.timeout.ms`, unless the caller
    /// says otherwise ([`Connection::with_timeout`]).
    ///
    /// # Errors
    /// [`ClientError`]; `Io` with `InvalidInput` where the listener's protocol is none that is spoken.
    pub async fn connect(&self, listener: &str, host: &str, port: u16) -> Result<Connection, ClientError> {
        let invalid = |reason: String| ClientError::Io {
            broker: format!("{host}:{port}"),
            error: io::Error::new(io::ErrorKind::InvalidInput, reason),
        };
        let protocol = listeners::protocol(&self.settings, listener).map_err(|e| invalid(e.to_string()))?;
        let tls = match (protocol, &self.tls) {
            (SSL, None) => {
                return Err(invalid(format!("{listener} speaks SSL and is no listener between nodes")));
            }
            (SSL, some) => some.as_ref(),
            _ => None,
        };
        let connection =
            Connection::open(&self.world, (host, port), tls, self.client_id.clone(), CONNECT_MAX).await?;
        let release = self.settings.release;
        Ok(connection.within(|key, served| release.limit(key, served)).with_timeout(self.request_max))
    }
}

/// `inter.broker.listener.name`; else, as in Kafka, the one called PLAINTEXT; else the first that is not for controllers.
pub(crate) fn inter_broker_listener(settings: &Settings) -> Str {
    const KAFKAS: &str = "PLAINTEXT";
    if let Some(name) = settings.get("inter.broker.listener.name").filter(|name| !name.is_empty()) {
        return name;
    }
    let controllers = settings.get("controller.listener.names").unwrap_or_default();
    let text = settings.get("listeners").unwrap_or_default();
    let all = parse_listeners(&text).unwrap_or_default();
    let mut names =
        all.iter().map(|one| one.name).filter(|name| elements(&controllers).all(|one| one != *name));
    let first = names.clone().next().unwrap_or(KAFKAS);
    Str::from(names.find(|name| *name == KAFKAS).unwrap_or(first))
}
