//! The settings of a broker: those of Kafka 4.3 that an operator of a cluster sets, and Klamm's own.

mod coordination;
mod network;
mod storage;

use super::ConfigDef;
pub use network::{ListenerAddress, parse_listeners};

/// The settings of a broker.
pub fn definitions() -> impl Iterator<Item = &'static ConfigDef> + Clone {
    [storage::STORAGE, network::NETWORK, coordination::GROUPS, coordination::QUORUM].into_iter().flatten()
}

/// Kafka's settings that Klamm refuses, by the beginning of their name, and why.
pub(super) const NOT_SERVED: &[(&str, &str)] = &[
    ("sasl.", "listeners have no SASL authentication"),
    (
        "ssl.",
        "certificates are PEM files, named by klamm.tls.certificate.file, klamm.tls.key.file and klamm.tls.trust.file",
    ),
    ("security.", "each listener's protocol is in listener.security.protocol.map"),
    ("listener.name.", "all listeners have the same settings"),
    ("remote.", "all segments stay on the brokers' own disks"),
    ("rsm.config.", "all segments stay on the brokers' own disks"),
    ("rlmm.config.", "all segments stay on the brokers' own disks"),
    ("group.consumer.", "only classic groups are served so far"),
    ("group.share.", "only classic groups are served so far"),
    ("share.", "only classic groups are served so far"),
    ("group.streams.", "only classic groups are served so far"),
    ("delegation.token.", "listeners have no SASL authentication"),
    ("authorizer.", "there is no authorization yet"),
    ("super.users", "there is no authorization yet"),
    ("principal.builder.", "there is no authorization yet"),
    ("client.quota.", "there are no quotas yet"),
    ("quota.", "there are no quotas yet"),
    ("replication.quota.", "throttled replicas get the bytes of one second at once, and then the rate"),
    ("alter.log.dirs.", "partitions are not moved between directories"),
    ("create.topic.policy.", "Klamm loads no Java classes"),
    ("alter.config.policy.", "Klamm loads no Java classes"),
    ("config.providers", "Klamm loads no Java classes"),
    ("telemetry.", "clients' metrics are not collected"),
    ("metrics.", "metrics are served at /metrics"),
    ("kafka.metrics.", "metrics are served at /metrics"),
    ("early.start.listeners", "the listeners open when the broker is ready"),
    ("cordoned.log.dirs", "a broker has one log directory"),
    ("controller.quorum.auto.join.", "voters are added by AddRaftVoter, by the operator or by hand"),
    ("transaction.", "transactions come later"),
    ("add.partitions.to.txn.", "transactions come later"),
    (
        "delete.records.purgatory.",
        "waiting requests are woken by what they wait for, there is nothing to purge",
    ),
    ("fetch.purgatory.", "waiting requests are woken by what they wait for, there is nothing to purge"),
    ("producer.purgatory.", "waiting requests are woken by what they wait for, there is nothing to purge"),
    ("socket.connection.setup.", "a node of the same cluster is near: two seconds it has, always"),
    ("replica.", "followers have nothing to set of that"),
    ("internal.", "it is for Kafka's own tests"),
    ("unstable.", "it is for Kafka's own tests"),
    ("zookeeper.", "the metadata is in the quorum's log (KRaft)"),
];
