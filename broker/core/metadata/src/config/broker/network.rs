//! Settings of who the broker is, how it is reached, and what a connection may cost.

use super::super::{
    ConfigDef, Kind,
    Valid::{Any, Check, From, OneOf},
    definition::{int, list, long, text, unset},
};

const NO_THREAD_POOLS: &str = "connections are tasks on all cores, there is no pool to size";
const KERNEL_SIZES: &str = "the kernel sizes the buffers of each connection by itself";

pub(super) const NETWORK: &[ConfigDef] = &[
    unset(
        "advertised.listeners",
        Kind::List,
        Check(are_listeners, LISTENERS),
        "The addresses that clients are told; the listeners' own when not set.",
    ),
    int("background.threads", "10", From(1), "How many threads do the broker's chores.")
        .no_effect(NO_THREAD_POOLS)
        .cluster_wide(),
    int("broker.id", "-1", Any, "The older name of node.id; the two must be equal."),
    unset("broker.rack", Kind::String, Any, "Where the broker stands: replicas are spread over racks."),
    long("connections.max.idle.ms", "600000", Any, "After which silence a connection is closed."),
    unset("inter.broker.listener.name", Kind::String, Any, "The listener that other brokers use."),
    text(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
        Check(is_protocol_map, "NAME:PROTOCOL pairs with commas, PROTOCOL one of PLAINTEXT, SSL"),
        "Which protocol each listener speaks.",
    ),
    list("listeners", "PLAINTEXT://:9092", Check(are_listeners, LISTENERS), "Where the broker listens."),
    unset(
        "klamm.control.listener",
        Kind::String,
        Any,
        "Where the operator's control service is served, as host:port; none when not set. With it, a broker with an empty log directory waits to be formatted.",
    ),
    unset(
        "klamm.http.listener",
        Kind::String,
        Any,
        "Where /livez, /readyz, /metrics and /version are served, as host:port; none when not set.",
    ),
    long(
        "klamm.memory.budget.bytes",
        "0",
        From(0),
        "How many bytes requests may hold at once; 0 takes a share of the memory that the process may use.",
    ),
    unset(
        "klamm.tls.certificate.file",
        Kind::String,
        Any,
        "PEM file with the certificate chain of the listeners that speak SSL.",
    ),
    unset("klamm.tls.key.file", Kind::String, Any, "PEM file with the private key of that certificate."),
    unset(
        "klamm.tls.trust.file",
        Kind::String,
        Any,
        "PEM file with the authorities whose clients are accepted on the internal listeners.",
    ),
    int("max.connection.creation.rate", "2147483647", From(0), "How many connections a second are accepted.")
        .only(&["2147483647"], "connections are limited by number, not by rate")
        .cluster_wide(),
    int("max.connections", "2147483647", From(0), "How many connections the broker has at once.")
        .cluster_wide(),
    int("max.connections.per.ip", "2147483647", From(0), "How many connections one address has at once.")
        .cluster_wide(),
    text("max.connections.per.ip.overrides", "", Any, "Other limits for some addresses.")
        .only(&[""], "max.connections.per.ip is for all addresses")
        .cluster_wide(),
    int(
        "max.incremental.fetch.session.cache.slots",
        "1000",
        From(0),
        "How many fetch sessions are remembered (KIP-227).",
    ),
    int(
        "max.request.partition.size.limit",
        "2000",
        From(1),
        "How many partitions one answer of DescribeTopicPartitions has.",
    )
    .no_effect("the request is not served yet"),
    list("metric.reporters", "", Any, "Java classes that report metrics.")
        .no_effect("metrics are served at /metrics"),
    unset("node.id", Kind::Int, From(0), "The number of this node, unique in the cluster.").required(),
    int("num.io.threads", "8", From(1), "How many threads work on requests.")
        .no_effect(NO_THREAD_POOLS)
        .cluster_wide(),
    int("num.network.threads", "3", From(1), "How many threads work on sockets.")
        .no_effect(NO_THREAD_POOLS)
        .cluster_wide(),
    list("process.roles", "broker,controller", OneOf(&["broker", "controller"]), "What this node is.").only(
        &["broker,controller", "controller,broker", "broker"],
        "whoever may vote in the quorum is a broker too",
    ),
    long("queued.max.request.bytes", "-1", Any, "How many bytes of requests may wait.")
        .no_effect("klamm.memory.budget.bytes bounds them"),
    int("queued.max.requests", "500", From(1), "How many requests may wait.")
        .no_effect("klamm.memory.budget.bytes bounds them"),
    int("request.timeout.ms", "30000", Any, "How long the broker waits for an answer of another."),
    int("socket.listen.backlog.size", "50", From(1), "How many connections may wait to be accepted."),
    int("socket.receive.buffer.bytes", "102400", Any, "The kernel's receive buffer of a connection.")
        .no_effect(KERNEL_SIZES),
    int("socket.request.max.bytes", "104857600", From(1), "The largest request, in bytes."),
    int("socket.send.buffer.bytes", "102400", Any, "The kernel's send buffer of a connection.")
        .no_effect(KERNEL_SIZES),
];

const LISTENERS: &str = "NAME://host:port with commas between them, each name once";

/// A listener's name, host and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerAddress<'a> {
    /// Its name.
    pub name: &'a str,
    /// The host; empty is "all addresses" for `listeners`.
    pub host: &'a str,
    /// The port.
    pub port: u16,
}

/// The elements of `listeners` or `advertised.listeners`; `None` when one is not an address.
#[must_use]
pub fn parse_listeners(value: &str) -> Option<Vec<ListenerAddress<'_>>> {
    super::super::elements(value).map(parse_listener).collect()
}

fn parse_listener(element: &str) -> Option<ListenerAddress<'_>> {
    let (name, address) = element.split_once("://")?;
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    (!name.is_empty() && name.chars().all(letters)).then_some(())?;
    Some(ListenerAddress { name, host, port: port.parse().ok()? })
}

fn are_listeners(value: &str) -> bool {
    parse_listeners(value).is_some_and(|listeners| {
        !listeners.is_empty()
            && listeners
                .iter()
                .enumerate()
                .all(|(i, one)| !listeners[..i].iter().any(|other| other.name == one.name))
    })
}

fn is_protocol_map(value: &str) -> bool {
    super::super::elements(value).all(|pair| {
        pair.split_once(':').is_some_and(|(_, protocol)| {
            ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"].contains(&protocol)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_names_with_addresses() {
        let check = |value, expected: Option<&[(&str, &str, u16)]>| {
            let parsed = parse_listeners(value);
            let parsed =
                parsed.as_ref().map(|all| all.iter().map(|l| (l.name, l.host, l.port)).collect::<Vec<_>>());
            assert_eq!(parsed.as_deref(), expected, "{value}");
        };
        check("PLAINTEXT://:9092", Some(&[("PLAINTEXT", "", 9092)]));
        check("A://h:1, B://[::1]:2", Some(&[("A", "h", 1), ("B", "::1", 2)]));
        check("A://h", None);
        check("h:1", None);
        check("A://h:70000", None);
    }

    #[test]
    fn a_listener_comes_once() {
        assert!(!are_listeners("A://h:1,A://h:2") && !are_listeners("") && are_listeners("A://h:1,B://h:1"));
    }
}
