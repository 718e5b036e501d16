//! What can be wrong with a message. Says where; never decides what the peer is told.

/// Bytes are not the message that they claim to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end within a field.
    #[error("the message ends at byte {at}: {needed} more bytes are needed, {remaining} are there")]
    UnexpectedEnd {
        /// Where the field begins.
        at: usize,
        /// How many bytes the field takes.
        needed: usize,
        /// How many there are.
        remaining: usize,
    },
    /// A length or count that no message can have.
    #[error("the length {length} at byte {at} cannot be: {remaining} bytes remain")]
    BadLength {
        /// Where the length stands.
        at: usize,
        /// The length as it was read.
        length: i64,
        /// How many bytes remain.
        remaining: usize,
    },
    /// A null where this version knows none.
    #[error("the field at byte {at} is null, which it cannot be in this version")]
    Null {
        /// Where the field begins.
        at: usize,
    },
    /// Text that is not UTF-8.
    #[error("the text at byte {at} is not UTF-8")]
    NotUtf8 {
        /// Where the text begins.
        at: usize,
    },
    /// A variable-length number that does not fit 32 bits.
    #[error("the variable-length number at byte {at} does not fit 32 bits")]
    BadVarint {
        /// Where the number begins.
        at: usize,
    },
    /// A tagged field whose content is not as long as it says.
    #[error("the tagged field {tag} ends at byte {at}, not at byte {end} as its size says")]
    BadTagSize {
        /// Which field.
        tag: u32,
        /// Where its content ends.
        at: usize,
        /// Where its size says that it ends.
        end: usize,
    },
    /// Bytes after the end of the message.
    #[error("{count} bytes follow the end of the message at byte {at}")]
    TrailingBytes {
        /// Where the message ends.
        at: usize,
        /// How many follow.
        count: usize,
    },
    /// A version that the message does not have.
    #[error("{message} has no version {version}")]
    UnknownVersion {
        /// The message.
        message: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A metadata or group record of a type that is not Kafka's.
    #[error("there is no record type {kind}")]
    UnknownRecord {
        /// The type as it was read.
        kind: i64,
    },
}

/// The message cannot be said in the version asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A version that the message does not have.
    #[error("{message} has no version {version}")]
    UnknownVersion {
        /// The message.
        message: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A field is set that the version cannot carry and that must not be dropped.
    #[error("{structure}.{field} is set, but version {version} cannot carry it")]
    FieldAbsent {
        /// The structure that holds the field.
        structure: &'static str,
        /// The field.
        field: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A field is null in a version that knows no null for it.
    #[error("{structure}.{field} is null, which version {version} cannot carry")]
    Null {
        /// The structure that holds the field.
        structure: &'static str,
        /// The field.
        field: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A text, byte string or array longer than its length field can say.
    #[error("a length of {length} does not fit its field")]
    TooLong {
        /// The length.
        length: usize,
    },
    /// A stretch of a file where bytes in memory are needed.
    #[error("a stretch of a file cannot become bytes in memory here")]
    FileInMemory,
}
