//! The gRPC service between operator and broker: `proto/control.proto` and what is generated from it
//! (`cargo xtask gen control`). No server, no client, no decisions.

#[allow(missing_docs, unused_results, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
mod generated;

pub use generated::*;
