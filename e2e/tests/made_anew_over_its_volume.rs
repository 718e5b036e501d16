//! A Cluster is deleted and its volume retained; one of the same name takes it up: the same id, topics, records, offsets.

use anyhow::{Result, ensure};
use klamm_e2e::clients::records;
use klamm_e2e::{Cluster, cluster, operator, scenario};

#[test]
fn made_anew_over_its_volume() -> Result<()> {
    scenario("anew", async |space| {
        operator::install().await?;
        let first = Cluster::apply(space, &cluster::yaml("Retain")).await?;
        let (id, clients) = (first.id().await?, first.clients().await?);
        clients.produce("events", &records(0..100)).await?;
        ensure!(clients.consume_as("readers", "events").await? == records(0..100));
        clients.produce("events", &records(100..200)).await?;
        first.delete().await?;

        let second = Cluster::apply(space, &cluster::yaml("Retain")).await?;
        ensure!(second.id().await? == id, "a Cluster over retained volumes is the one that it was");
        let clients = second.clients().await?;
        ensure!(clients.consume("events").await? == records(0..200));
        ensure!(clients.consume_as("readers", "events").await? == records(100..200));
        Ok(())
    })
}
