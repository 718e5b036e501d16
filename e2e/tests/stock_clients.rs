//! Clients that no one here wrote, inside the cluster's network, by the address that the status names.

use anyhow::{Result, ensure};
use klamm_e2e::clients::records;
use klamm_e2e::{Cluster, cluster, operator, scenario};

#[test]
fn stock_clients() -> Result<()> {
    scenario("clients", async |space| {
        operator::install().await?;
        let clients = Cluster::apply(space, &cluster::yaml("Delete")).await?.clients().await?;

        // librdkafka
        clients.produce("by-kcat", &records(0..1000)).await?;
        ensure!(clients.consume("by-kcat").await? == records(0..1000));
        ensure!(clients.consume_as("readers", "by-kcat").await? == records(0..1000));
        ensure!(clients.consume_as("readers", "by-kcat").await?.is_empty(), "the group had read everything");

        // Kafka's own
        clients.tool("kafka-topics", &["--create", "--topic", "by-java", "--partitions", "3"]).await?;
        clients
            .tool_given("kafka-console-producer", &["--topic", "by-java"], &records(0..100).join("\n"))
            .await?;
        let consume = ["--topic", "by-java", "--group", "java", "--from-beginning", "--max-messages", "100"];
        let consumed = clients.tool("kafka-console-consumer", &consume).await?;
        let mut consumed: Vec<_> = consumed.lines().map(str::to_owned).collect();
        let mut produced = records(0..100);
        consumed.sort();
        produced.sort();
        ensure!(consumed == produced, "{consumed:?}");
        let described = clients.tool("kafka-consumer-groups", &["--describe", "--group", "java"]).await?;
        ensure!(described.contains("by-java"), "{described}");
        Ok(())
    })
}
