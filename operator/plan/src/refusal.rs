//! Why a spec cannot be carried out.

use std::fmt::Display;

/// Why a spec cannot be carried out: the reason and message of `Stalled=True`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// In PascalCase.
    pub reason: &'static str,
    /// Names what is wrong and what would be right.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// A field of the contract that this version does not do.
    pub(crate) fn not_yet(field: impl Display, served: impl Display) -> Self {
        Self::new(
            "NotSupportedYet",
            format!("{field} is not served by this version; what is served: {served}"),
        )
    }
}
