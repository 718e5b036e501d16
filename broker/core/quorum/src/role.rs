//! What a node is in the quorum, and how long it has patience.

use crate::{Leader, ReplicaKey};
use klamm_types::Mono;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What this node is in the quorum. A node that is no voter is an observer in the roles `Unattached` and `Follower`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It knows of no leader. Whom it voted for is in its state.
    Unattached,
    /// It asks whether it would get votes (KIP-996).
    Prospective(Campaign),
    /// It asks for votes.
    Candidate(Campaign),
    /// It leads.
    Leader(Leader),
    /// It follows the leader of its state.
    Follower,
    /// It led, and leaves the epoch to others.
    Resigned,
}

/// Who has said what to a node that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// Who has voted for it.
    pub granted: BTreeSet<ReplicaKey>,
    /// Who has not.
    pub rejected: BTreeSet<ReplicaKey>,
    /// Who did not answer, and when it is asked again.
    pub(crate) again: BTreeMap<ReplicaKey, Mono>,
    /// Where nobody listens: no vote will come from there, unless the process is started again.
    pub(crate) dead: BTreeSet<ReplicaKey>,
    /// A majority has said no: it stands again later.
    pub(crate) lost: bool,
}

/// How long things may take. Kafka's names are `controller.quorum.…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// `election.timeout.ms`: how long a node without a leader waits before it stands, and then for votes.
    pub election: Duration,
    /// `fetch.timeout.ms`: after which silence of the leader a voter stands; a leader without a majority of fetches resigns
    /// after one and a half times that.
    pub fetch: Duration,
    /// `election.backoff.max.ms`: how long a node that lost an election waits at most.
    pub backoff_max: Duration,
    /// `retry.backoff.ms`: how long a node waits before it asks again.
    pub retry: Duration,
    /// How long a leader may wait for news before it answers a fetch.
    pub fetch_wait: Duration,
}

impl Timeouts {
    /// The longest that a leader waits for news before it answers a fetch: Kafka's.
    const FETCH_WAIT_MAX: Duration = Duration::from_millis(500);

    /// From Kafka's settings. A fetch waits a third of the fetch timeout, so that one lost answer makes no candidate.
    #[must_use]
    pub fn new(election: Duration, fetch: Duration, backoff_max: Duration, retry: Duration) -> Self {
        let fetch_wait = (fetch / 3).min(Self::FETCH_WAIT_MAX);
        Self { election, fetch, backoff_max, retry, fetch_wait }
    }

    /// How long a leader leads without a majority that fetches (KIP-595: one and a half times the fetch timeout).
    #[must_use]
    pub fn check_quorum(&self) -> Duration {
        self.fetch * 3 / 2
    }

    /// How often a leader tells of itself to voters that do not fetch.
    #[must_use]
    pub fn begin_epoch(&self) -> Duration {
        self.fetch / 2
    }
}
