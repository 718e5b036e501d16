//! Forming the quorum: exactly one cluster, ever (docs/operations.md §1).
//!
//! The record is created before the seed is formatted, by a POST that fails when it exists: whoever wins names the
//! cluster. The others are formatted as observers once the quorum has a leader. Every step is found again from what exists.

use super::{Observed, QuorumRecord, Step, ValidatedCluster};
use crate::Refusal;
use klamm_operator_api::ControllerRole;
use klamm_types::BrokerId;

/// What the formation needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Formation {
    /// Something is done now.
    Act(Vec<Step>),
    /// Nothing can be done before this happens.
    Wait(String),
    /// The quorum is formed and the volumes are its own.
    Formed,
}

/// A broker's volume.
struct Volume<'a> {
    broker: BrokerId,
    /// The claim's uid.
    uid: Option<&'a str>,
    /// The id that the operator wrote on the claim.
    mark: Option<&'a str>,
    /// What the broker says of its content; an error when it does not answer.
    content: Result<Option<&'a str>, String>,
}

impl Volume<'_> {
    fn carries(&self) -> Option<&str> {
        self.content.as_ref().ok().copied().flatten()
    }

    fn is_empty(&self) -> bool {
        self.content == Ok(None)
    }
}

fn volumes<'a>(cluster: &ValidatedCluster, observed: &'a Observed) -> Vec<Volume<'a>> {
    let volume = |broker: BrokerId| {
        let claim = observed.claims.get(&broker);
        Volume {
            broker,
            uid: claim.map(|claim| claim.uid.as_str()),
            mark: claim.and_then(|claim| claim.cluster_id.as_deref()),
            content: match observed.brokers.get(&broker) {
                Some(Ok(seen)) => Ok(seen.cluster_id.as_deref()),
                Some(Err(error)) => Err(format!("an answer of broker {broker}: {error}")),
                None => Err(format!("broker {broker} to start")),
            },
        }
    };
    let mut brokers: Vec<BrokerId> = cluster.brokers().map(|(_, id)| id).collect();
    brokers.sort_unstable();
    brokers.into_iter().map(volume).collect()
}

pub(super) fn formation(cluster: &ValidatedCluster, observed: &Observed) -> Result<Formation, Refusal> {
    let volumes = volumes(cluster, observed);
    match &observed.quorum {
        None => begin(&volumes, observed),
        Some(record) => {
            volumes.iter().try_for_each(|volume| check_own(volume, &record.cluster_id, "this Cluster is"))?;
            if volumes.iter().any(|volume| volume.carries().is_some()) {
                go_on(&volumes, record, observed)
            } else {
                seed(&volumes, record)
            }
        }
    }
}

/// Nothing is recorded: the cluster's id is that of the volumes, or a new one when none was ever formatted.
fn begin(volumes: &[Volume<'_>], observed: &Observed) -> Result<Formation, Refusal> {
    let known = volumes.iter().find_map(|volume| volume.carries().or(volume.mark));
    if let Some(id) = known {
        volumes.iter().try_for_each(|volume| check_own(volume, id, "another volume is of"))?;
    }
    let carrier = volumes.iter().find(|volume| volume.carries().is_some());
    let marked = || volumes.iter().filter(|volume| volume.mark.is_some());
    if let (None, Some(empty)) = (carrier, marked().next()) {
        return match marked().find_map(|volume| volume.content.as_ref().err()) {
            Some(answer) => Ok(Formation::Wait(answer.clone())),
            None => Err(emptied(empty)),
        };
    }
    let Some(seed) = carrier.or(volumes.first()) else {
        return Ok(Formation::Wait("a broker to be asked for".to_owned()));
    };
    let Some(uid) = seed.uid else {
        return Ok(Formation::Wait(format!("the volume claim of broker {}", seed.broker)));
    };
    if let Err(answer) = &seed.content {
        return Ok(Formation::Wait(answer.clone()));
    }
    let cluster_id = known.map_or_else(|| observed.fresh_cluster_id.to_string(), ToOwned::to_owned);
    let record = QuorumRecord { cluster_id, seed: seed.broker, seed_claim_uid: uid.to_owned() };
    Ok(Formation::Act(vec![Step::RecordQuorum(record)]))
}

/// It is recorded, and no volume that can be seen is formatted: the seed is, if it never was.
fn seed(volumes: &[Volume<'_>], record: &QuorumRecord) -> Result<Formation, Refusal> {
    let broker = record.seed;
    let Some(seed) = volumes.iter().find(|volume| volume.broker == broker) else {
        return Err(replaced(record));
    };
    let Some(uid) = seed.uid else {
        return Ok(Formation::Wait(format!("the volume of broker {broker}")));
    };
    // one of them may have the cluster
    if let Some(Err(answer)) =
        volumes.iter().filter(|v| v.mark.is_some()).map(|v| &v.content).find(|c| c.is_err())
    {
        return Ok(Formation::Wait(answer.clone()));
    }
    if record.seed_claim_uid != uid {
        return Err(replaced(record));
    }
    if let Some(marked) = volumes.iter().find(|volume| volume.mark.is_some()) {
        return Err(emptied(marked));
    }
    match &seed.content {
        Err(answer) => Ok(Formation::Wait(answer.clone())),
        Ok(_) => {
            let cluster_id = record.cluster_id.clone();
            Ok(Formation::Act(vec![Step::Format { broker, cluster_id, is_voter: true }]))
        }
    }
}

/// There are formatted volumes: they are marked, and the empty ones follow the quorum, if it has a leader.
fn go_on(volumes: &[Volume<'_>], record: &QuorumRecord, observed: &Observed) -> Result<Formation, Refusal> {
    let id = || record.cluster_id.clone();
    if let [only] = volumes
        && only.uid.is_some_and(|uid| uid != record.seed_claim_uid)
    {
        return Err(replaced(record));
    }
    let unmarked = volumes.iter().filter(|volume| volume.carries().is_some() && volume.mark.is_none());
    let marks: Vec<Step> =
        unmarked.map(|volume| Step::MarkClaim { broker: volume.broker, cluster_id: id() }).collect();
    if !marks.is_empty() {
        return Ok(Formation::Act(marks));
    }
    let is_led = observed.brokers.values().flatten().any(|broker| broker.quorum_leader.is_some());
    let empty: Vec<&Volume<'_>> = volumes.iter().filter(|volume| volume.is_empty()).collect();
    if is_led {
        let format =
            |volume: &&Volume<'_>| Step::Format { broker: volume.broker, cluster_id: id(), is_voter: false };
        let formats: Vec<Step> = empty.iter().map(format).collect();
        return Ok(if formats.is_empty() { Formation::Formed } else { Formation::Act(formats) });
    }
    check_majority(&empty, observed)?;
    let answer = volumes.iter().find_map(|volume| volume.content.as_ref().err());
    let leader = "the metadata quorum to have a leader".to_owned();
    Ok(Formation::Wait(answer.cloned().unwrap_or(leader)))
}

/// Without a leader: whether enough voters kept their volumes to elect one. Who voted, the last status tells.
fn check_majority(empty: &[&Volume<'_>], observed: &Observed) -> Result<(), Refusal> {
    let before = observed.cluster.status.as_ref().and_then(|status| status.brokers.as_deref());
    let voted =
        |role: Option<ControllerRole>| matches!(role, Some(ControllerRole::Leader | ControllerRole::Voter));
    let voters: Vec<i32> =
        before.unwrap_or_default().iter().filter(|one| voted(one.controller)).map(|one| one.id).collect();
    let lost: Vec<String> = empty
        .iter()
        .map(|one| one.broker.0)
        .filter(|id| voters.contains(id))
        .map(|id| id.to_string())
        .collect();
    if lost.is_empty() || (voters.len() - lost.len()) * 2 > voters.len() {
        return Ok(());
    }
    let (all, gone) = (voters.len(), lost.join(" and "));
    Err(lost_quorum(format!("of {all} voters, the volumes of brokers {gone} are empty now")))
}

/// A volume of another cluster is never touched.
fn check_own(volume: &Volume<'_>, id: &str, whose: &str) -> Result<(), Refusal> {
    let broker = volume.broker;
    if let Some(mark) = volume.mark.filter(|mark| *mark != id) {
        let message = format!(
            "the volume claim of broker {broker} is marked as of cluster {mark}, but {whose} {id}; nothing is touched"
        );
        return Err(Refusal::new("MixedVolumes", message));
    }
    match volume.carries() {
        Some(content) if content != id => Err(Refusal::new(
            "MixedVolumes",
            format!(
                "the volume of broker {broker} belongs to cluster {content}, but {whose} {id}; nothing is touched: give \
                 the broker its own volume back, or delete the Cluster and the volume claims that do not belong to it"
            ),
        )),
        _ => Ok(()),
    }
}

/// A volume that was formatted and is empty has lost its data: formatting it anew would hide that.
fn emptied(volume: &Volume<'_>) -> Refusal {
    let (broker, id) = (volume.broker, volume.mark.unwrap_or_default());
    lost_quorum(format!("the volume of broker {broker} was formatted as cluster {id} and is empty now"))
}

fn replaced(record: &QuorumRecord) -> Refusal {
    let QuorumRecord { cluster_id, seed, seed_claim_uid } = record;
    lost_quorum(format!(
        "the quorum of cluster {cluster_id} was formed on the volume claim with uid {seed_claim_uid} of broker {seed}, \
         which is gone, and no other volume has the cluster"
    ))
}

fn lost_quorum(what: String) -> Refusal {
    let hint = "nothing is touched: bring the volumes back, or delete the Cluster and its volume claims to begin anew";
    Refusal::new("QuorumLost", format!("{what}: no majority of voters is left. {hint}"))
}
