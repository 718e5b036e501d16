//! Settings of groups, producers, transactions, and of the metadata quorum.

use super::super::{
    ConfigDef, Kind,
    Valid::{Any, Check, From, OneOf},
    definition::{flag, int, list, long, short, text, unset},
    topic::NEVER,
};

const NO_TRANSACTIONS: &str = "transactions are not served yet";
const VOTERS_IN_LOG: &str = "who votes is in the quorum's log (KIP-853): format and AddRaftVoter say it";

pub(super) const GROUPS: &[ConfigDef] = &[
    text(
        "group.consumer.migration.policy",
        "bidirectional",
        Any,
        "How classic groups become consumer groups (KIP-848).",
    )
    .no_effect("only classic groups are served so far"),
    list(
        "group.coordinator.rebalance.protocols",
        "classic",
        OneOf(&["classic", "consumer", "streams", "share"]),
        "Which protocols groups may use.",
    )
    .only(&["classic"], "consumer, share and streams groups come later"),
    int("group.coordinator.threads", "4", From(1), "How many threads coordinate groups.")
        .no_effect("the log threads do"),
    int(
        "group.initial.rebalance.delay.ms",
        "3000",
        From(0),
        "How long a new group waits for more members before its first rebalance.",
    ),
    int(
        "group.max.session.timeout.ms",
        "1800000",
        From(1),
        "The longest session timeout that a member may ask for.",
    ),
    int("group.max.size", "2147483647", From(1), "How many members a group may have."),
    int(
        "group.min.session.timeout.ms",
        "6000",
        From(1),
        "The shortest session timeout that a member may ask for.",
    ),
    int(
        "offset.metadata.max.bytes",
        "4096",
        From(0),
        "How long the text may be that a client stores with an offset.",
    ),
    int("offsets.commit.timeout.ms", "5000", From(1), "How long a commit may wait for its replicas."),
    int(
        "offsets.load.buffer.size",
        "5242880",
        From(1),
        "How many bytes are read at once when offsets are loaded.",
    ),
    long("offsets.retention.check.interval.ms", "600000", From(1), "How often old offsets are looked for."),
    int("offsets.retention.minutes", "10080", From(1), "How long the offsets of an empty group are kept."),
    int("offsets.topic.compression.codec", "0", Any, "How __consumer_offsets is compressed.")
        .only(&["0"], "its batches are not compressed"),
    int(
        "offsets.topic.num.partitions",
        "50",
        From(1),
        "The partitions of __consumer_offsets; never to be changed.",
    ),
    short(
        "offsets.topic.replication.factor",
        "3",
        From(1),
        "The replicas of __consumer_offsets; as many as there are brokers when they are fewer.",
    ),
    int("offsets.topic.segment.bytes", "104857600", From(1), "The segment.bytes of __consumer_offsets."),
    int("producer.id.expiration.ms", "86400000", From(1), "After which silence a producer id is forgotten.")
        .cluster_wide(),
    int(
        "producer.id.expiration.check.interval.ms",
        "600000",
        From(1),
        "How often silent producer ids are looked for.",
    ),
    int("transaction.max.timeout.ms", "900000", From(1), "The longest timeout of a transaction.")
        .no_effect(NO_TRANSACTIONS),
    flag(
        "transaction.partition.verification.enable",
        "true",
        "Whether a partition checks that it is in the transaction (KIP-890).",
    )
    .no_effect(NO_TRANSACTIONS)
    .cluster_wide(),
    int("transaction.state.log.min.isr", "2", From(1), "The min.insync.replicas of __transaction_state.")
        .no_effect(NO_TRANSACTIONS),
    int("transaction.state.log.num.partitions", "50", From(1), "The partitions of __transaction_state.")
        .no_effect(NO_TRANSACTIONS),
    short("transaction.state.log.replication.factor", "3", From(1), "The replicas of __transaction_state.")
        .no_effect(NO_TRANSACTIONS),
    int(
        "transaction.state.log.segment.bytes",
        "104857600",
        From(1),
        "The segment.bytes of __transaction_state.",
    )
    .no_effect(NO_TRANSACTIONS),
    int(
        "transactional.id.expiration.ms",
        "604800000",
        From(1),
        "After which silence a transactional id is forgotten.",
    )
    .no_effect(NO_TRANSACTIONS),
];

pub(super) const QUORUM: &[ConfigDef] = &[
    flag(
        "auto.leader.rebalance.enable",
        "true",
        "Whether partitions go back to their preferred leaders by themselves.",
    ),
    int("broker.heartbeat.interval.ms", "150", From(1), "How often a broker reports to the controller."),
    int("broker.session.timeout.ms", "600", From(1), "After which silence a broker is fenced."),
    flag("controlled.shutdown.enable", "true", "Whether a broker hands over its partitions before it ends."),
    list("controller.listener.names", "CONTROLLER", Any, "The listeners that controllers talk on."),
    int(
        "controller.quorum.append.linger.ms",
        "25",
        From(0),
        "How long the controller gathers records before it writes them.",
    )
    .no_effect("what has come while the last batch was written is written next"),
    list("controller.quorum.bootstrap.servers", "", Any, "Where a new node finds the quorum."),
    int(
        "controller.quorum.election.backoff.max.ms",
        "200",
        From(0),
        "How long a candidate waits after an election without a winner.",
    ),
    int("controller.quorum.election.timeout.ms", "300", From(1), "How long a voter waits for votes."),
    int(
        "controller.quorum.fetch.timeout.ms",
        "600",
        From(1),
        "After which silence of the leader a voter becomes a candidate.",
    ),
    int(
        "controller.quorum.request.timeout.ms",
        "2000",
        From(1),
        "How long a node waits for an answer of another.",
    ),
    int("controller.quorum.retry.backoff.ms", "20", From(0), "How long a node waits before it asks again."),
    list(
        "controller.quorum.voters",
        "",
        Check(are_voters, "id@host:port with commas between them"),
        "The voters of a quorum of the older, static kind.",
    )
    .no_effect(VOTERS_IN_LOG),
    long(
        "follower.replication.throttled.rate",
        NEVER,
        From(0),
        "How many bytes a second this broker fetches of replicas in follower.replication.throttled.replicas while they are not in sync (KIP-73).",
    )
    .cluster_wide(),
    int(
        "initial.broker.registration.timeout.ms",
        "60000",
        From(1),
        "How long a broker tries to register before it gives up.",
    ),
    long(
        "leader.imbalance.check.interval.seconds",
        "300",
        From(1),
        "How often preferred leaders are looked at.",
    ),
    long(
        "leader.replication.throttled.rate",
        NEVER,
        From(0),
        "How many bytes a second this broker gives of replicas in leader.replication.throttled.replicas to followers that are not in sync (KIP-73).",
    )
    .cluster_wide(),
    unset(
        "metadata.log.dir",
        Kind::String,
        Any,
        "Where the metadata log is; the first log directory when not set.",
    ),
    long(
        "metadata.log.max.record.bytes.between.snapshots",
        "20971520",
        From(1),
        "After how many bytes of metadata records a snapshot is made.",
    ),
    long(
        "metadata.log.max.snapshot.interval.ms",
        "3600000",
        From(0),
        "After which time a snapshot is made if there are new records; 0 is never.",
    ),
    int(
        "metadata.log.segment.bytes",
        "1073741824",
        From(8_388_608),
        "How large a segment of the metadata log grows.",
    ),
    long(
        "metadata.log.segment.ms",
        "604800000",
        From(1),
        "After which time a segment of the metadata log ends.",
    ),
    int(
        "metadata.max.idle.interval.ms",
        "500",
        From(0),
        "How often an idle controller writes a record so that the end of the log moves.",
    )
    .no_effect("followers hear what is committed without a record"),
    long(
        "metadata.max.retention.bytes",
        "104857600",
        Any,
        "How many bytes of metadata log and snapshots are kept.",
    ),
    long(
        "metadata.max.retention.ms",
        "604800000",
        Any,
        "How long metadata log and snapshots are kept that a later snapshot has made superfluous.",
    ),
    int("num.replica.fetchers", "1", From(1), "How many fetchers a broker has for each other.")
        .no_effect("log threads append side by side whatever one connection brings")
        .cluster_wide(),
    long(
        "replica.alter.log.dirs.io.max.bytes.per.second",
        NEVER,
        From(1),
        "How fast partitions move between directories.",
    )
    .no_effect("partitions are not moved between directories")
    .cluster_wide(),
    int(
        "replica.fetch.max.bytes",
        "1048576",
        From(0),
        "How many bytes of a partition a follower fetches at once.",
    ),
    int(
        "replica.fetch.backoff.ms",
        "1000",
        From(0),
        "The longest time for which a follower leaves a partition alone whose fetch fails; it begins with 20 ms.",
    ),
    int("replica.fetch.min.bytes", "1", Any, "How many bytes a follower's fetch waits for."),
    int(
        "replica.fetch.response.max.bytes",
        "10485760",
        From(0),
        "How many bytes a follower fetches at once.",
    ),
    int("replica.fetch.wait.max.ms", "500", Any, "How long a follower's fetch waits."),
    long(
        "replica.high.watermark.checkpoint.interval.ms",
        "5000",
        Any,
        "How often high watermarks are written down.",
    ),
    long("replica.lag.time.max.ms", "30000", Any, "After which lag a follower leaves the in-sync replicas."),
    unset(
        "replica.selector.class",
        Kind::String,
        Any,
        "Which replica consumers read from: the leader when not set; org.apache.kafka.common.replica.RackAwareReplicaSelector sends those that name their client.rack to an in-sync replica of that rack (KIP-392).",
    )
    .only(&["org.apache.kafka.common.replica.RackAwareReplicaSelector"], "Klamm loads no Java classes"),
    int("fetch.max.bytes", "57671680", From(1024), "The most bytes that one answer to a fetch has."),
];

fn are_voters(value: &str) -> bool {
    super::super::elements(value).all(|voter| {
        voter.split_once('@').is_some_and(|(id, address)| {
            id.parse::<u32>().is_ok()
                && address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
        })
    })
}
