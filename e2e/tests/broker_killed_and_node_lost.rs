//! The broker's process is killed; its node is lost without a word and comes back: every acknowledged record is there,
//! and groups go on where they had committed.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::{Node, Pod};
use klamm_e2e::clients::records;
use klamm_e2e::{Clients, Cluster, Space, cluster, faults, operator, scenario};
use kube::Api;

#[test]
fn broker_killed_and_node_lost() -> Result<()> {
    scenario("killed", async |space| {
        operator::install().await?;
        let cluster = Cluster::apply(space, &cluster::yaml("Delete")).await?;
        let clients = cluster.clients().await?;
        clients.produce("events", &records(0..500)).await?;
        ensure!(clients.consume_as("readers", "events").await? == records(0..500));

        clients.produce("events", &records(500..1000)).await?;
        faults::kill_pod(space, Cluster::POD).await?;
        cluster.restarted(1).await?;
        holds(&clients, 500..1000).await?;

        clients.produce("events", &records(1000..1500)).await?;
        lose_node(space).await?;
        cluster.restarted(2).await?;
        holds(&clients, 1000..1500).await
    })
}

/// All records are there, and the group goes on exactly with what it had not read.
async fn holds(clients: &Clients, unread: std::ops::Range<u32>) -> Result<()> {
    let all = clients.consume("events").await?;
    ensure!(all == records(0..unread.end), "{} records of {}", all.len(), unread.end);
    let read = clients.consume_as("readers", "events").await?;
    ensure!(read == records(unread), "the group went on with {:?}", read.first());
    Ok(())
}

/// The broker's node is cut off, dies, is noticed, and comes back.
async fn lose_node(space: &Space) -> Result<()> {
    let machine = faults::machine()?;
    let pod = space.api::<Pod>().get(Cluster::POD).await?;
    let name = pod.spec.and_then(|spec| spec.node_name).unwrap_or_default();
    let node = machine.node(name.trim_start_matches('n').parse()?);
    node.cut()?;
    node.kill()?;
    let nodes: Api<Node> = Api::all(space.client().clone());
    let lost = |node: Option<&Node>| {
        let conditions = node.and_then(|node| node.status.as_ref()?.conditions.as_ref());
        conditions
            .into_iter()
            .flatten()
            .any(|condition| condition.type_ == "Ready" && condition.status == "Unknown")
    };
    space.wait(&nodes, &name, "lost", Duration::from_secs(60), lost).await?;
    node.join()?;
    node.start()
}
