//! A deleted Cluster leaves its volumes where it says Retain, and nothing at all where it says Delete.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use klamm_e2e::space::title;
use klamm_e2e::{Cluster, Space, cluster, operator, scenario};
use kube::ResourceExt;
use kube::api::ListParams;

#[test]
fn retained() -> Result<()> {
    scenario("retained", async |space| {
        let left = left_after_deletion(space, "Retain").await?;
        ensure!(left.len() == 1 && left[0].starts_with("PersistentVolumeClaim/"), "{left:?} was left");
        Ok(())
    })
}

#[test]
fn deleted() -> Result<()> {
    scenario("deleted", async |space| {
        let left = left_after_deletion(space, "Delete").await?;
        ensure!(left.is_empty(), "{left:?} was left");
        Ok(())
    })
}

/// What is in the namespace when a Cluster was there and Kubernetes has collected what it owned.
async fn left_after_deletion(space: &Space, on_delete: &str) -> Result<Vec<String>> {
    operator::install().await?;
    let cluster = Cluster::apply(space, &cluster::yaml(on_delete)).await?;
    cluster.ready().await?;
    cluster.delete().await?;
    let claims = space.api::<PersistentVolumeClaim>();
    for claim in claims.list(&ListParams::default()).await? {
        if on_delete == "Delete" {
            let gone = |claim: Option<&PersistentVolumeClaim>| claim.is_none();
            space.wait(&claims, &claim.name_any(), "gone", Duration::from_secs(30), gone).await?;
        }
    }
    Ok(space.objects().await?.iter().map(title).collect())
}
