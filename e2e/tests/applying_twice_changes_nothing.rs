//! The same YAML again, and an operator that starts anew, change nothing: GitOps tools see no drift, no pod is rolled.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use klamm_e2e::space::title;
use klamm_e2e::{Cluster, Space, cluster, operator, scenario};

#[test]
fn applying_twice_changes_nothing() -> Result<()> {
    scenario("twice", async |space| {
        let operators = operator::install().await?;
        let cluster = Cluster::apply(space, &cluster::yaml("Delete")).await?;
        cluster.ready().await?;
        let before = specs(space).await?;

        Cluster::apply(space, &cluster::yaml("Delete")).await?.ready().await?;
        ensure!(
            specs(space).await? == before,
            "applied twice: {:#?} is not {before:#?}",
            specs(space).await?
        );

        operator::kill(&operators).await?;
        operator::install().await?;
        // A Topic that becomes ready shows that the new operator has looked at the Cluster.
        space.apply("{apiVersion: klamm.dev/v1alpha1, kind: Topic, metadata: {name: seen}, spec: {clusterRef: {name: orders}}}").await?;
        let topics = space.dynamic("klamm.dev/v1alpha1", "Topic").await?;
        space.wait_condition(&topics, "seen", "Ready", std::time::Duration::from_secs(60)).await?;
        let mut after = specs(space).await?;
        after.remove("Topic/seen");
        ensure!(after == before, "an operator started anew: {after:#?} is not {before:#?}");
        Ok(())
    })
}

/// Every object with what tells whether someone asked for something else: its uid and the generation of its spec.
async fn specs(space: &Space) -> Result<BTreeMap<String, (Option<String>, Option<i64>)>> {
    let objects = space.objects().await?;
    // EndpointSlices and the like follow pods' readiness; they are Kubernetes' own.
    let ours = objects.into_iter().filter(|object| !title(object).starts_with("Endpoint"));
    Ok(ours.map(|object| (title(&object), (object.metadata.uid, object.metadata.generation))).collect())
}
