//! Which header stands before which version of which API (KIP-482, KIP-511).

use crate::ApiKey;

impl ApiKey {
    /// The version of the header that precedes a request of this version.
    #[must_use]
    pub fn request_header_version(self, version: i16) -> i16 {
        if version >= self.flexible_from() { 2 } else { 1 }
    }

    /// The version of the header that precedes a response of this version.
    ///
    /// That of ApiVersions is always 0: a client that asks in a version that we do not know must be able to read the answer (KIP-511).
    #[must_use]
    pub fn response_header_version(self, version: i16) -> i16 {
        if self != ApiKey::ApiVersions && version >= self.flexible_from() { 1 } else { 0 }
    }

    /// Its number on the wire.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// Whether the schema knows this version. What is served is the server's choice.
    #[must_use]
    pub fn knows(self, version: i16) -> bool {
        self.versions().contains(&version)
    }
}

impl std::fmt::Display for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
