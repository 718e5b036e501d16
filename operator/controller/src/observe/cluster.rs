//! What there is of a Cluster.

use super::{Authorities, bootstrap, broker, pods, quorum, secrets};
use crate::{
    context::Context,
    error::{During, Error, is_absent},
};
use futures::future::{join_all, try_join_all};
use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, PersistentVolumeClaim},
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
    jiff::Timestamp,
};
use klamm_operator_api::{Cluster, ClusterSpec, annotation};
use klamm_plan::{
    HASH_ANNOTATION, Kind,
    cluster::{
        CLUSTER_ID_ANNOTATION, ClaimSeen, Names, ObjectSeen, Observed, QuorumRecord, StatefulSetSeen,
        ValidatedCluster, is_bootstrap_awaited, names, scope,
    },
    resources::{ACCEPTED_ANNOTATION, keys},
};
use klamm_types::{BrokerId, Uuid};
use kube::{
    Api, ResourceExt,
    api::{ApiResource, DynamicObject},
};
use std::collections::BTreeMap;

/// What was observed, and what it takes to act on it.
pub(crate) struct ClusterView {
    /// For the plan.
    pub(crate) observed: Observed,
    /// What is looked after; none when no spec was ever right.
    pub(crate) valid: Option<ValidatedCluster>,
    /// Keys and certificates.
    pub(crate) authorities: Authorities,
    /// Where the brokers' pods are.
    pub(crate) addresses: BTreeMap<BrokerId, String>,
}

/// What there is of the Cluster; none when it is gone.
pub(crate) async fn cluster(context: &Context, cached: &Cluster) -> Result<Option<ClusterView>, Error> {
    let names = names(cached);
    let clusters: Api<Cluster> = Api::namespaced(context.client.clone(), &names.namespace);
    // not the cache's: a plan from an old status would write it once more
    let found =
        clusters.get_opt(&names.cluster).await.during(|| format!("read Cluster {}", names.cluster))?;
    let Some(cluster) = found else {
        context.admins.forget(&names).await;
        return Ok(None);
    };
    let uid = cluster.metadata.uid.clone().unwrap_or_default();
    let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), &names.namespace);
    let config = get(&maps, &names.config()).await?.filter(|map| is_ours(&map.metadata, &uid));
    let accepted = config.as_ref().and_then(accepted);
    let valid = scope(&cluster, accepted.as_ref(), &context.defaults);
    let quorum = get(&maps, &names.quorum()).await?.filter(|map| is_ours(&map.metadata, &uid));
    let authorities = secrets::authorities(context, &names, &uid).await?;
    let mut observed = Observed {
        defaults: context.defaults.clone(),
        now: Time(Timestamp::now()),
        fresh_cluster_id: fresh_id(context),
        accepted,
        objects: BTreeMap::new(),
        pod_monitors: knows_pod_monitors(context).await?,
        rejected: None,
        quorum: quorum.as_ref().map(quorum_record).transpose()?,
        authorities: authorities.complete(),
        certificates: secrets::broker_certificates(context, &names, &uid).await?,
        stateful_sets: BTreeMap::new(),
        quorum_seen: None,
        partitions: None,
        growing: vec![],
        bootstrap_reached: false,
        pods: BTreeMap::new(),
        claims: BTreeMap::new(),
        brokers: BTreeMap::new(),
        cluster,
    };
    let mut addresses = BTreeMap::new();
    if let Some(valid) = &valid {
        observed.objects = objects(context, valid, &uid, observed.pod_monitors).await?;
        observed.stateful_sets = stateful_sets(context, valid, &uid).await?;
        observed.claims = claims(context, valid).await?;
        let pods = pods::of(context, valid).await?;
        addresses = pods.iter().filter_map(|(id, pod)| Some((*id, pod.address.clone()?))).collect();
        observed.pods = pods.into_iter().map(|(id, pod)| (id, pod.seen)).collect();
        let asked = addresses.iter().map(|(id, ip)| broker::identify(valid, *id, ip, &authorities));
        observed.brokers = join_all(asked).await.into_iter().flatten().collect();
        if valid.brokers().count() > 1 {
            quorum::ask(context, valid, &mut observed).await;
        }
        if is_bootstrap_awaited(valid, &observed) {
            observed.bootstrap_reached = bootstrap::is_reached(context, valid).await?;
        }
    }
    Ok(Some(ClusterView { observed, valid, authorities, addresses }))
}

/// Kafka's tools read an id that begins with a hyphen as an option; Kafka makes none of that kind either.
fn fresh_id(context: &Context) -> Uuid {
    loop {
        let mut bytes = [0; 16];
        context.world.entropy.fill(&mut bytes);
        let id = Uuid::from_random(bytes);
        if !id.to_string().starts_with('-') {
            return id;
        }
    }
}

async fn get<K>(api: &Api<K>, name: &str) -> Result<Option<K>, Error>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    api.get_opt(name).await.during(|| format!("read {name}"))
}

pub(super) fn is_ours(metadata: &ObjectMeta, uid: &str) -> bool {
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    owners.iter().any(|owner| owner.uid == uid && owner.controller == Some(true))
}

fn accepted(config: &ConfigMap) -> Option<ClusterSpec> {
    serde_json::from_str(config.annotations().get(ACCEPTED_ANNOTATION)?).ok()
}

fn quorum_record(map: &ConfigMap) -> Result<QuorumRecord, Error> {
    let field = |name: &str| map.data.as_ref().and_then(|data| data.get(name)).cloned();
    let record = || {
        Some(QuorumRecord {
            cluster_id: field("clusterId")?,
            seed: BrokerId(field("seed")?.parse().ok()?),
            seed_claim_uid: field("seedPvcUid")?,
        })
    };
    let unreadable =
        || Error::Unreadable(format!("ConfigMap {} lacks clusterId, seed or seedPvcUid", map.name_any()));
    record().ok_or_else(unreadable)
}

async fn objects(
    context: &Context,
    valid: &ValidatedCluster,
    uid: &str,
    pod_monitors: bool,
) -> Result<BTreeMap<(Kind, String), ObjectSeen>, Error> {
    let read = |(kind, name): (Kind, String)| async move {
        let api: Api<DynamicObject> =
            Api::namespaced_with(context.client.clone(), &valid.names.namespace, &api_resource(kind));
        let found = api.get_metadata_opt(&name).await.during(|| format!("read {kind:?} {name}"))?;
        let seen = found.map(|object| ObjectSeen {
            ours: is_ours(&object.metadata, uid),
            hash: object.annotations().get(HASH_ANNOTATION).cloned(),
        });
        Ok::<_, Error>(seen.map(|seen| ((kind, name), seen)))
    };
    let all = try_join_all(keys(valid, pod_monitors).into_iter().map(read)).await?;
    Ok(all.into_iter().flatten().collect())
}

/// Asked each time: the Prometheus operator may be installed later.
async fn knows_pod_monitors(context: &Context) -> Result<bool, Error> {
    let (group, version, kind, _) = Kind::PodMonitor.names();
    match context.client.list_api_group_resources(&format!("{group}/{version}")).await {
        Ok(known) => Ok(known.resources.iter().any(|resource| resource.kind == kind)),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error).during(|| format!("ask for the kinds of {group}")),
    }
}

/// How the API calls a kind.
pub(crate) fn api_resource(kind: Kind) -> ApiResource {
    let (group, version, kind, plural) = kind.names();
    let gvk = kube::core::GroupVersionKind::gvk(group, version, kind);
    ApiResource::from_gvk_with_plural(&gvk, plural)
}

async fn stateful_sets(
    context: &Context,
    valid: &ValidatedCluster,
    uid: &str,
) -> Result<BTreeMap<String, StatefulSetSeen>, Error> {
    let sets: Api<StatefulSet> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let mut seen = BTreeMap::new();
    for pool in &valid.pools {
        let name = valid.names.stateful_set(&pool.name);
        if let Some(set) = get(&sets, &name).await?.filter(|set| is_ours(&set.metadata, uid)) {
            seen.insert(name, stateful_set(&set));
        }
    }
    Ok(seen)
}

fn stateful_set(set: &StatefulSet) -> StatefulSetSeen {
    let status = set.status.clone().unwrap_or_default();
    let spec = set.spec.clone().unwrap_or_default();
    let annotations = spec.template.metadata.and_then(|metadata| metadata.annotations).unwrap_or_default();
    StatefulSetSeen {
        settled: status.observed_generation == set.metadata.generation,
        update_revision: status.update_revision.unwrap_or_default(),
        restart: annotations.get(annotation::RESTART).cloned(),
        replacing: spec.update_strategy.and_then(|update| update.type_).as_deref() == Some("OnDelete"),
    }
}

async fn claims(context: &Context, valid: &ValidatedCluster) -> Result<BTreeMap<BrokerId, ClaimSeen>, Error> {
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let mut seen = BTreeMap::new();
    for (pool, id) in valid.brokers() {
        if let Some(claim) = get(&claims, &valid.names.claim(&pool.name, id)).await? {
            let cluster_id = claim.annotations().get(CLUSTER_ID_ANNOTATION).cloned();
            seen.insert(id, ClaimSeen { uid: claim.uid().unwrap_or_default(), cluster_id });
        }
    }
    Ok(seen)
}

/// The names within the Cluster of a name.
pub(super) fn names_of(namespace: &str, cluster: &str) -> Names {
    Names { namespace: namespace.to_owned(), cluster: cluster.to_owned() }
}
