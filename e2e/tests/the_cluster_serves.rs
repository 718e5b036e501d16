//! The ground that the other tests stand on: volumes, names, Services, a killed process, a node that is lost and comes back.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::StatefulSet;
use klamm_e2e::cluster::pod_restarted;
use klamm_e2e::{Space, faults, inside, scenario};

const WEB: &str = include_str!("the_cluster_serves.yaml");

#[test]
fn the_cluster_serves() -> Result<()> {
    scenario("serves", async |space| {
        space.apply(WEB).await?;
        all_ready(space).await?;
        ensure!(get(space, "web-vip").await? == "kept by web");
        ensure!(get(space, "web-1.web").await? == "kept by web");

        faults::kill_pod(space, "web-0").await?;
        pod_restarted(space, "web-0", 1).await?;

        faults::lose_node_of(space, "web-1").await?;
        pod_restarted(space, "web-1", 1).await?;
        ensure!(get(space, "web-1").await? == "kept by web");
        Ok(())
    })
}

const MINUTE: Duration = Duration::from_secs(60);

async fn all_ready(space: &Space) -> Result<()> {
    let ready = |set: Option<&StatefulSet>| {
        set.and_then(|set| set.status.as_ref()).and_then(|status| status.ready_replicas) == Some(3)
    };
    space.wait(&space.api(), "web", "3 ready", MINUTE, ready).await.map(drop)
}

async fn get(space: &Space, host: &str) -> Result<String> {
    let url = format!("http://{host}.{}.svc.cluster.local:8080/index.html", space.name());
    let deadline = tokio::time::Instant::now() + MINUTE;
    loop {
        match inside::output(inside::command("busybox").args(["wget", "-qO-", &url])).await {
            Ok(text) => return Ok(text.trim().to_owned()),
            // a pod is ready before its Services lead to it everywhere
            Err(error) if tokio::time::Instant::now() > deadline => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}
