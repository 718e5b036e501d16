//! The broker's process is killed; its node is lost without a word and comes back: every acknowledged record is there,
//! and groups go on where they had committed. It holds for the broker alone, and under the operator.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use klamm_e2e::clients::records;
use klamm_e2e::cluster::{pod_ready, pod_restarted};
use klamm_e2e::{Clients, Cluster, Space, cluster, faults, operator, scenario};

const ALONE: &str = include_str!("broker_without_an_operator.yaml");

#[test]
fn broker_alone_killed_and_node_lost() -> Result<()> {
    scenario("alone", async |space| {
        let image = operator::broker_image();
        space.apply(&ALONE.replace("${namespace}", space.name()).replace("${image}", &image)).await?;
        let ready = |pod: Option<&Pod>| pod.is_some_and(pod_ready);
        space.wait(&space.api(), Cluster::POD, "ready", Duration::from_secs(60), ready).await?;
        let clients = Clients::new(format!("orders.{}.svc.cluster.local:9092", space.name()));
        survives(space, &clients, async |times| pod_restarted(space, Cluster::POD, times).await).await
    })
}

#[test]
fn broker_of_a_cluster_killed_and_node_lost() -> Result<()> {
    scenario("killed", async |space| {
        operator::install().await?;
        let cluster = Cluster::apply(space, &cluster::yaml("Delete")).await?;
        let clients = cluster.clients().await?;
        survives(space, &clients, async |times| cluster.restarted(times).await).await
    })
}

/// Kills the broker's process, then its node, and looks each time.
async fn survives(
    space: &Space,
    clients: &Clients,
    restarted: impl AsyncFn(i32) -> Result<()>,
) -> Result<()> {
    clients.produce("events", &records(0..500)).await?;
    ensure!(clients.consume_as("readers", "events").await? == records(0..500));

    clients.produce("events", &records(500..1000)).await?;
    faults::kill_pod(space, Cluster::POD).await?;
    restarted(1).await?;
    holds(clients, 500..1000).await?;

    clients.produce("events", &records(1000..1500)).await?;
    faults::lose_node_of(space, Cluster::POD).await?;
    restarted(2).await?;
    holds(clients, 1000..1500).await
}

/// All records are there, and the group goes on exactly with what it had not read.
async fn holds(clients: &Clients, unread: std::ops::Range<u32>) -> Result<()> {
    clients.answered().await?;
    let all = clients.consume("events").await?;
    ensure!(all == records(0..unread.end), "{} records of {}", all.len(), unread.end);
    let read = clients.consume_as("readers", "events").await?;
    ensure!(read == records(unread), "the group went on with {:?}", read.first());
    Ok(())
}
