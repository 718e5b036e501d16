//! The listeners as the settings say: bound first, served once the broker takes part.

use crate::tls::{self, TlsError};
use klamm_metadata::{
    Endpoint,
    config::{Settings, elements, parse_listeners},
};
use klamm_net::{Budget, Closing, Counters, Gate, Limits, tls::TlsAcceptor};
use klamm_types::Str;
use klamm_world::{Listener, World};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// Requests of one connection that may be under way at once.
const UNANSWERED_MAX: usize = 64;

/// Listeners between nodes have memory of their own, this part of that of clients and no more than this: clients who fill theirs must
/// not hold up heartbeats, votes and replication.
const INTERNAL_SHARE: usize = 8;
const INTERNAL_BYTES_MAX: usize = 32 << 20;

/// Security protocols by their number in registrations.
const PLAINTEXT: i16 = 0;
pub(crate) const SSL: i16 = 1;

/// Why listeners cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The operating system's.
    #[error("cannot listen on {address} (listeners, {name}): {error}")]
    Bind {
        /// The listener.
        name: String,
        /// Its address.
        address: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// A name where an address is needed.
    #[error(
        "listeners: {name} has the host {host}, and an IP address is needed, or nothing for all addresses"
    )]
    Host {
        /// The listener.
        name: String,
        /// Its host.
        host: String,
    },
    /// A protocol that is not served.
    #[error("listener.security.protocol.map: {name} has {protocol}; PLAINTEXT and SSL are served")]
    Protocol {
        /// The listener.
        name: String,
        /// Its protocol.
        protocol: String,
    },
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A listener that is bound.
pub struct Bound {
    /// How it treats connections.
    pub gate: Arc<Gate>,
    /// Its socket.
    pub socket: Box<dyn Listener>,
    /// Its address.
    pub address: SocketAddr,
    /// What clients are told of it.
    pub endpoint: Endpoint,
    /// Whether it is for controllers.
    pub controller: bool,
}

/// Binds all listeners. `hostname` is what clients are told where neither the listener nor `advertised.listeners` has a host.
///
/// # Errors
/// See [`ListenError`].
pub fn bind(
    world: &World,
    settings: &Settings,
    budget: &Budget,
    hostname: &str,
    closing: &Closing,
) -> Result<Vec<Bound>, ListenError> {
    let text = settings.get("listeners").unwrap_or_default();
    let advertised = settings.get("advertised.listeners").unwrap_or_default();
    let advertised = parse_listeners(&advertised).unwrap_or_default();
    let controllers = settings.get("controller.listener.names").unwrap_or_default();
    let mut tls: Option<TlsAcceptor> = None;
    let mut bound = Vec::new();
    let listeners = parse_listeners(&text).unwrap_or_default();
    let names: Vec<&str> = listeners.iter().map(|listener| listener.name).collect();
    let internal_budget = Budget::new((budget.total_bytes() / INTERNAL_SHARE).min(INTERNAL_BYTES_MAX));
    for listener in listeners {
        let internal = is_internal(settings, &names, listener.name);
        let protocol = protocol(settings, listener.name)?;
        if protocol == SSL && tls.is_none() {
            tls = Some(tls::acceptor(world.disk.as_ref(), settings)?);
        }
        let address = SocketAddr::new(ip(listener.name, listener.host)?, listener.port);
        let bind =
            |error| ListenError::Bind { name: listener.name.to_owned(), address: address.to_string(), error };
        let socket = world.network.listen(address).map_err(bind)?;
        let address = socket.local_address().map_err(bind)?;
        let told = advertised.iter().find(|one| one.name == listener.name);
        let host = [told.map_or("", |one| one.host), listener.host, hostname];
        let host =
            host.into_iter().find(|host| !matches!(*host, "" | "0.0.0.0" | "::")).unwrap_or("localhost");
        let port = told.map_or(0, |one| one.port);
        bound.push(Bound {
            gate: Arc::new(Gate {
                name: Str::from(listener.name),
                tls: tls.clone().filter(|_| protocol == SSL),
                limits: limits(settings, if internal { &internal_budget } else { budget }),
                counters: Arc::new(Counters::default()),
                closing: closing.clone(),
            }),
            endpoint: Endpoint {
                listener: Str::from(listener.name),
                host: Str::from(host),
                port: if port == 0 { address.port() } else { port },
                security_protocol: protocol,
            },
            controller: elements(&controllers).any(|name| name == listener.name),
            socket,
            address,
        });
    }
    Ok(bound)
}

/// Whether only nodes speak on the listener `name` of those there are: it is the controllers', or the brokers' where clients have another.
fn is_internal(settings: &Settings, names: &[&str], name: &str) -> bool {
    let controllers = settings.get("controller.listener.names").unwrap_or_default();
    let controller = |name: &str| elements(&controllers).any(|controller| controller == name);
    let brokers = settings.get("inter.broker.listener.name").unwrap_or_default();
    let others = names.iter().any(|one| *one != name && !controller(one));
    controller(name) || (brokers == *name && others)
}

fn limits(settings: &Settings, budget: &Budget) -> Limits {
    let idle = settings.number("connections.max.idle.ms").unwrap_or(600_000);
    Limits {
        frame_bytes_max: settings.number("socket.request.max.bytes").unwrap_or(100 << 20),
        connections_max: settings.number("max.connections").unwrap_or(u64::MAX),
        unanswered_max: UNANSWERED_MAX,
        idle_max: Duration::from_millis(idle),
        budget: budget.clone(),
    }
}

/// The protocol of the listener `name` by `listener.security.protocol.map`.
///
/// # Errors
/// [`ListenError::Protocol`].
pub(crate) fn protocol(settings: &Settings, name: &str) -> Result<i16, ListenError> {
    let map = settings.get("listener.security.protocol.map").unwrap_or_default();
    let found =
        elements(&map).filter_map(|pair| pair.split_once(':')).find(|(listener, _)| *listener == name);
    match found.map_or("PLAINTEXT", |(_, protocol)| protocol) {
        "PLAINTEXT" => Ok(PLAINTEXT),
        "SSL" => Ok(SSL),
        other => Err(ListenError::Protocol { name: name.to_owned(), protocol: other.to_owned() }),
    }
}

fn ip(name: &str, host: &str) -> Result<IpAddr, ListenError> {
    match host {
        "" => Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        "localhost" => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        host => host.parse().map_err(|_| ListenError::Host { name: name.to_owned(), host: host.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_between_nodes_have_memory_of_their_own() {
        let check = |brokers: &str, names: &[&str], internal: &[&str]| {
            let listeners: Vec<_> =
                names.iter().enumerate().map(|(port, name)| format!("{name}://127.0.0.1:{port}")).collect();
            let protocols: Vec<_> = names.iter().map(|name| format!("{name}:PLAINTEXT")).collect();
            let settings = Settings::new([
                ("node.id", "1"),
                ("listeners", &listeners.join(",")),
                ("listener.security.protocol.map", &protocols.join(",")),
                ("inter.broker.listener.name", brokers),
            ]);
            let settings = settings.expect("they are valid");
            let found: Vec<_> =
                names.iter().copied().filter(|name| is_internal(&settings, names, name)).collect();
            assert_eq!(found, internal);
        };
        check("", &["PLAIN", "CONTROLLER"], &["CONTROLLER"]);
        check("PLAIN", &["PLAIN", "CONTROLLER"], &["CONTROLLER"]);
        check("BROKERS", &["PLAIN", "BROKERS", "CONTROLLER"], &["BROKERS", "CONTROLLER"]);
    }
}
