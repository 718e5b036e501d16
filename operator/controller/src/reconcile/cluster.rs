//! One reconciliation of a Cluster.

use crate::{apply, context::Context, error::Error, observe};
use klamm_operator_api::Cluster;
use klamm_plan::cluster::plan;
use kube::{ResourceExt, runtime::controller::Action};
use std::{sync::Arc, time::Duration};
use tracing::warn;

pub(crate) async fn cluster(cluster: Arc<Cluster>, context: Arc<Context>) -> Result<Action, Error> {
    let begun = context.world.clock.now().mono;
    let outcome = once(&cluster, &context).await;
    let took = context.world.clock.now().mono.since(begun);
    context.metrics.reconciled("Cluster", outcome.is_ok(), took);
    outcome
}

async fn once(cluster: &Cluster, context: &Context) -> Result<Action, Error> {
    let Some(mut seen) = observe::cluster(context, cluster).await? else { return Ok(Action::await_change()) };
    let mut plan = plan(&seen.observed);
    seen.observed.rejected = apply::rejection(context, &seen, &plan).await?;
    if seen.observed.rejected.is_some() {
        plan = klamm_plan::cluster::plan(&seen.observed);
    }
    apply::cluster(context, &seen, &plan).await?;
    Ok(Action::requeue(Duration::from_millis(plan.again_millis)))
}

pub(crate) fn cluster_failed(cluster: Arc<Cluster>, error: &Error, _: Arc<Context>) -> Action {
    warn!(namespace = cluster.namespace(), cluster = cluster.name_any(), %error, "reconciliation failed");
    Action::requeue(super::AGAIN)
}
