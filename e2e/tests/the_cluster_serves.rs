//! The ground that the other tests stand on: volumes, names, Services, a killed process, a node that is lost and comes back.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Node, Pod};
use klamm_e2e::cluster::restarts;
use klamm_e2e::{Space, faults, inside, scenario};
use kube::Api;

const WEB: &str = include_str!("the_cluster_serves.yaml");

#[test]
fn the_cluster_serves() -> Result<()> {
    scenario("serves", async |space| {
        space.apply(WEB).await?;
        all_ready(space).await?;
        ensure!(get(space, "web-vip").await? == "kept by web");
        ensure!(get(space, "web-1.web").await? == "kept by web");

        faults::kill_pod(space, "web-0").await?;
        let restarted = |pod: Option<&Pod>| pod.is_some_and(|pod| restarts(pod) == 1);
        space.wait(&space.api(), "web-0", "restarted", MINUTE, restarted).await?;
        all_ready(space).await?;

        node_lost_and_back(space).await?;
        all_ready(space).await?;
        ensure!(get(space, "web-1").await? == "kept by web");
        Ok(())
    })
}

const MINUTE: Duration = Duration::from_secs(60);

/// Cut off, killed, noticed, started, joined: the pod runs again, on its volume.
async fn node_lost_and_back(space: &Space) -> Result<()> {
    let machine = faults::machine()?;
    let pod = space.api::<Pod>().get("web-1").await?;
    let name = pod.spec.and_then(|spec| spec.node_name).unwrap_or_default();
    let node = machine.node(name.trim_start_matches('n').parse()?);
    let nodes: Api<Node> = Api::all(space.client().clone());
    node.cut()?;
    node.kill()?;
    let lost = |node: Option<&Node>| node.is_some_and(|node| ready(node) == Some("Unknown"));
    space.wait(&nodes, &name, "lost", MINUTE, lost).await?;
    node.join()?;
    node.start()?;
    let back = |node: Option<&Node>| node.is_some_and(|node| ready(node) == Some("True"));
    space.wait(&nodes, &name, "back", MINUTE, back).await?;
    let restarted = |pod: Option<&Pod>| pod.is_some_and(|pod| restarts(pod) == 1);
    space.wait(&space.api(), "web-1", "restarted", MINUTE, restarted).await.map(drop)
}

async fn all_ready(space: &Space) -> Result<()> {
    let ready = |set: Option<&StatefulSet>| {
        set.and_then(|set| set.status.as_ref()).and_then(|status| status.ready_replicas) == Some(3)
    };
    space.wait(&space.api(), "web", "3 ready", MINUTE, ready).await.map(drop)
}

async fn get(space: &Space, host: &str) -> Result<String> {
    let url = format!("http://{host}.{}.svc.cluster.local:8080/index.html", space.name());
    let text = inside::output(inside::command("busybox").args(["wget", "-qO-", &url])).await?;
    Ok(text.trim().to_owned())
}

fn ready(node: &Node) -> Option<&str> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == "Ready").map(|condition| condition.status.as_str())
}
