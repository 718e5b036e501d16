//! Forming the quorum: exactly one cluster, ever (docs/operations.md §1).
//!
//! The record is created before the seed is formatted, by a POST that fails when it exists: whoever wins names the
//! cluster. Every step is found again from what exists.

use super::{Observed, QuorumRecord, Step, ValidatedCluster};
use crate::Refusal;
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

pub(super) fn formation(cluster: &ValidatedCluster, observed: &Observed) -> Result<Formation, Refusal> {
    let Some(seed) = cluster.seed() else {
        return Ok(Formation::Wait("a broker to be asked for".to_owned()));
    };
    let claim = match observed.claims.get(&seed) {
        Some(claim) => claim,
        None if observed.quorum.is_some() => {
            return Ok(Formation::Wait(format!("the volume of broker {seed}")));
        }
        None => return Ok(Formation::Wait(format!("the volume claim of broker {seed}"))),
    };
    if let Some(record) = &observed.quorum {
        check_claim(record, seed, &claim.uid)?;
        check_mark(record, seed, claim.cluster_id.as_deref())?;
    }
    let broker = match observed.brokers.get(&seed) {
        Some(Ok(broker)) => broker,
        Some(Err(error)) => return Ok(Formation::Wait(format!("an answer of broker {seed}: {error}"))),
        None => return Ok(Formation::Wait(format!("broker {seed} to start"))),
    };
    let marked = claim.cluster_id.as_deref();
    match (&observed.quorum, &broker.cluster_id) {
        (None, on_disk) => {
            check_emptied(seed, marked, on_disk.as_deref())?;
            let cluster_id = on_disk.clone().unwrap_or_else(|| observed.fresh_cluster_id.to_string());
            let seed_claim_uid = claim.uid.clone();
            Ok(Formation::Act(vec![Step::RecordQuorum(QuorumRecord { cluster_id, seed, seed_claim_uid })]))
        }
        (Some(record), None) => {
            check_emptied(seed, marked, None)?;
            Ok(Formation::Act(vec![Step::Format { broker: seed, cluster_id: record.cluster_id.clone() }]))
        }
        (Some(record), Some(on_disk)) if *on_disk != record.cluster_id => Err(Refusal::new(
            "MixedVolumes",
            format!(
                "the volume of broker {seed} belongs to cluster {on_disk}, but this Cluster is {}; nothing is touched: \
                 give the broker its own volume back, or delete the Cluster and the volume claims that do not belong \
                 to it",
                record.cluster_id
            ),
        )),
        (Some(record), Some(_)) if marked.is_none() => {
            let cluster_id = record.cluster_id.clone();
            Ok(Formation::Act(vec![Step::MarkClaim { broker: seed, cluster_id }]))
        }
        (Some(_), Some(_)) => Ok(Formation::Formed),
    }
}

fn check_claim(record: &QuorumRecord, seed: BrokerId, uid: &str) -> Result<(), Refusal> {
    if record.seed == seed && record.seed_claim_uid == uid {
        return Ok(());
    }
    Err(lost(format!(
        "the quorum of cluster {} was formed on the volume claim with uid {} of broker {}, which is gone; broker {seed} \
         has another one",
        record.cluster_id, record.seed_claim_uid, record.seed
    )))
}

fn check_mark(record: &QuorumRecord, seed: BrokerId, marked: Option<&str>) -> Result<(), Refusal> {
    match marked {
        Some(marked) if marked != record.cluster_id => Err(Refusal::new(
            "MixedVolumes",
            format!(
                "the volume claim of broker {seed} is marked as of cluster {marked}, but this Cluster is {}; nothing is \
                 touched",
                record.cluster_id
            ),
        )),
        _ => Ok(()),
    }
}

/// A volume that was formatted and is empty has lost its data: formatting it anew would hide that.
fn check_emptied(seed: BrokerId, marked: Option<&str>, on_disk: Option<&str>) -> Result<(), Refusal> {
    match (marked, on_disk) {
        (Some(marked), None) => Err(lost(format!(
            "the volume of broker {seed} was formatted as cluster {marked} and is empty now"
        ))),
        (Some(marked), Some(on_disk)) if marked != on_disk => Err(Refusal::new(
            "MixedVolumes",
            format!(
                "the volume claim of broker {seed} is marked as of cluster {marked}, but its volume belongs to \
                 {on_disk}; nothing is touched"
            ),
        )),
        _ => Ok(()),
    }
}

fn lost(what: String) -> Refusal {
    let hint = "nothing is touched: bring the volume back, or delete the Cluster and its volume claims to begin anew";
    Refusal::new("QuorumLost", format!("{what}; it held the only voter. {hint}"))
}
