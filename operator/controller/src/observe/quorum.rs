//! What the quorum's leader says of a Cluster of several brokers.

use super::topic::admin;
use crate::{broker_admin::Admin, context::Context, error::Error};
use klamm_plan::cluster::{Observed, ValidatedCluster, is_rolling};
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
    }
    Ok(())
}
