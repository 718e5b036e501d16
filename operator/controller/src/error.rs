//! What can go wrong while observing and applying. Every error is tried again; none is fatal.

use thiserror::Error;

/// An attempt that failed.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// Kubernetes' API.
    #[error("{what}: {source}")]
    Api {
        /// What was tried.
        what: String,
        /// What it said.
        source: Box<kube::Error>,
    },
    /// An object does not hold what the operator wrote there.
    #[error("{0}")]
    Unreadable(String),
    /// A certificate could not be made.
    #[error("certificate of {what}: {source}")]
    Certificate {
        /// Whose.
        what: String,
        /// Why.
        source: rcgen::Error,
    },
    /// The control service of a broker.
    #[error("control service of broker {broker}: {message}")]
    Control {
        /// The broker.
        broker: i32,
        /// What it said.
        message: String,
    },
    /// The Kafka protocol of a broker.
    #[error(transparent)]
    Kafka(#[from] klamm_client::ClientError),
}

/// Says what was tried.
pub(crate) trait During<T> {
    /// Says what was tried.
    fn during(self, what: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> During<T> for Result<T, kube::Error> {
    fn during(self, what: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Api { what: what(), source: Box::new(source) })
    }
}

/// Whether the API said that the object is there already.
pub(crate) fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409)
}

/// Whether the API said that there is no such object.
pub(crate) fn is_absent(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}
