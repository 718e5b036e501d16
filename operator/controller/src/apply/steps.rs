//! Carries out the steps of a Cluster's plan.

use crate::{
    certificates,
    context::Context,
    control,
    error::{During, Error, is_absent, is_conflict},
    observe::{self, ClusterView, broker_address, secret_field},
};
use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret},
};
use klamm_plan::{
    HASH_ANNOTATION,
    cluster::{
        Authority, CLUSTER_ID_ANNOTATION, CertificateRequest, QuorumRecord, Step, ValidatedCluster,
        requests_hash,
    },
    resources::{owner, quorum_record},
};
use klamm_types::BrokerId;
use kube::{
    Api, Resource,
    api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions},
    runtime::events::{Event, EventType},
};
use serde_json::json;
use std::collections::BTreeMap;
use tracing::info;

pub(super) async fn carry_out(
    context: &Context,
    view: &ClusterView,
    valid: &ValidatedCluster,
    step: &Step,
) -> Result<(), Error> {
    let cluster = &valid.names.cluster;
    match step {
        Step::CreateAuthority(authority) => create_authority(context, valid, *authority).await?,
        Step::IssueCertificates(requests) => issue(context, valid, requests).await?,
        Step::RecordQuorum(record) => record_quorum(context, valid, record).await?,
        Step::Format { broker, cluster_id, is_voter } => {
            format(view, valid, *broker, cluster_id, *is_voter).await?;
        }
        Step::AddVoter { broker, directory } => {
            let pool = valid.brokers().find(|(_, id)| id == broker).map(|(pool, _)| pool.name.as_str());
            let host = valid.names.controller_host(pool.unwrap_or_default(), *broker);
            let admin = observe::admin(context, &valid.names).await?;
            admin.add_voter(*broker, directory, &host).await?;
        }
        Step::RemoveVoter { broker, directory } => {
            observe::admin(context, &valid.names).await?.remove_voter(*broker, directory).await?;
        }
        Step::MarkClaim { broker, cluster_id } => mark(context, view, valid, *broker, cluster_id).await?,
        Step::DeletePod { broker, pod, uid, resource_version, reason } => {
            announce(context, view, *broker, reason).await?;
            delete_pod(context, valid, pod, uid, resource_version).await?;
        }
    }
    info!(namespace = valid.names.namespace, cluster, step = said(step), "done");
    Ok(())
}

fn said(step: &Step) -> String {
    match step {
        Step::CreateAuthority(authority) => format!("made the {authority:?} authority"),
        Step::IssueCertificates(requests) => format!("issued {} certificates", requests.len()),
        Step::RecordQuorum(record) => format!("recorded the quorum of cluster {}", record.cluster_id),
        Step::Format { broker, cluster_id, .. } => {
            format!("formatted broker {broker} as cluster {cluster_id}")
        }
        Step::AddVoter { broker, .. } => format!("broker {broker} votes"),
        Step::RemoveVoter { broker, directory } => {
            format!("broker {broker} votes no more with directory {directory}")
        }
        Step::MarkClaim { broker, .. } => format!("marked the volume claim of broker {broker}"),
        Step::DeletePod { pod, reason, .. } => format!("deleted pod {pod}: {reason}"),
    }
}

/// First the key, then the certificate, which can be made anew from the key by an operator that finds only that.
async fn create_authority(
    context: &Context,
    valid: &ValidatedCluster,
    authority: Authority,
) -> Result<(), Error> {
    let names = &valid.names;
    let private = authority.private(names);
    let key = match secret_field(context, names, &valid.uid, &private, "ca.key").await? {
        Some(key) => key,
        None => {
            let key = certificates::authority_key()?;
            create_secret(context, valid, &private, &[("ca.key", key.clone())], None).await?;
            key
        }
    };
    let certificate = certificates::authority_certificate(&private, &key)?;
    create_secret(context, valid, &authority.public(names), &[("ca.crt", certificate)], None).await
}

async fn issue(
    context: &Context,
    valid: &ValidatedCluster,
    requests: &[CertificateRequest],
) -> Result<(), Error> {
    // not what was observed: the authority may have been made a step ago
    let authorities = crate::observe::authorities(context, &valid.names, &valid.uid).await?;
    let missing = || Error::Unreadable("the cluster's authority is not there yet".to_owned());
    let authority = authorities.cluster.ok_or_else(missing)?;
    let mut files = vec![];
    for request in requests {
        let pair = certificates::broker(&authority, request)?;
        files.push((format!("{}.crt", request.file), pair.certificate));
        files.push((format!("{}.key", request.file), pair.key));
    }
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    create_secret(context, valid, &valid.names.broker_certificates(), &files, Some(requests_hash(requests)))
        .await
}

/// Creates a Secret, or replaces the content of one with a hash, which says what it was made for.
async fn create_secret(
    context: &Context,
    valid: &ValidatedCluster,
    name: &str,
    files: &[(&str, String)],
    hash: Option<String>,
) -> Result<(), Error> {
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let data: BTreeMap<_, _> = files
        .iter()
        .map(|(file, text)| ((*file).to_owned(), ByteString(text.clone().into_bytes())))
        .collect();
    let mut annotations = serde_json::Map::new();
    annotations.extend(hash.clone().map(|hash| (HASH_ANNOTATION.to_owned(), json!(hash))));
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": valid.names.namespace,
            "labels": valid.names.labels(),
            "annotations": annotations,
            "ownerReferences": [owner(valid)],
        },
        "type": "Opaque",
        "data": data,
    });
    let unreadable = |error: serde_json::Error| Error::Unreadable(format!("Secret {name}: {error}"));
    let secret: Secret = serde_json::from_value(secret).map_err(unreadable)?;
    match secrets.create(&PostParams::default(), &secret).await {
        Err(error) if is_conflict(&error) && hash.is_some() => {
            let patch = Patch::Merge(&secret);
            let written = secrets.patch(name, &PatchParams::default(), &patch).await;
            written.map(drop).during(|| format!("write Secret {name}"))
        }
        created => created.map(drop).during(|| format!("create Secret {name}")),
    }
}

/// The lock: whoever creates the record names the cluster. Who comes second reads it the next time.
async fn record_quorum(
    context: &Context,
    valid: &ValidatedCluster,
    record: &QuorumRecord,
) -> Result<(), Error> {
    let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let unreadable = |error: serde_json::Error| Error::Unreadable(format!("the quorum's record: {error}"));
    let map: ConfigMap = serde_json::from_value(quorum_record(valid, record)).map_err(unreadable)?;
    maps.create(&PostParams::default(), &map)
        .await
        .map(drop)
        .during(|| "create the quorum's record".to_owned())
}

async fn format(
    view: &ClusterView,
    valid: &ValidatedCluster,
    broker: BrokerId,
    cluster_id: &str,
    is_voter: bool,
) -> Result<(), Error> {
    let gone = || Error::Control { broker: broker.0, message: "its pod has no address any more".to_owned() };
    let ip = view.addresses.get(&broker).ok_or_else(gone)?;
    let address = broker_address(valid, broker, ip).ok_or_else(gone)?;
    let (pool, _) = valid.brokers().find(|(_, id)| *id == broker).ok_or_else(gone)?;
    let operator = view.authorities.operator(&valid.names)?;
    let ca = view.authorities.cluster.as_ref().map(|pair| pair.certificate.clone()).unwrap_or_default();
    control::format(&address, &ca, &operator, cluster_id, &valid.names, &pool.name, is_voter).await
}

async fn mark(
    context: &Context,
    view: &ClusterView,
    valid: &ValidatedCluster,
    broker: BrokerId,
    cluster_id: &str,
) -> Result<(), Error> {
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let Some((pool, _)) = valid.brokers().find(|(_, id)| *id == broker) else { return Ok(()) };
    let name = valid.names.claim(&pool.name, broker);
    let uid = view.observed.claims.get(&broker).map(|claim| claim.uid.clone());
    let patch = json!({ "metadata": { "uid": uid, "annotations": { CLUSTER_ID_ANNOTATION: cluster_id } } });
    let marked = claims.patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await;
    marked.map(drop).during(|| format!("mark the claim {name}"))
}

async fn announce(
    context: &Context,
    view: &ClusterView,
    broker: BrokerId,
    reason: &str,
) -> Result<(), Error> {
    let event = Event {
        type_: EventType::Normal,
        reason: "RestartingBroker".to_owned(),
        note: Some(format!("Broker {broker} is restarted: {reason}")),
        action: "DeletePod".to_owned(),
        secondary: None,
    };
    let reference = view.observed.cluster.object_ref(&());
    context.recorder.publish(&event, &reference).await.during(|| "publish an Event".to_owned())
}

/// Exactly the pod that was looked at: one that came back meanwhile, or changed, is left alone.
async fn delete_pod(
    context: &Context,
    valid: &ValidatedCluster,
    name: &str,
    uid: &str,
    resource_version: &str,
) -> Result<(), Error> {
    let pods: Api<Pod> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let preconditions =
        Preconditions { uid: Some(uid.to_owned()), resource_version: Some(resource_version.to_owned()) };
    let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
    match pods.delete(name, &params).await {
        Err(error) if is_absent(&error) => Ok(()),
        deleted => deleted.map(drop).during(|| format!("delete pod {name}")),
    }
}
