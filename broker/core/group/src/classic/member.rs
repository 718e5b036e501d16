//! One member of a classic group.

use crate::event::Caller;
use klamm_protocol::join_group_request::JoinGroupRequest;
use klamm_types::{Bytes, Mono, Str};
use std::time::Duration;

/// A request that is kept until the group has got further, and the version that its answer must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub(crate) caller: Caller,
    pub(crate) api_version: i16,
}

/// A way to assign that a member can follow, with what it wants to tell its leader (its subscription).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub(crate) name: Str,
    pub(crate) metadata: Bytes,
}

/// A member.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: Str,
    pub(crate) instance: Option<Str>,
    pub(crate) client_id: Str,
    pub(crate) client_host: Str,
    pub(crate) rebalance_timeout: Duration,
    pub(crate) session_timeout: Duration,
    /// In the member's order of preference.
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) assignment: Bytes,
    /// Its first JoinGroup was not answered yet: it does not know its id's fate and cannot heartbeat.
    pub(crate) new: bool,
    pub(crate) awaiting_join: Option<Waiter>,
    pub(crate) awaiting_sync: Option<Waiter>,
    /// When it is given up, unless it is heard of. `None` while it waits for us.
    pub(crate) session_deadline: Option<Mono>,
}

impl Member {
    /// Takes what a JoinGroup says of its sender.
    pub(crate) fn update(&mut self, request: &JoinGroupRequest) {
        self.protocols = protocols_of(request);
        self.session_timeout = millis(request.session_timeout_ms);
        self.rebalance_timeout = rebalance_timeout(request);
    }

    /// Whether the JoinGroup brings the protocols that are known, in the same order and with the same metadata.
    pub(crate) fn matches(&self, request: &JoinGroupRequest) -> bool {
        self.protocols.len() == request.protocols.len()
            && self
                .protocols
                .iter()
                .zip(&request.protocols)
                .all(|(mine, theirs)| mine.name == theirs.name && mine.metadata == theirs.metadata)
    }

    pub(crate) fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|mine| mine.name == *protocol)
    }

    pub(crate) fn metadata(&self, protocol: &str) -> Bytes {
        let found = self.protocols.iter().find(|mine| mine.name == *protocol);
        found.map(|protocol| protocol.metadata.clone()).unwrap_or_default()
    }

    /// Whether it waits for us, so that its silence is no sign of death. A new member's is: it waits for its first
    /// answer, and its client may be gone long since.
    pub(crate) fn is_excused(&self) -> bool {
        !self.new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }
}

/// The protocols of a JoinGroup, in memory of their own.
pub(crate) fn protocols_of(request: &JoinGroupRequest) -> Vec<Protocol> {
    let detached = |protocol: &klamm_protocol::join_group_request::JoinGroupRequestProtocol| Protocol {
        name: protocol.name.detached(),
        metadata: Bytes::copy_from_slice(&protocol.metadata),
    };
    request.protocols.iter().map(detached).collect()
}

/// Version 0 has no rebalance timeout: there the session's counts for both.
pub(crate) fn rebalance_timeout(request: &JoinGroupRequest) -> Duration {
    millis(if request.rebalance_timeout_ms < 0 {
        request.session_timeout_ms
    } else {
        request.rebalance_timeout_ms
    })
}

pub(crate) fn millis(millis: i32) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
