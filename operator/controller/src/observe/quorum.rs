//! What the quorum's leader says of a Cluster of several brokers.

use super::topic::admin;
use crate::{
    broker_admin::Admin,
    context::Context,
    error::{During, Error},
};
use klamm_operator_api::Topic;
use klamm_plan::{
    cluster::{Observed, ValidatedCluster, is_rolling},
    topic::is_growing,
};
use kube::{Api, ResourceExt, api::ListParams};
use tracing::debug;

/// Asks who votes and, while pods are replaced, which replicas are in sync. What is not known stays unknown: the plan waits.
pub(super) async fn ask(context: &Context, valid: &ValidatedCluster, observed: &mut Observed) {
    if !observed.brokers.values().flatten().any(|broker| broker.quorum_leader.is_some()) {
        return;
    }
    if let Err(error) = try_ask(context, valid, observed).await {
        context.admins.forget(&valid.names).await;
        debug!(cluster = valid.names.cluster, %error, "the quorum does not tell of itself");
    }
}

async fn try_ask(context: &Context, valid: &ValidatedCluster, observed: &mut Observed) -> Result<(), Error> {
    let admin: Admin = admin(context, &valid.names).await?;
    observed.quorum_seen = Some(admin.quorum().await?);
    if is_rolling(valid, observed) {
        observed.partitions = Some(admin.partitions().await?);
        observed.growing = growing(context, valid).await?;
    }
    Ok(())
}

async fn growing(context: &Context, valid: &ValidatedCluster) -> Result<Vec<String>, Error> {
    let topics: Api<Topic> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let all = topics.list(&ListParams::default()).await.during(|| "list Topics".to_owned())?;
    let brokers = i32::try_from(valid.brokers().count()).unwrap_or(i32::MAX);
    let mine = |topic: &Topic| topic.spec.cluster_ref.name == valid.names.cluster;
    let growing = all.into_iter().filter(|topic| mine(topic) && is_growing(topic, brokers));
    Ok(growing.map(|topic| topic.name_any()).collect())
}
