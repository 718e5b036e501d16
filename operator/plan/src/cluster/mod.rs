//! The plan of a Cluster: validate, build every resource, form the quorum, replace pods, tell the status.

mod broker_config;
mod certificates;
mod formation;
mod names;
mod observed;
mod rollout;
mod safe;
mod status;
mod validated;
mod voters;

pub use broker_config::{CONFIG_FOLDER, DATA_FOLDER, yaml};
pub use certificates::{CertificateRequest, certificate_requests, requests_hash};
pub use names::*;
pub use observed::*;
pub use rollout::is_rolling;
pub use safe::{Blocker, blockers};
pub use status::is_bootstrap_awaited;
pub use validated::*;
pub use voters::choose_voters;

pub(crate) use broker_config::BOOTSTRAP_SERVERS;
pub(crate) use validated::merge;

use crate::{Kind, Refusal, Resource, resources};
use formation::Formation;
use klamm_operator_api::{Cluster, ClusterSpec, ClusterStatus, annotation};
use klamm_types::BrokerId;
use rollout::Roll;
use voters::Change;

/// What is done about a Cluster, in this order: apply, steps, status.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Objects that Kubernetes is asked about first: would it take them? Nothing is done when it would not.
    pub ask: Vec<Resource>,
    /// Objects that are not as they shall be.
    pub apply: Vec<Resource>,
    /// What is not an object's new state.
    pub steps: Vec<Step>,
    /// The status to write; none when it is the same.
    pub status: Option<ClusterStatus>,
    /// When to look again although nothing was seen to change, in milliseconds.
    pub again_millis: u64,
}

/// What is done beside applying objects. Each carries its preconditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make a certificate authority: first the Secret with the key, then the one with the certificate.
    CreateAuthority(Authority),
    /// Issue the brokers' certificates and store them in one Secret.
    IssueCertificates(Vec<CertificateRequest>),
    /// Create the record of the quorum: a POST that fails when it exists, which is the lock.
    RecordQuorum(QuorumRecord),
    /// Format the broker's empty volume.
    Format {
        /// The broker.
        broker: BrokerId,
        /// The id from the record.
        cluster_id: String,
        /// As the only voter of a new quorum; else as an observer of the one that is there.
        is_voter: bool,
    },
    /// Let an observer vote.
    AddVoter {
        /// The broker.
        broker: BrokerId,
        /// Precondition: the directory with which it follows the metadata log.
        directory: String,
    },
    /// Let a voter vote no more.
    RemoveVoter {
        /// The broker.
        broker: BrokerId,
        /// The directory with which it voted.
        directory: String,
    },
    /// Write on the volume's claim which cluster it belongs to.
    MarkClaim {
        /// The broker.
        broker: BrokerId,
        /// The id from the record.
        cluster_id: String,
    },
    /// Delete this very pod, so that it comes back from the new template.
    DeletePod {
        /// The broker.
        broker: BrokerId,
        /// The pod's name.
        pod: String,
        /// Precondition.
        uid: String,
        /// Precondition.
        resource_version: String,
        /// What changed, for the Event.
        reason: String,
    },
}

/// After something was done, its effect is looked for.
const EFFECT_MILLIS: u64 = 20;
/// A broker that answers but does not serve yet does so in a moment, and nothing but asking it tells.
const STARTING_MILLIS: u64 = 200;
/// While something else is under way, brokers are asked this often.
const BUSY_MILLIS: u64 = 500;
/// What stands in the way is looked at this often: an object of another owner has no watch.
const STALLED_MILLIS: u64 = 2_000;
/// At rest, brokers are asked this often.
const REST_MILLIS: u64 = 15_000;

/// What is looked after: the spec if it is right, else the one that was accepted before. None when there is neither.
#[must_use]
pub fn scope(
    cluster: &Cluster,
    accepted: Option<&ClusterSpec>,
    defaults: &Defaults,
) -> Option<ValidatedCluster> {
    let specs = [Some(&cluster.spec), accepted].into_iter().flatten();
    specs.filter_map(|spec| ValidatedCluster::new(cluster, spec, accepted, defaults).ok()).next()
}

/// What is done about the Cluster, given all that was observed.
#[must_use]
pub fn plan(observed: &Observed) -> Plan {
    let cluster = &observed.cluster;
    if is_paused(cluster) || cluster.metadata.deletion_timestamp.is_some() {
        return Plan {
            ask: vec![],
            apply: vec![],
            steps: vec![],
            status: status::paused(observed),
            again_millis: REST_MILLIS,
        };
    }
    let accepted = observed.accepted.as_ref();
    let asked = ValidatedCluster::new(cluster, &cluster.spec, accepted, &observed.defaults);
    let asked = asked.and_then(|valid| match &observed.rejected {
        Some(why) => Err(Refusal::new("InvalidTemplate", format!("Kubernetes takes no such pods: {why}"))),
        None => Ok(valid),
    });
    match asked {
        Ok(valid) => carry_out(&valid, observed, None),
        // what was accepted last goes on being looked after
        Err(refusal) => match accepted {
            Some(before) => match ValidatedCluster::new(cluster, before, accepted, &observed.defaults) {
                Ok(valid) => carry_out(&valid, observed, Some(refusal)),
                Err(_) => stalled(observed, refusal),
            },
            None => stalled(observed, refusal),
        },
    }
}

fn stalled(observed: &Observed, refusal: Refusal) -> Plan {
    let status = status::of(None, observed, Some(&refusal), &Progress::default());
    Plan { ask: vec![], apply: vec![], steps: vec![], status, again_millis: STALLED_MILLIS }
}

/// What the status tells of what is under way.
#[derive(Default)]
struct Progress {
    /// What the next step waits for.
    waiting_on: Option<String>,
    /// What the next change of the voters waits for.
    voters: Option<String>,
    roll: Option<klamm_operator_api::RolloutStatus>,
    formed: bool,
}

fn carry_out(valid: &ValidatedCluster, observed: &Observed, refused: Option<Refusal>) -> Plan {
    let Roll { replacing, step, status: roll } = rollout::roll(valid, observed);
    let desired = resources::all(valid, observed, &replacing);
    if let Some(refusal) = conflict(&desired, observed) {
        return stalled(observed, refused.unwrap_or(refusal));
    }
    let mut steps = certificates::steps(valid, observed);
    let changed = desired.into_iter().filter(|resource| is_changed(resource, observed));
    let (ask, mut apply): (Vec<_>, Vec<_>) = changed.partition(|resource| resource.kind == Kind::StatefulSet);
    // a pod that finds its certificates missing is held up for longer than they take to make
    if steps.is_empty() {
        apply.extend(ask.iter().cloned());
    }
    let mut progress = Progress::default();
    let mut refused = refused;
    if steps.is_empty() {
        match formation::formation(valid, observed) {
            Ok(Formation::Act(act)) => {
                progress.waiting_on = Some("the metadata quorum to be formed".to_owned());
                steps = act;
            }
            Ok(Formation::Wait(on)) => progress.waiting_on = Some(on),
            Ok(Formation::Formed) => {
                progress.formed = true;
                // voters change only while no broker is away
                match voters::change(valid, observed) {
                    Change::Act(step) if roll.is_none() || rollout::are_all_back(valid, observed) => {
                        progress.voters = Some("the voters to change".to_owned());
                        steps.push(step);
                    }
                    Change::Wait(on) => progress.voters = Some(on),
                    Change::Act(_) | Change::Done => {}
                }
            }
            Err(refusal) => refused = Some(refused.unwrap_or(refusal)),
        }
    }
    // a broker that cannot start because of what changes is replaced too: the roll never waits for the formation
    let rolling = roll.is_some();
    progress.roll = roll;
    steps.extend(step);
    let status = status::of(Some(valid), observed, refused.as_ref(), &progress);
    let again_millis = if !apply.is_empty() || !steps.is_empty() {
        EFFECT_MILLIS
    } else if refused.is_none() && (is_any_starting(observed) || is_bootstrap_awaited(valid, observed)) {
        STARTING_MILLIS
    } else if rolling || !status::is_at_rest(valid, observed, &progress) {
        BUSY_MILLIS
    } else {
        REST_MILLIS
    };
    Plan { ask, apply, steps, status, again_millis }
}

/// Whether a broker answers and will serve in a moment: recovery, which may take long, is over or was not needed.
fn is_any_starting(observed: &Observed) -> bool {
    observed.brokers.values().flatten().any(|broker| !broker.serving && broker.recovery.is_none())
}

/// Objects are created, never adopted.
fn conflict(desired: &[Resource], observed: &Observed) -> Option<Refusal> {
    let foreign = |resource: &&Resource| {
        let seen = observed.objects.get(&(resource.kind, resource.name.clone()));
        seen.is_some_and(|seen| !seen.ours)
    };
    let resource = desired.iter().find(foreign)?;
    let (_, _, kind, _) = resource.kind.names();
    Some(Refusal::new(
        "NameConflict",
        format!(
            "{kind} {} exists and was not made for this Cluster; rename the Cluster or delete it",
            resource.name
        ),
    ))
}

fn is_changed(resource: &Resource, observed: &Observed) -> bool {
    let seen = observed.objects.get(&(resource.kind, resource.name.clone()));
    seen.and_then(|seen| seen.hash.as_ref()) != Some(&resource.hash)
}

fn is_paused(cluster: &Cluster) -> bool {
    let annotations = cluster.metadata.annotations.as_ref();
    annotations.and_then(|all| all.get(annotation::PAUSE)).is_some_and(|value| value == "true")
}
