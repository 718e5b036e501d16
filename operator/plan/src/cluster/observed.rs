//! All that a reconciliation of a Cluster reads.

use super::{Authority, Defaults};
use crate::Kind;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use klamm_operator_api::{Cluster, ClusterSpec};
use klamm_types::{BrokerId, Uuid};
use std::collections::{BTreeMap, BTreeSet};

/// What there is.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The object.
    pub cluster: Cluster,
    /// What the operator has when the spec says nothing.
    pub defaults: Defaults,
    /// The wall clock, for conditions.
    pub now: Time,
    /// A random id, in case that the quorum is formed now.
    pub fresh_cluster_id: Uuid,
    /// The spec that was carried out last, from the ConfigMap of the brokers.
    pub accepted: Option<ClusterSpec>,
    /// Objects under the names that the Cluster uses.
    pub objects: BTreeMap<(Kind, String), ObjectSeen>,
    /// Whether Kubernetes knows PodMonitors.
    pub pod_monitors: bool,
    /// Why Kubernetes would not take a StatefulSet of this spec, when it was asked.
    pub rejected: Option<String>,
    /// How the quorum was formed, if it was.
    pub quorum: Option<QuorumRecord>,
    /// The authorities whose two Secrets are there.
    pub authorities: BTreeSet<Authority>,
    /// The request for which the brokers' certificates were issued, as a hash.
    pub certificates: Option<String>,
    /// The StatefulSets, by name.
    pub stateful_sets: BTreeMap<String, StatefulSetSeen>,
    /// Who votes and who follows, from the quorum's leader; only asked for in Clusters of several brokers.
    pub quorum_seen: Option<QuorumSeen>,
    /// All partitions; only asked for while pods are replaced in Clusters of several brokers.
    pub partitions: Option<Vec<PartitionSeen>>,
    /// The Topics whose partitions have fewer replicas than they shall have and can have, and are getting them; only asked for
    /// while pods are replaced in Clusters of several brokers.
    pub growing: Vec<String>,
    /// Whether a broker was reached through the Service that clients begin with; only tried when nothing else is awaited, see
    /// [`super::is_bootstrap_awaited`].
    pub bootstrap_reached: bool,
    /// The brokers' pods.
    pub pods: BTreeMap<BrokerId, PodSeen>,
    /// The brokers' volume claims.
    pub claims: BTreeMap<BrokerId, ClaimSeen>,
    /// What the brokers say of themselves; the error when they do not answer.
    pub brokers: BTreeMap<BrokerId, Result<BrokerSeen, String>>,
}

/// An object under a name that the Cluster uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSeen {
    /// Whether this Cluster made it.
    pub ours: bool,
    /// What was applied last.
    pub hash: Option<String>,
}

/// How the quorum was formed: written once, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumRecord {
    /// The cluster's id.
    pub cluster_id: String,
    /// The broker that formed it.
    pub seed: BrokerId,
    /// The uid of that broker's claim.
    pub seed_claim_uid: String,
}

/// The metadata quorum, as its leader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuorumSeen {
    /// Who votes.
    pub voters: Vec<MemberSeen>,
    /// Who only follows.
    pub observers: Vec<MemberSeen>,
}

/// A member of the metadata quorum: a broker with its directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberSeen {
    /// The broker.
    pub broker: BrokerId,
    /// Its directory's id.
    pub directory: String,
    /// How long ago it had all of the metadata log, in milliseconds.
    pub behind_millis: u64,
}

/// A partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionSeen {
    /// As `topic-index`.
    pub name: String,
    /// Its replicas.
    pub replicas: Vec<BrokerId>,
    /// Those of them that are in sync.
    pub in_sync: Vec<BrokerId>,
    /// The topic's min.insync.replicas.
    pub min_in_sync: usize,
}

/// A StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatefulSetSeen {
    /// Whether its controller has seen what was applied last.
    pub settled: bool,
    /// The revision of new pods.
    pub update_revision: String,
    /// The value of [`klamm_operator_api::annotation::RESTART`] in its template.
    pub restart: Option<String>,
    /// Whether pods are being replaced (update strategy OnDelete).
    pub replacing: bool,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodSeen {
    /// Its uid.
    pub uid: String,
    /// Its version, as a precondition.
    pub resource_version: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// The rack in which it stands, where its labels tell.
    pub rack: Option<String>,
    /// Its revision.
    pub revision: String,
    /// The image of the broker.
    pub image: String,
    /// See [`crate::resources::config_hash`].
    pub config_hash: String,
    /// See [`crate::resources::template_hash`].
    pub template_hash: String,
    /// Why it cannot run: not schedulable, image not found, the last words of a process that ended.
    pub trouble: Option<String>,
    /// Whether the broker's process ended with an error.
    pub crashed: bool,
}

/// A volume claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimSeen {
    /// Its uid.
    pub uid: String,
    /// The id under which its volume was formatted, if the operator has marked it.
    pub cluster_id: Option<String>,
}

/// What a broker says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerSeen {
    /// The id under which its volume is formatted; none when the volume is empty.
    pub cluster_id: Option<String>,
    /// Its directory's id; none when the volume is empty.
    pub directory_id: Option<String>,
    /// Its version.
    pub version: String,
    /// Whether it serves clients.
    pub serving: bool,
    /// How far its recovery is: logs done, of how many.
    pub recovery: Option<(u64, u64)>,
    /// The leader of the quorum, where it knows one.
    pub quorum_leader: Option<BrokerId>,
    /// How many partitions have no leader.
    pub offline_partitions: u64,
    /// How many partitions have fewer in-sync replicas than replicas.
    pub under_replicated_partitions: u64,
}
