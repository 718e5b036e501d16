//! A deleted Cluster leaves its volumes where it says Retain, and nothing at all where it says Delete.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use klamm_e2e::space::title;
use klamm_e2e::{Cluster, Space, cluster, operator, scenario};

#[test]
fn retained() -> Result<()> {
    scenario("retained", async |space| {
        let left = left_after_deletion(space, "Retain", 1).await?;
        ensure!(left.len() == 1 && left[0].starts_with("PersistentVolumeClaim/"), "{left:?} was left");
        Ok(())
    })
}

#[test]
fn deleted() -> Result<()> {
    scenario("deleted", async |space| {
        let left = left_after_deletion(space, "Delete", 0).await?;
        ensure!(left.is_empty(), "{left:?} was left");
        Ok(())
    })
}

/// What is in the namespace when a Cluster was there and Kubernetes has collected what it owned: at most so many objects,
/// or more that stay.
async fn left_after_deletion(space: &Space, on_delete: &str, expected: usize) -> Result<Vec<String>> {
    operator::install().await?;
    let cluster = Cluster::apply(space, &cluster::yaml(on_delete)).await?;
    cluster.ready().await?;
    cluster.delete().await?;
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let left: Vec<_> = space.objects().await?.iter().map(title).collect();
        if left.len() <= expected || Instant::now() > deadline {
            return Ok(left);
        }
    }
}
