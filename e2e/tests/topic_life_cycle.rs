//! A Topic's life: made, grown, configured, refused, adopted, in conflict, deleted with and without its data.

use std::time::Duration;

use anyhow::{Result, ensure};
use klamm_e2e::{Cluster, Space, cluster, operator, scenario};
use kube::Api;
use kube::api::{DeleteParams, DynamicObject};

#[test]
fn topic_life_cycle() -> Result<()> {
    scenario("topics", async |space| {
        operator::install().await?;
        let clients = Cluster::apply(space, &cluster::yaml("Delete")).await?.clients().await?;
        let topics = space.dynamic("klamm.dev/v1alpha1", "Topic").await?;

        topic(space, "a", "partitions: 2, config: {retention.ms: 3600000}").await?;
        ready(space, &topics, "a").await?;
        clients.until_partitions("a", Some(2)).await?;
        ensure!(config(&clients, "a").await?.contains("retention.ms=3600000"));

        topic(space, "a", "partitions: 4, config: {retention.ms: 7200000}").await?;
        ready(space, &topics, "a").await?;
        clients.until_partitions("a", Some(4)).await?;
        ensure!(config(&clients, "a").await?.contains("retention.ms=7200000"));

        // One broker cannot hold three replicas: the topic is made all the same, and says so.
        topic(space, "b", "partitions: 1, replicas: 3").await?;
        clients.until_partitions("b", Some(1)).await?;
        reason(space, &topics, "b", "FullyReplicated", "NotEnoughBrokers").await?;

        // A topic that someone else made is adopted, and not deleted with the resource.
        clients.tool("kafka-topics", &["--create", "--topic", "found", "--partitions", "1"]).await?;
        topic(space, "found", "partitions: 1").await?;
        ready(space, &topics, "found").await?;
        topics.delete("found", &DeleteParams::default()).await?;
        space.wait(&topics, "found", "gone", MINUTE, |topic| topic.is_none()).await?;
        ensure!(clients.partitions("found").await? == Some(1), "an adopted topic outlives its resource");

        // Two resources of one topic: the older wins.
        topic(space, "second", "topicName: a").await?;
        reason(space, &topics, "second", "Stalled", "NameConflict").await?;
        topics.delete("second", &DeleteParams::default()).await?;
        space.wait(&topics, "second", "gone", MINUTE, |topic| topic.is_none()).await?;
        ensure!(clients.partitions("a").await? == Some(4), "the loser's deletion is not the winner's");

        topic(space, "kept", "partitions: 1, onDelete: Retain").await?;
        ready(space, &topics, "kept").await?;
        for name in ["kept", "a"] {
            topics.delete(name, &DeleteParams::default()).await?;
            space.wait(&topics, name, "gone", MINUTE, |topic| topic.is_none()).await?;
        }
        clients.until_partitions("a", None).await?;
        ensure!(clients.partitions("kept").await? == Some(1));
        Ok(())
    })
}

const MINUTE: Duration = Duration::from_secs(60);

async fn topic(space: &Space, name: &str, spec: &str) -> Result<()> {
    let spec = format!("{{clusterRef: {{name: orders}}, {spec}}}");
    let yaml =
        format!("apiVersion: klamm.dev/v1alpha1\nkind: Topic\nmetadata: {{name: {name}}}\nspec: {spec}\n");
    space.apply(&yaml).await.map(drop)
}

/// Ready for the spec as it is now.
async fn ready(space: &Space, topics: &Api<DynamicObject>, name: &str) -> Result<()> {
    let so = |topic: Option<&DynamicObject>| {
        topic.is_some_and(|topic| {
            let observed = topic.data["status"]["observedGeneration"].as_i64();
            observed == topic.metadata.generation && klamm_e2e::space::is_true(topic, "Ready")
        })
    };
    space.wait(topics, name, "ready", MINUTE, so).await.map(drop)
}

/// A condition with this reason, whichever way it stands.
async fn reason(
    space: &Space,
    topics: &Api<DynamicObject>,
    name: &str,
    condition: &str,
    reason: &str,
) -> Result<()> {
    let so = |topic: Option<&DynamicObject>| {
        let conditions = topic.and_then(|topic| topic.data["status"]["conditions"].as_array());
        conditions.into_iter().flatten().any(|c| c["type"] == condition && c["reason"] == reason)
    };
    space.wait(topics, name, &format!("{condition} {reason}"), MINUTE, so).await.map(drop)
}

async fn config(clients: &klamm_e2e::Clients, topic: &str) -> Result<String> {
    clients.tool("kafka-configs", &["--describe", "--entity-type", "topics", "--entity-name", topic]).await
}
