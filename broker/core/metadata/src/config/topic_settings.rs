//! A topic's settings as the log and the coordinators use them: typed, with the broker's behind them.

use super::{ConfigError, Layers, ThrottledReplicas, effective::Values, elements, topic_def};
use klamm_types::Str;
use std::str::FromStr;

/// Whose clock a record's timestamp is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's.
    CreateTime,
    /// The broker's.
    LogAppendTime,
}

/// The settings of one topic that count, typed.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicSettings {
    /// `cleanup.policy` has `compact`.
    pub compact: bool,
    /// `cleanup.policy` has `delete`.
    pub delete: bool,
    /// `file.delete.delay.ms`
    pub file_delete_delay_ms: i64,
    /// `index.interval.bytes`
    pub index_interval_bytes: i32,
    /// `max.message.bytes`
    pub max_message_bytes: i32,
    /// `message.timestamp.type`
    pub timestamp_type: TimestampType,
    /// `message.timestamp.after.max.ms`
    pub timestamp_after_max_ms: i64,
    /// `message.timestamp.before.max.ms`
    pub timestamp_before_max_ms: i64,
    /// `min.insync.replicas`
    pub min_insync_replicas: i32,
    /// `retention.bytes`; −1 is no limit.
    pub retention_bytes: i64,
    /// `retention.ms`; −1 is no limit.
    pub retention_ms: i64,
    /// `segment.bytes`
    pub segment_bytes: i32,
    /// `segment.index.bytes`
    pub segment_index_bytes: i32,
    /// `segment.jitter.ms`
    pub segment_jitter_ms: i64,
    /// `segment.ms`
    pub segment_ms: i64,
    /// `klamm.durability=fsync`
    pub fsync: bool,
    /// `leader.replication.throttled.replicas`
    pub throttled_leaders: ThrottledReplicas,
    /// `follower.replication.throttled.replicas`
    pub throttled_followers: ThrottledReplicas,
}

impl TopicSettings {
    /// The settings of a topic on which `topic` is set, on a broker with `layers`.
    #[must_use]
    pub fn of(topic: &Values, layers: Layers<'_>) -> Self {
        let reader = Reader { topic, layers };
        let policy = reader.text("cleanup.policy");
        Self {
            compact: elements(&policy).any(|one| one == "compact"),
            delete: elements(&policy).any(|one| one == "delete"),
            file_delete_delay_ms: reader.number("file.delete.delay.ms"),
            index_interval_bytes: reader.number("index.interval.bytes"),
            max_message_bytes: reader.number("max.message.bytes"),
            timestamp_type: if reader.text("message.timestamp.type") == "LogAppendTime" {
                TimestampType::LogAppendTime
            } else {
                TimestampType::CreateTime
            },
            timestamp_after_max_ms: reader.number("message.timestamp.after.max.ms"),
            timestamp_before_max_ms: reader.number("message.timestamp.before.max.ms"),
            min_insync_replicas: reader.number("min.insync.replicas"),
            retention_bytes: reader.number("retention.bytes"),
            retention_ms: reader.number("retention.ms"),
            segment_bytes: reader.number("segment.bytes"),
            segment_index_bytes: reader.number("segment.index.bytes"),
            segment_jitter_ms: reader.number("segment.jitter.ms"),
            segment_ms: reader.number("segment.ms"),
            fsync: reader.text("klamm.durability") == "fsync",
            throttled_leaders: reader.replicas("leader.replication.throttled.replicas"),
            throttled_followers: reader.replicas("follower.replication.throttled.replicas"),
        }
    }
}

struct Reader<'a> {
    topic: &'a Values,
    layers: Layers<'a>,
}

impl Reader<'_> {
    fn text(&self, name: &'static str) -> Str {
        let definition = topic_def(name).expect("a test reads every field");
        self.layers.topic_value(definition, self.topic).unwrap_or_default()
    }

    /// The replicas; none when what was written down is no list of them.
    fn replicas(&self, name: &'static str) -> ThrottledReplicas {
        ThrottledReplicas::parse(&self.text(name)).unwrap_or(ThrottledReplicas::These(Vec::new()))
    }

    /// The value; the default when what was written down is no value (a record of another version of Kafka).
    fn number<T: FromStr>(&self, name: &'static str) -> T {
        let default = || topic_def(name).ok().and_then(|definition| definition.default?.parse().ok());
        self.text(name).trim().parse().ok().or_else(default).expect("a test reads every default")
    }
}

/// Checks what is to be set on a topic: each setting for itself, then all together.
///
/// # Errors
/// [`ConfigError`] for the first that is wrong.
pub fn check_topic(topic: &Values) -> Result<(), ConfigError> {
    for (name, value) in topic {
        topic_def(name)?.check(value)?;
    }
    let lag = |name| topic.get(name).and_then(|value: &Str| value.trim().parse::<i64>().ok());
    match (lag("min.compaction.lag.ms"), lag("max.compaction.lag.ms")) {
        (Some(min), Some(max)) if min > max => Err(ConfigError::Together(format!(
            "min.compaction.lag.ms is {min}, which must not be more than max.compaction.lag.ms, {max}"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_kafkas() {
        let none = Values::new();
        let settings = TopicSettings::of(&none, Layers { broker: &none, all_brokers: &none, file: &none });
        assert_eq!(settings.segment_bytes, 1 << 30);
        assert_eq!(settings.retention_ms, 7 * 24 * 3_600_000);
        assert!(settings.delete && !settings.compact && !settings.fsync);
    }

    #[test]
    fn settings_are_checked_together() {
        let both = |min: &str, max: &str| {
            check_topic(&Values::from([
                ("min.compaction.lag.ms".into(), min.into()),
                ("max.compaction.lag.ms".into(), max.into()),
            ]))
        };
        assert_eq!(both("1", "2"), Ok(()));
        assert!(matches!(both("2", "1"), Err(ConfigError::Together(_))));
    }
}
