//! What can be set for one log, by Kafka's names.

use klamm_records::TimestampType;

/// The settings of one log, already checked.
///
/// Kafka's `flush.messages` and `flush.ms` are not here: they ask for an fsync per so many records or milliseconds of *one*
/// log. Durability is `klamm.durability` instead (architecture, decision 5), and flush rounds cover all logs of a device.
/// `compression.type` is `producer` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `segment.bytes`
    pub segment_bytes: u32,
    /// `segment.ms`
    pub segment_ms: i64,
    /// `segment.jitter.ms`, already drawn: by how much this log's segments roll earlier.
    pub segment_jitter_ms: i64,
    /// `segment.index.bytes`
    pub segment_index_bytes: u32,
    /// `index.interval.bytes`
    pub index_interval_bytes: u32,
    /// `retention.ms`; −1 keeps forever.
    pub retention_ms: i64,
    /// `retention.bytes`; −1 keeps all.
    pub retention_bytes: i64,
    /// `max.message.bytes`
    pub max_message_bytes: u32,
    /// `message.timestamp.type`
    pub message_timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`
    pub message_timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`
    pub message_timestamp_after_max_ms: i64,
    /// `cleanup.policy`
    pub cleanup_policy: CleanupPolicy,
    /// `file.delete.delay.ms`: how long a deleted segment's files stay, renamed, for readers that still open them.
    pub file_delete_delay_ms: i64,
    /// The broker's `producer.id.expiration.ms`
    pub producer_id_expiration_ms: i64,
}

/// `cleanup.policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupPolicy {
    /// Old segments are deleted.
    pub delete: bool,
    /// The last record of each key is kept; every record needs a key.
    pub compact: bool,
}

impl Default for LogConfig {
    /// Kafka's defaults.
    fn default() -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY_MS,
            segment_jitter_ms: 0,
            segment_index_bytes: 10 << 20,
            index_interval_bytes: 4096,
            retention_ms: 7 * DAY_MS,
            retention_bytes: -1,
            max_message_bytes: 1_048_588,
            message_timestamp_type: TimestampType::CreateTime,
            message_timestamp_before_max_ms: i64::MAX,
            message_timestamp_after_max_ms: 60 * 60 * 1000,
            cleanup_policy: CleanupPolicy { delete: true, compact: false },
            file_delete_delay_ms: 60_000,
            producer_id_expiration_ms: DAY_MS,
        }
    }
}
