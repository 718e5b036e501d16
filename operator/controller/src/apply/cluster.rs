//! Carries out the plan of a Cluster.

use super::{CLUSTER_MANAGER, STATUS_MANAGER, steps};
use crate::{
    context::Context,
    error::{During, Error},
    observe::{ClusterView, api_resource},
};
use klamm_operator_api::{Cluster, ClusterStatus};
use klamm_plan::{Kind, Resource, cluster::Plan};
use kube::{
    Api, ResourceExt,
    api::{DynamicObject, Patch, PatchParams},
};
use serde_json::json;
use tracing::{debug, info};

/// Objects, then steps, then the status: the status is written even when a step fails, so that people see where it is.
pub(crate) async fn cluster(context: &Context, view: &ClusterView, plan: &Plan) -> Result<(), Error> {
    let cluster = &view.observed.cluster;
    for resource in &plan.apply {
        object(context, cluster, resource).await?;
    }
    let mut outcome = Ok(());
    if let Some(valid) = &view.valid {
        for step in &plan.steps {
            outcome = steps::carry_out(context, view, valid, step).await;
            if outcome.is_err() {
                break;
            }
        }
    }
    if let Some(status) = &plan.status {
        self::status(context, cluster, status).await?;
    }
    outcome
}

/// Why Kubernetes would not take what the plan asks it about: nobody but it knows what a pod's template may hold.
pub(crate) async fn rejection(
    context: &Context,
    view: &ClusterView,
    plan: &Plan,
) -> Result<Option<String>, Error> {
    let params = PatchParams::apply(CLUSTER_MANAGER).force().dry_run();
    for resource in &plan.ask {
        let api = api_of(context, &view.observed.cluster, resource.kind);
        match api.patch(&resource.name, &params, &Patch::Apply(&resource.manifest)).await {
            Err(kube::Error::Api(said)) if [400, 422].contains(&said.code) => return Ok(Some(said.message)),
            tried => tried.during(|| format!("try {:?} {}", resource.kind, resource.name))?,
        };
    }
    Ok(None)
}

fn api_of(context: &Context, cluster: &Cluster, kind: Kind) -> Api<DynamicObject> {
    let namespace = cluster.namespace().unwrap_or_default();
    Api::namespaced_with(context.client.clone(), &namespace, &api_resource(kind))
}

async fn object(context: &Context, cluster: &Cluster, resource: &Resource) -> Result<(), Error> {
    let namespace = cluster.namespace().unwrap_or_default();
    let api = api_of(context, cluster, resource.kind);
    let params = PatchParams::apply(CLUSTER_MANAGER).force();
    let applied = api.patch(&resource.name, &params, &Patch::Apply(&resource.manifest)).await;
    applied.during(|| format!("apply {:?} {}", resource.kind, resource.name))?;
    info!(namespace, cluster = cluster.name_any(), kind = ?resource.kind, name = resource.name, "applied");
    Ok(())
}

async fn status(context: &Context, cluster: &Cluster, status: &ClusterStatus) -> Result<(), Error> {
    let (namespace, name) = (cluster.namespace().unwrap_or_default(), cluster.name_any());
    let api: Api<Cluster> = Api::namespaced(context.client.clone(), &namespace);
    let patch = json!({
        "apiVersion": "klamm.dev/v1alpha1",
        "kind": "Cluster",
        "metadata": { "name": name, "uid": cluster.uid() },
        "status": status,
    });
    let params = PatchParams::apply(STATUS_MANAGER).force();
    let written = api.patch_status(&name, &params, &Patch::Apply(&patch)).await;
    written.during(|| format!("write the status of Cluster {name}"))?;
    debug!(namespace, cluster = name, "status written");
    Ok(())
}
