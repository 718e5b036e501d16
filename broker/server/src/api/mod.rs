//! One file per API: a request and what the broker knows in, a response out. This file holds the table of what is served, and
//! the way from a frame to its handler and back.
//!
//! Handlers never see versions that are not in the table, and answer with Kafka's error codes: an error that has no code of its
//! own in a response closes the connection, as Kafka does.

mod add_raft_voter;
mod alter_configs;
mod alter_partition_reassignments;
mod api_versions;
mod auto_create;
mod create_partitions;
mod create_topics;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod describe_log_dirs;
mod describe_quorum;
mod describe_topic_partitions;
mod duties;
mod elect_leaders;
mod fetch;
mod find_coordinator;
mod forward;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
mod join_group;
mod leave_group;
mod list_config_resources;
mod list_groups;
mod list_offsets;
mod list_partition_reassignments;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod produce;
mod raft;
mod remove_raft_voter;
mod resource;
#[cfg(test)]
pub(crate) mod samples;
mod sync_group;
mod unregister_broker;
mod update_features;

pub use auto_create::auto_create;

use crate::{broker::Broker, controller::HeartbeatConnection};
use klamm_metadata::Release;
use klamm_net::{Answer, Peer, Reply, Reservation, Service};
use klamm_protocol::{ApiKey, ErrorCode, Request, RequestFrame, encode_response};
use klamm_types::{Bytes, Mono, Str};
use std::{future::Future, ops::RangeInclusive, sync::Arc};

/// One request on its way: who asks whom, in which version.
pub struct Call {
    /// The broker.
    pub broker: Arc<Broker>,
    /// The client.
    pub peer: Arc<Peer>,
    /// What the listener serves.
    pub scope: Scope,
    /// The request's version: the response has the same.
    pub version: i16,
    /// When it arrived.
    pub arrived: Mono,
    /// What is asked.
    pub key: ApiKey,
    /// What the client calls itself.
    pub client_id: Str,
    /// The connection, for what counts on its being there: heartbeats.
    pub beats: Arc<HeartbeatConnection>,
    correlation_id: i32,
}

impl Call {
    /// Whether the listener serves the request in its version.
    fn is_served(&self) -> bool {
        let versions = self.scope.versions(self.broker.settings.release, self.key);
        versions.is_some_and(|versions| versions.contains(&self.version))
    }

    /// Whether what a replica may ask is answered here: brokers ask each other on the listener between brokers only. Elsewhere it
    /// is anybody who says so, would read what is not committed, and move high watermarks.
    fn is_between_brokers(&self) -> bool {
        let own = self.peer.listener.eq_ignore_ascii_case(&self.broker.peers.inter_broker_listener());
        if !own {
            self.broker.metrics.replica_refused();
            tracing::debug!(
                api = self.key.name(),
                listener = %self.peer.listener,
                client = %self.peer.address,
                "a replica's request is refused: this is not the listener between brokers"
            );
        }
        own
    }

    /// Asks the coordinator of a group.
    async fn ask_group<A>(&self, group: &str, request: klamm_group::Request) -> A
    where
        A: TryFrom<klamm_group::Response, Error = klamm_group::Response>,
    {
        self.broker.groups.ask(&self.broker, group, self.group_context(), request).await
    }

    /// What a coordinator is told of the client; the address as Java shows it.
    fn group_context(&self) -> klamm_group::Context {
        klamm_group::Context {
            api_version: self.version,
            client_id: self.client_id.clone(),
            client_host: format!("/{}", self.peer.address.ip()).into(),
        }
    }
}

macro_rules! served {
    (here { $($key:ident $versions:expr => $handler:path;)* } forwarded { $($forwarded:ident $range:expr => $module:ident;)* }) => {
        /// The APIs served, with their versions; [`Scope`] says on which listeners. What is not here is not advertised.
        pub const SERVED: &[(ApiKey, RangeInclusive<i16>)] = &[
            (ApiKey::Produce, 3..=13),
            $((ApiKey::$key, $versions),)*
            $((ApiKey::$forwarded, $range),)*
        ];

        /// What the active controller decides.
        const FORWARDED: &[ApiKey] = &[$(ApiKey::$forwarded),*];


        fn dispatch(call: Call, frame: &RequestFrame, reservation: Reservation) -> Reply {
            match call.key {
                ApiKey::Produce => produce::start(call, frame, reservation),
                $(ApiKey::$key => serve(call, frame, reservation, $handler),)*
                $(ApiKey::$forwarded => forward::serve(call, frame, reservation, $module::decide, $module::refuse),)*
                key => close(format!("the API {} is not served", key.name())),
            }
        }

        /// What an Envelope holds, decided here.
        async fn decide_embedded(call: Arc<Call>, frame: &RequestFrame) -> Result<Bytes, ErrorCode> {
            match call.key {
                key if !FORWARDED.contains(&key) => Err(ErrorCode::InvalidRequest),
                _ if !call.is_served() => Err(ErrorCode::UnsupportedVersion),
                $(ApiKey::$forwarded => forward::embedded(call, frame, $module::decide).await,)*
                _ => Err(ErrorCode::InvalidRequest),
            }
        }
    };
}

served! {
    here {
        Fetch 4..=18 => fetch::handle;
        ListOffsets 1..=11 => list_offsets::handle;
        Metadata 0..=13 => metadata::handle;
        DescribeConfigs 1..=4 => describe_configs::handle;
        ListConfigResources 0..=1 => list_config_resources::handle;
        InitProducerId 0..=5 => init_producer_id::handle;
        DescribeCluster 0..=2 => describe_cluster::handle;
        DescribeTopicPartitions 0..=0 => describe_topic_partitions::handle;
        DescribeLogDirs 1..=5 => describe_log_dirs::handle;
        ApiVersions 0..=5 => api_versions::handle;
        DeleteRecords 0..=2 => delete_records::handle;
        OffsetForLeaderEpoch 2..=4 => offset_for_leader_epoch::handle;
        OffsetCommit 2..=10 => offset_commit::handle;
        OffsetFetch 1..=10 => offset_fetch::handle;
        FindCoordinator 0..=6 => find_coordinator::handle;
        JoinGroup 0..=9 => join_group::handle;
        Heartbeat 0..=4 => heartbeat::handle;
        LeaveGroup 0..=5 => leave_group::handle;
        SyncGroup 0..=5 => sync_group::handle;
        DescribeGroups 0..=6 => describe_groups::handle;
        ListGroups 0..=5 => list_groups::handle;
        DeleteGroups 0..=3 => delete_groups::handle;
        OffsetDelete 0..=0 => offset_delete::handle;
        AlterPartition 2..=3 => duties::alter_partition;
        AllocateProducerIds 0..=0 => duties::allocate_producer_ids;
        AssignReplicasToDirs 0..=0 => duties::assign_replicas_to_dirs;
        ControllerRegistration 0..=0 => duties::controller_registration;
        Envelope 0..=0 => forward::envelope;
        BrokerRegistration 0..=4 => duties::broker_registration;
        BrokerHeartbeat 0..=2 => duties::broker_heartbeat;
    }
    forwarded {
        CreateTopics 2..=7 => create_topics;
        DeleteTopics 1..=6 => delete_topics;
        CreatePartitions 0..=3 => create_partitions;
        AlterConfigs 0..=2 => alter_configs;
        IncrementalAlterConfigs 0..=1 => incremental_alter_configs;
        DescribeQuorum 0..=2 => describe_quorum;
        ElectLeaders 0..=2 => elect_leaders;
        AlterPartitionReassignments 0..=1 => alter_partition_reassignments;
        ListPartitionReassignments 0..=0 => list_partition_reassignments;
        UpdateFeatures 0..=2 => update_features;
        UnregisterBroker 0..=0 => unregister_broker;
        AddRaftVoter 0..=1 => add_raft_voter;
        RemoveRaftVoter 0..=0 => remove_raft_voter;
    }
}

/// Which APIs a listener serves: controllers have a set of their own, as in Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What clients and brokers ask a broker.
    Broker,
    /// What controllers ask each other, and tools ask them.
    Controller,
}

impl Scope {
    /// The APIs served, with their versions.
    pub fn served(self) -> impl Iterator<Item = &'static (ApiKey, RangeInclusive<i16>)> {
        /// What nodes ask the active controller: clients have no business with it.
        const CONTROLLERS_ONLY: &[ApiKey] = &[
            ApiKey::AlterPartition,
            ApiKey::AllocateProducerIds,
            ApiKey::AssignReplicasToDirs,
            ApiKey::BrokerHeartbeat,
            ApiKey::BrokerRegistration,
            ApiKey::ControllerRegistration,
            ApiKey::Envelope,
        ];
        const BOTH: &[ApiKey] = &[ApiKey::ApiVersions, ApiKey::DescribeCluster];
        let shared = SERVED.iter().filter(move |(key, _)| match self {
            Scope::Broker => !CONTROLLERS_ONLY.contains(key),
            Scope::Controller => [CONTROLLERS_ONLY, BOTH, FORWARDED].iter().any(|keys| keys.contains(key)),
        });
        shared.chain(raft::SERVED.iter().filter(move |_| self == Scope::Controller))
    }

    /// What a program of `release` serves of them.
    pub fn served_by(
        self,
        release: &Release,
    ) -> impl Iterator<Item = (ApiKey, RangeInclusive<i16>)> + use<'_> {
        self.served().map(|(key, versions)| (*key, release.limit(*key, versions)))
    }

    fn versions(self, release: &Release, key: ApiKey) -> Option<RangeInclusive<i16>> {
        self.served().find(|(served, _)| *served == key).map(|(_, versions)| release.limit(key, versions))
    }
}

/// What a listener serves: one per connection.
pub struct ClientService {
    broker: Arc<Broker>,
    peer: Arc<Peer>,
    scope: Scope,
    beats: Arc<HeartbeatConnection>,
}

/// What is served to who has no business here: nothing.
pub struct Refusing(Peer);

impl Refusing {
    /// Refuses `peer`.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self(peer)
    }
}

impl Service for Refusing {
    fn start(&mut self, _: Bytes, _: Reservation) -> Reply {
        let who = self.0.identity.as_deref().unwrap_or("a client without an identity").to_owned();
        close(format!("{who} is not a member of this cluster, and {} is for members", self.0.listener))
    }
}

impl ClientService {
    /// Serves `peer`.
    #[must_use]
    pub fn new(broker: Arc<Broker>, peer: Peer, scope: Scope) -> Self {
        Self { broker, peer: Arc::new(peer), scope, beats: Arc::default() }
    }
}

impl Service for ClientService {
    fn start(&mut self, frame: Bytes, reservation: Reservation) -> Reply {
        let frame = match RequestFrame::decode(frame) {
            Ok(frame) => frame,
            Err(error) => return close(format!("not a request: {error}")),
        };
        let key = frame.key;
        let call = Call {
            broker: Arc::clone(&self.broker),
            peer: Arc::clone(&self.peer),
            scope: self.scope,
            version: frame.version,
            arrived: self.broker.world.clock.now().mono,
            key,
            client_id: frame.client_id.as_ref().map(Str::detached).unwrap_or_default(),
            beats: Arc::clone(&self.beats),
            correlation_id: frame.correlation_id,
        };
        match self.scope.versions(self.broker.settings.release, key) {
            Some(versions) if versions.contains(&call.version) => match self.scope {
                Scope::Controller if raft::serves(key) => raft::dispatch(call, &frame, reservation),
                _ => dispatch(call, &frame, reservation),
            },
            Some(_) if key == ApiKey::ApiVersions => api_versions::unsupported(call),
            Some(versions) => close(format!(
                "{} version {} is not served, only {} to {}",
                key.name(),
                call.version,
                versions.start(),
                versions.end()
            )),
            None => close(format!("the API {} is not served", key.name())),
        }
    }
}

fn close(reason: String) -> Reply {
    Box::pin(async move { Answer::Close(reason) })
}

/// The body; what is no such request closes the connection, as Kafka does.
fn body<R: Request>(frame: &RequestFrame) -> Result<R, Reply> {
    frame.body().map_err(|error| close(format!("{} version {}: {error}", frame.key.name(), frame.version)))
}

/// Decodes, and runs `handler` when the reply's turn comes.
fn serve<R, F, W>(call: Call, frame: &RequestFrame, reservation: Reservation, handler: F) -> Reply
where
    R: Request,
    F: FnOnce(Arc<Call>, R) -> W + Send + 'static,
    W: Future<Output = R::Response> + Send + 'static,
{
    let request = match body(frame) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    Box::pin(async move {
        let call = Arc::new(call);
        let response = handler(Arc::clone(&call), request).await;
        drop(reservation);
        answer::<R>(&call, &response)
    })
}

/// The response as a frame.
fn answer<R: Request>(call: &Call, response: &R::Response) -> Answer {
    let elapsed = call.broker.world.clock.now().mono.since(call.arrived);
    if let Some(metrics) = call.broker.metrics.api(call.key) {
        metrics.answered(elapsed);
    }
    match encode_response(call.correlation_id, call.version, response) {
        Ok(chunks) => Answer::Send(chunks),
        Err(error) => {
            tracing::error!(api = call.key.name(), version = call.version, %error, "a response cannot be encoded");
            Answer::Close(format!("the response to {} cannot be encoded: {error}", call.key.name()))
        }
    }
}
