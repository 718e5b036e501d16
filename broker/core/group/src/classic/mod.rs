//! A group of the classic protocol (KIP-62, 345, 394, 814): members join, one of them assigns, all sync.
//!
//! Owns the membership of one group and its deadlines. Must never answer about a change that is not committed.

mod admin;
mod group;
mod join;
mod leave;
mod member;
mod persist;
mod protocol;
mod rebalance;
mod session;
mod static_member;
mod sync;
pub(crate) use admin::describe_absent;
pub(crate) use group::{Group, JoinPhase, State};
pub(crate) use join::{Join, check_request as check_join, refuse as refuse_join};
pub(crate) use static_member::{Before, Replaced};
pub(crate) use sync::refuse as refuse_sync;
