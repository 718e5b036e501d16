//! The settings of a topic: all of Kafka 4.3's, and Klamm's own.

use super::{
    ConfigDef, ThrottledReplicas,
    Valid::{Any, Between, BetweenOr, Check, From, OneOf},
    definition::{double, flag, hours, int, list, long, minutes, same, text},
};

pub(super) const COMPRESSIONS: &[&str] = &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];
pub(super) const KEPT_AS_COMPRESSED: &str = "batches are kept as their producers compressed them";
pub(super) const NOT_TIERED: &str = "all segments stay on the brokers' own disks";
pub(super) const NOT_COMPACTED: &str = "compaction does not remove records yet";
pub(super) const FLUSHED: &str = "a background flusher bounds what is not on the device, and klamm.durability says what an acknowledgement promises";
pub(super) const NEVER: &str = "9223372036854775807";
pub(super) const DURABILITIES: &[&str] = &["replicated", "fsync"];

/// The settings of a topic, by name.
pub const TOPIC: &[ConfigDef] = &[
    list("cleanup.policy", "delete", OneOf(&["compact", "delete"]), "What happens to old records: delete removes segments past the retention, compact keeps the last record of each key; neither keeps all.")
        .topic(&[same("log.cleanup.policy")]),
    int("compression.gzip.level", "-1", BetweenOr(1, 9, -1), "The gzip level when the topic compresses by itself.")
        .no_effect(KEPT_AS_COMPRESSED)
        .topic(&[same("compression.gzip.level")]),
    int("compression.lz4.level", "9", Between(1, 17), "The lz4 level when the topic compresses by itself.")
        .no_effect(KEPT_AS_COMPRESSED)
        .topic(&[same("compression.lz4.level")]),
    text("compression.type", "producer", OneOf(COMPRESSIONS), "How batches are compressed on disk; producer keeps each as it came.")
        .only(&["producer"], KEPT_AS_COMPRESSED)
        .topic(&[same("compression.type")]),
    int("compression.zstd.level", "3", Between(-131_072, 22), "The zstd level when the topic compresses by itself.")
        .no_effect(KEPT_AS_COMPRESSED)
        .topic(&[same("compression.zstd.level")]),
    long("delete.retention.ms", "86400000", From(0), "How long a compacted topic keeps the markers of deleted keys.")
        .no_effect(NOT_COMPACTED)
        .topic(&[same("log.cleaner.delete.retention.ms")]),
    long("file.delete.delay.ms", "60000", From(0), "How long a deleted segment's file stays, for readers that are in it.")
        .topic(&[same("log.segment.delete.delay.ms")]),
    long("flush.messages", NEVER, From(1), "How many records may be written before the log is flushed to the device.")
        .only(&[NEVER], FLUSHED)
        .topic(&[same("log.flush.interval.messages")]),
    long("flush.ms", NEVER, From(0), "How long records may be written before the log is flushed to the device.")
        .only(&[NEVER], FLUSHED)
        .topic(&[same("log.flush.interval.ms"), same("log.flush.scheduler.interval.ms")]),
    list("follower.replication.throttled.replicas", "", Check(is_throttle, THROTTLE), "The replicas whose fetching is throttled on followers, by follower.replication.throttled.rate, while they are not in sync (KIP-73).")
        .topic(&[]),
    int("index.interval.bytes", "4096", From(0), "How many bytes of log one entry of the offset index stands for.")
        .topic(&[same("log.index.interval.bytes")]),
    text("klamm.durability", "replicated", OneOf(DURABILITIES), "What an acknowledgement promises: replicated, the record is in the memory of all in-sync replicas; fsync, it is on their devices.")
        .topic(&[same("klamm.durability")]),
    list("leader.replication.throttled.replicas", "", Check(is_throttle, THROTTLE), "The replicas that throttle, by leader.replication.throttled.rate, who fetches from them and is not in sync (KIP-73).")
        .topic(&[]),
    long("local.retention.bytes", "-2", From(-2), "How many bytes stay on the local disk when segments are tiered.")
        .only(&["-2"], NOT_TIERED)
        .topic(&[same("log.local.retention.bytes")]),
    long("local.retention.ms", "-2", From(-2), "How long segments stay on the local disk when they are tiered.")
        .only(&["-2"], NOT_TIERED)
        .topic(&[same("log.local.retention.ms")]),
    long("max.compaction.lag.ms", NEVER, From(1), "After which time a record is compacted at the latest.")
        .no_effect(NOT_COMPACTED)
        .topic(&[same("log.cleaner.max.compaction.lag.ms")]),
    int("max.message.bytes", "1048588", From(0), "The largest batch that is accepted, in bytes, as it is compressed.")
        .topic(&[same("message.max.bytes")]),
    long("message.timestamp.after.max.ms", "3600000", From(0), "How far in the future a record's timestamp may lie.")
        .topic(&[same("log.message.timestamp.after.max.ms")]),
    long("message.timestamp.before.max.ms", NEVER, From(0), "How far in the past a record's timestamp may lie.")
        .topic(&[same("log.message.timestamp.before.max.ms")]),
    text("message.timestamp.type", "CreateTime", OneOf(&["CreateTime", "LogAppendTime"]), "Whose clock a record's timestamp is of: the producer's or the broker's.")
        .topic(&[same("log.message.timestamp.type")]),
    double("min.cleanable.dirty.ratio", "0.5", Between(0, 1), "The share of a log that must be uncompacted before it is compacted.")
        .no_effect(NOT_COMPACTED)
        .topic(&[same("log.cleaner.min.cleanable.ratio")]),
    long("min.compaction.lag.ms", "0", From(0), "Before which time a record is not compacted.")
        .no_effect(NOT_COMPACTED)
        .topic(&[same("log.cleaner.min.compaction.lag.ms")]),
    int("min.insync.replicas", "1", From(1), "How many replicas must have a record before acks=all is answered.")
        .topic(&[same("min.insync.replicas")]),
    flag("preallocate", "false", "Whether a new segment's file is made at its full size.")
        .only(&["false"], "segments grow as they are written")
        .topic(&[same("log.preallocate")]),
    flag("remote.log.copy.disable", "false", "Whether a tiered topic stops copying segments.").only(&["false"], NOT_TIERED).topic(&[]),
    flag("remote.log.delete.on.disable", "false", "Whether tiered segments are deleted when tiering is turned off.")
        .only(&["false"], NOT_TIERED)
        .topic(&[]),
    flag("remote.storage.enable", "false", "Whether old segments move to a remote store.").only(&["false"], NOT_TIERED).topic(&[]),
    long("retention.bytes", "-1", Any, "How many bytes of a partition are kept; -1 keeps all.").topic(&[same("log.retention.bytes")]),
    long("retention.ms", "604800000", From(-1), "How long records are kept; -1 keeps them for ever.")
        .topic(&[same("log.retention.ms"), minutes("log.retention.minutes"), hours("log.retention.hours")]),
    int("segment.bytes", "1073741824", From(1_048_576), "How large a segment's file grows before the next begins.")
        .topic(&[same("log.segment.bytes")]),
    int("segment.index.bytes", "10485760", From(4), "How large a segment's index grows before the next segment begins.")
        .topic(&[same("log.index.size.max.bytes")]),
    long("segment.jitter.ms", "0", From(0), "By how much the age at which a segment ends is shortened at random, so that not all end at once.")
        .topic(&[same("log.roll.jitter.ms"), hours("log.roll.jitter.hours")]),
    long("segment.ms", "604800000", From(1), "After which time a segment ends even if it is not full.")
        .topic(&[same("log.roll.ms"), hours("log.roll.hours")]),
    flag("unclean.leader.election.enable", "false", "Whether a replica that is not in sync may lead, at the price of records.")
        .topic(&[same("unclean.leader.election.enable")]),
];

const THROTTLE: &str = "* or partition:broker pairs with commas";

fn is_throttle(value: &str) -> bool {
    ThrottledReplicas::parse(value).is_some()
}
