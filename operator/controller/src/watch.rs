//! Which changes wake which reconciliation.

use crate::{context::Context, reconcile};
use futures::{StreamExt, future::join};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret, Service},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use klamm_operator_api::{Cluster, Topic};
use kube::{
    Api, Resource, ResourceExt,
    core::PartialObjectMeta,
    runtime::{
        Controller, controller,
        reflector::{ObjectRef, Store},
        watcher,
    },
};
use std::{fmt::Debug, sync::Arc, time::Duration};
use tokio::sync::watch;
use tracing::debug;

const CLUSTER_LABEL: &str = "klamm.dev/cluster";

/// Several changes at once are one reconciliation.
const DEBOUNCE: Duration = Duration::from_millis(50);

/// Reconciles the Clusters and Topics of a namespace, or of all (`*`), until `stopping`.
pub(crate) async fn namespace(context: Arc<Context>, name: &str, stopping: watch::Receiver<bool>) {
    join(clusters(Arc::clone(&context), name, stopping.clone()), topics(context, name, stopping)).await;
}

async fn clusters(context: Arc<Context>, namespace: &str, mut stopping: watch::Receiver<bool>) {
    let ours = || watcher::Config::default().labels("app.kubernetes.io/managed-by=klamm-operator");
    let labelled = || watcher::Config::default().labels(CLUSTER_LABEL);
    // secrets only as metadata: keys do not belong into a cache
    let secrets = api::<PartialObjectMeta<Secret>>(&context, namespace);
    let specs = Controller::new(api::<Cluster>(&context, namespace), watcher::Config::default());
    specs
        .with_config(controller::Config::default().debounce(DEBOUNCE).concurrency(16))
        .owns(api::<StatefulSet>(&context, namespace), ours())
        .owns(api::<Service>(&context, namespace), ours())
        .owns(api::<ConfigMap>(&context, namespace), ours())
        .owns(api::<NetworkPolicy>(&context, namespace), ours())
        .owns(api::<PodDisruptionBudget>(&context, namespace), ours())
        .owns(secrets, ours())
        .watches(api::<Pod>(&context, namespace), labelled(), of_cluster)
        .watches(api::<PersistentVolumeClaim>(&context, namespace), labelled(), of_cluster)
        .graceful_shutdown_on(async move { drop(stopping.wait_for(|stop| *stop).await) })
        .run(reconcile::cluster, reconcile::cluster_failed, context)
        .for_each(|done| async move { debug!(?done, "Cluster reconciled") })
        .await;
}

async fn topics(context: Arc<Context>, namespace: &str, mut stopping: watch::Receiver<bool>) {
    let specs = Controller::new(api::<Topic>(&context, namespace), watcher::Config::default());
    let store = specs.store();
    let of_cluster = {
        let store = store.clone();
        move |cluster: Cluster| topics_of(&store, &cluster)
    };
    // a Topic waits for its Cluster to be ready: statuses matter, so every change does
    let reconcile = {
        let store = store.clone();
        move |topic, context| reconcile::topic(topic, context, store.clone())
    };
    specs
        .with_config(controller::Config::default().debounce(DEBOUNCE).concurrency(32))
        .watches(api::<Cluster>(&context, namespace), watcher::Config::default(), of_cluster)
        .graceful_shutdown_on(async move { drop(stopping.wait_for(|stop| *stop).await) })
        .run(reconcile, reconcile::topic_failed, context)
        .for_each(|done| async move { debug!(?done, "Topic reconciled") })
        .await;
}

fn topics_of(store: &Store<Topic>, cluster: &Cluster) -> Vec<ObjectRef<Topic>> {
    let (namespace, name) = (cluster.namespace(), cluster.name_any());
    let mine = |topic: &Arc<Topic>| topic.namespace() == namespace && topic.spec.cluster_ref.name == name;
    store.state().into_iter().filter(mine).map(|topic| ObjectRef::from_obj(&*topic)).collect()
}

/// The Cluster that an object's label names.
fn of_cluster<K: ResourceExt>(object: K) -> Option<ObjectRef<Cluster>> {
    let name = object.labels().get(CLUSTER_LABEL)?;
    Some(ObjectRef::new(name).within(&object.namespace()?))
}

fn api<K>(context: &Context, namespace: &str) -> Api<K>
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()> + Clone + Debug,
{
    match namespace {
        "*" => Api::all(context.client.clone()),
        name => Api::namespaced(context.client.clone(), name),
    }
}
