//! Settings of the log directories and of what topics inherit.

use super::super::{
    ConfigDef, Kind,
    Valid::{Any, Between, BetweenOr, From, OneOf},
    definition::{double, flag, int, list, long, text, unset},
    topic::{COMPRESSIONS, DURABILITIES, FLUSHED, KEPT_AS_COMPRESSED, NEVER, NOT_COMPACTED, NOT_TIERED},
};

pub(super) const STORAGE: &[ConfigDef] = &[
    flag("auto.create.topics.enable", "true", "Whether a topic is made when a client asks for its metadata and wants it."),
    int("compression.gzip.level", "-1", BetweenOr(1, 9, -1), "The gzip level of topics that compress by themselves.")
        .no_effect(KEPT_AS_COMPRESSED)
        .cluster_wide(),
    int("compression.lz4.level", "9", Between(1, 17), "The lz4 level of topics that compress by themselves.")
        .no_effect(KEPT_AS_COMPRESSED)
        .cluster_wide(),
    text("compression.type", "producer", OneOf(COMPRESSIONS), "How topics compress that say nothing.")
        .only(&["producer"], KEPT_AS_COMPRESSED)
        .cluster_wide(),
    int("compression.zstd.level", "3", Between(-131_072, 22), "The zstd level of topics that compress by themselves.")
        .no_effect(KEPT_AS_COMPRESSED)
        .cluster_wide(),
    int("default.replication.factor", "1", From(1), "The replicas of a topic that is made without a number."),
    flag("delete.topic.enable", "true", "Whether topics can be deleted."),
    text("klamm.durability", "replicated", OneOf(DURABILITIES), "The klamm.durability of topics that say nothing.")
        .cluster_wide(),
    text("klamm.replication.factor.excess", "reject", OneOf(&["reject", "reduce"]), "What happens to a topic that is to have more replicas than there are brokers: reject refuses it as Kafka does, reduce makes it with as many replicas as there are brokers.")
        .cluster_wide(),
    long("klamm.unflushed.bytes", "268435456", From(1), "About so many bytes of a device may be written and not yet flushed: a crash has no more than that to recover. Producers never wait for it."),
    long("log.cleaner.backoff.ms", "15000", From(0), "How long the cleaner sleeps when there is nothing to clean.").no_effect(NOT_COMPACTED).cluster_wide(),
    long("log.cleaner.dedupe.buffer.size", "134217728", Any, "The memory of the cleaner's map of keys.").no_effect(NOT_COMPACTED).cluster_wide(),
    long("log.cleaner.delete.retention.ms", "86400000", From(0), "The delete.retention.ms of topics that say nothing.").no_effect(NOT_COMPACTED).cluster_wide(),
    flag("log.cleaner.enable", "true", "Whether compaction runs.").no_effect(NOT_COMPACTED),
    double("log.cleaner.io.buffer.load.factor", "0.9", Any, "How full the cleaner's map of keys gets.").no_effect(NOT_COMPACTED).cluster_wide(),
    int("log.cleaner.io.buffer.size", "524288", From(0), "The memory of the cleaner's reads and writes.").no_effect(NOT_COMPACTED).cluster_wide(),
    double("log.cleaner.io.max.bytes.per.second", "1.7976931348623157E308", Any, "How fast the cleaner reads and writes.").no_effect(NOT_COMPACTED).cluster_wide(),
    long("log.cleaner.max.compaction.lag.ms", NEVER, From(1), "The max.compaction.lag.ms of topics that say nothing.").no_effect(NOT_COMPACTED).cluster_wide(),
    double("log.cleaner.min.cleanable.ratio", "0.5", Between(0, 1), "The min.cleanable.dirty.ratio of topics that say nothing.").no_effect(NOT_COMPACTED).cluster_wide(),
    long("log.cleaner.min.compaction.lag.ms", "0", From(0), "The min.compaction.lag.ms of topics that say nothing.").no_effect(NOT_COMPACTED).cluster_wide(),
    int("log.cleaner.threads", "1", From(0), "How many threads clean.").no_effect(NOT_COMPACTED).cluster_wide(),
    list("log.cleanup.policy", "delete", OneOf(&["compact", "delete"]), "The cleanup.policy of topics that say nothing.").cluster_wide(),
    list("log.dir", "/tmp/kafka-logs", Any, "The log directory when log.dirs is not set."),
    unset("log.dirs", Kind::List, Any, "The log directories."),
    long("log.flush.interval.messages", NEVER, From(1), "The flush.messages of topics that say nothing.").only(&[NEVER], FLUSHED).cluster_wide(),
    unset("log.flush.interval.ms", Kind::Long, Any, "The flush.ms of topics that say nothing.").only(&[NEVER], FLUSHED).cluster_wide(),
    int("log.flush.offset.checkpoint.interval.ms", "60000", From(0), "How often the recovery point is written down.").no_effect("it is written whenever the background flusher has moved it"),
    long("log.flush.scheduler.interval.ms", NEVER, Any, "How often the flusher looks whether a log wants a flush.").no_effect(FLUSHED),
    int("log.flush.start.offset.checkpoint.interval.ms", "60000", From(0), "How often the logs' start offsets are written down.").no_effect("they are written when they change"),
    int("log.index.interval.bytes", "4096", From(0), "The index.interval.bytes of topics that say nothing.").cluster_wide(),
    int("log.index.size.max.bytes", "10485760", From(4), "The segment.index.bytes of topics that say nothing.").cluster_wide(),
    long("log.local.retention.bytes", "-2", From(-2), "The local.retention.bytes of topics that say nothing.").only(&["-2"], NOT_TIERED).cluster_wide(),
    long("log.local.retention.ms", "-2", From(-2), "The local.retention.ms of topics that say nothing.").only(&["-2"], NOT_TIERED).cluster_wide(),
    long("log.message.timestamp.after.max.ms", "3600000", From(0), "The message.timestamp.after.max.ms of topics that say nothing.").cluster_wide(),
    long("log.message.timestamp.before.max.ms", NEVER, From(0), "The message.timestamp.before.max.ms of topics that say nothing.").cluster_wide(),
    text("log.message.timestamp.type", "CreateTime", OneOf(&["CreateTime", "LogAppendTime"]), "The message.timestamp.type of topics that say nothing.").cluster_wide(),
    flag("log.preallocate", "false", "The preallocate of topics that say nothing.").only(&["false"], "segments grow as they are written").cluster_wide(),
    long("log.retention.bytes", "-1", Any, "The retention.bytes of topics that say nothing.").cluster_wide(),
    long("log.retention.check.interval.ms", "300000", From(1), "How often retention looks at every log."),
    int("log.retention.hours", "168", Any, "The retention.ms of topics that say nothing, in hours."),
    unset("log.retention.minutes", Kind::Int, Any, "The retention.ms of topics that say nothing, in minutes; stronger than the hours."),
    unset("log.retention.ms", Kind::Long, From(-1), "The retention.ms of topics that say nothing; stronger than the minutes.").cluster_wide(),
    int("log.roll.hours", "168", From(1), "The segment.ms of topics that say nothing, in hours."),
    int("log.roll.jitter.hours", "0", From(0), "The segment.jitter.ms of topics that say nothing, in hours."),
    unset("log.roll.jitter.ms", Kind::Long, From(0), "The segment.jitter.ms of topics that say nothing; stronger than the hours.").cluster_wide(),
    unset("log.roll.ms", Kind::Long, From(1), "The segment.ms of topics that say nothing; stronger than the hours.").cluster_wide(),
    int("log.segment.bytes", "1073741824", From(1_048_576), "The segment.bytes of topics that say nothing.").cluster_wide(),
    long("log.segment.delete.delay.ms", "60000", From(0), "The file.delete.delay.ms of topics that say nothing.").cluster_wide(),
    int("message.max.bytes", "1048588", From(0), "The max.message.bytes of topics that say nothing.").cluster_wide(),
    int("min.insync.replicas", "1", From(1), "The min.insync.replicas of topics that say nothing.").cluster_wide(),
    int("num.partitions", "1", From(1), "The partitions of a topic that is made without a number."),
    int("num.recovery.threads.per.data.dir", "2", From(1), "How many threads open the logs of one directory.").no_effect("every log thread opens its own logs").cluster_wide(),
    flag("unclean.leader.election.enable", "false", "The unclean.leader.election.enable of topics that say nothing.")
        .cluster_wide(),
];
