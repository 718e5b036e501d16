//! The attributes of a batch.
//!
//! ```text
//! bit 15……7 6               5        4              3               2 1 0
//!     unused│delete horizon│control│transactional│timestamp type │compression
//! ```

/// The 16 bits of a batch's attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub i16);

/// How the records of a batch are compressed: all of them together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    #[default]
    None = 0,
    /// gzip (RFC 1952).
    Gzip = 1,
    /// Snappy blocks in the framing of xerial's snappy-java.
    Snappy = 2,
    /// LZ4 frames.
    Lz4 = 3,
    /// Zstandard (RFC 8878), since KIP-110.
    Zstd = 4,
}

/// Whose clock a batch's timestamps are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's.
    #[default]
    CreateTime,
    /// The leader's when it appended; the batch's max timestamp is then that of each record.
    LogAppendTime,
}

impl Compression {
    /// All of them.
    pub const ALL: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    /// Kafka's name of it in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }
}

impl Attributes {
    const COMPRESSION: i16 = 0x07;
    const LOG_APPEND_TIME: i16 = 0x08;
    const TRANSACTIONAL: i16 = 0x10;
    const CONTROL: i16 = 0x20;
    const DELETE_HORIZON: i16 = 0x40;

    /// The attributes of a batch that is neither transactional nor control.
    #[must_use]
    pub fn new(compression: Compression, timestamps: TimestampType) -> Self {
        Self(compression as i16).with_timestamps(timestamps)
    }

    /// The compression; `None` when no one knows this number.
    #[must_use]
    pub fn compression(self) -> Option<Compression> {
        Compression::ALL.get((self.0 & Self::COMPRESSION) as usize).copied()
    }

    /// Whose clock the timestamps are from.
    #[must_use]
    pub fn timestamps(self) -> TimestampType {
        if self.0 & Self::LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// These attributes with another timestamp type.
    #[must_use]
    pub fn with_timestamps(self, timestamps: TimestampType) -> Self {
        match timestamps {
            TimestampType::CreateTime => Self(self.0 & !Self::LOG_APPEND_TIME),
            TimestampType::LogAppendTime => Self(self.0 | Self::LOG_APPEND_TIME),
        }
    }

    /// These attributes of a batch within a transaction.
    #[must_use]
    pub fn transactional(self) -> Self {
        Self(self.0 | Self::TRANSACTIONAL)
    }

    /// These attributes of a control batch.
    #[must_use]
    pub fn control(self) -> Self {
        Self(self.0 | Self::CONTROL)
    }

    /// Whether the batch belongs to a transaction.
    #[must_use]
    pub fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    /// Whether the batch holds records of the system, which consumers do not see.
    #[must_use]
    pub fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    /// Whether the base timestamp is the time from which tombstones may be removed (KIP-534).
    #[must_use]
    pub fn has_delete_horizon(self) -> bool {
        self.0 & Self::DELETE_HORIZON != 0
    }

    /// Bits that no version of Kafka gives a meaning.
    #[must_use]
    pub fn unknown_bits(self) -> i16 {
        self.0 & !0x7f
    }
}
