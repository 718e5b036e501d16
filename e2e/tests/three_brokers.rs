//! Three brokers under load, from an idempotent producer and a consumer group, while one thing after the other goes wrong:
//! every acknowledged record is there exactly once, and it is one cluster all the time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use k8s_openapi::api::core::v1::Pod;
use klamm_e2e::faults::{self, Loss};
use klamm_e2e::load::{EVENTS, Load};
use klamm_e2e::{Clients, Cluster, Space, cluster, operator, scenario};

/// The bar for three brokers, with the image on the nodes.
const READY_WITHIN: Duration = Duration::from_secs(15);

#[test]
fn three_brokers_lose_nothing() -> Result<()> {
    scenario("three", async |space| {
        let operators = operator::install().await?;
        let began = Instant::now();
        let cluster = Cluster::apply(space, &cluster::yaml_of(3, "Retain")).await?;
        cluster.ready().await?;
        let ready = began.elapsed();
        println!("three brokers are Ready after {:.1} s", ready.as_secs_f64());
        ensure!(ready <= READY_WITHIN, "Ready only after {ready:?}");
        apart(space, &cluster).await?;

        let (id, clients) = (cluster.id().await?, cluster.clients().await?);
        space.apply(EVENTS).await?;
        let topics = space.dynamic("klamm.dev/v1alpha1", "Topic").await?;
        space.wait_condition(&topics, "events", "FullyReplicated", Duration::from_secs(30)).await?;
        let load = Load::start(&clients, "events")?;

        step(&cluster, &load, "the leader's pod is killed", async || {
            faults::replace_pod(space, &leader(&clients).await?).await
        })
        .await?;
        step(&cluster, &load, "the active controller is killed, and the operator", async || {
            let controller = cluster.controllers("Leader").await?.remove(0);
            operator::kill(&operators).await?;
            faults::replace_pod(space, &controller).await
        })
        .await?;
        step(&cluster, &load, "the leader's node is lost", async || {
            faults::lose_node(space, &leader(&clients).await?, Loss::Heard).await
        })
        .await?;
        step(&cluster, &load, "the leader's node is lost silently", async || {
            faults::lose_node(space, &leader(&clients).await?, Loss::Silent).await
        })
        .await?;
        step(&cluster, &load, "the volume of broker 0 is lost", async || {
            faults::lose_volume_of(space, "orders-brokers-0").await?;
            faults::volume_is_taken(space, "orders-brokers-0").await
        })
        .await?;
        step(
            &cluster,
            &load,
            "the active controller's volume is lost, and the operator killed",
            async || {
                let controller = cluster.controllers("Leader").await?.remove(0);
                faults::lose_volume_of(space, &controller).await?;
                operator::kill(&operators).await?;
                faults::volume_is_taken(space, &controller).await
            },
        )
        .await?;

        let account = load.account(&clients).await?;
        println!("6 faults, {account:?}");
        ensure!(cluster.id().await? == id, "it is another cluster");
        let answered = clients.tool("kafka-cluster", &["cluster-id"]).await?;
        ensure!(answered.contains(&id), "the brokers answer {answered}");
        Ok(())
    })
}

/// Something goes wrong under load; then the Cluster becomes whole again, with three voters.
async fn step(
    cluster: &Cluster<'_>,
    load: &Load,
    what: &str,
    fault: impl AsyncFnOnce() -> Result<()>,
) -> Result<()> {
    let (began, before) = (Instant::now(), load.written());
    fault().await.map_err(|error| error.context(what.to_owned()))?;
    let voters = async || {
        let (leaders, voters) = (cluster.controllers("Leader").await?, cluster.controllers("Voter").await?);
        Ok::<_, anyhow::Error>((leaders.len(), voters.len()))
    };
    let parts = voters().await.map_err(|error| error.context(format!("after {what}")))?;
    ensure!(parts == (1, 2), "{what}: there are {parts:?} leaders and other voters");
    let written = load.written() - before;
    println!("{what}: whole again after {:.1} s, {written} records meanwhile", began.elapsed().as_secs_f64());
    Ok(())
}

/// The pod of the broker that leads the first partition.
async fn leader(clients: &Clients) -> Result<String> {
    Ok(format!("orders-brokers-{}", clients.leader("events", 0).await?))
}

/// No two brokers stand on one node, so that one that is lost takes one broker. Kubernetes does not promise it: while a
/// volume is bound the scheduler may put another pod beside. A broker that stands with another gets a new volume elsewhere.
async fn apart(space: &Space, cluster: &Cluster<'_>) -> Result<()> {
    for _ in 0..4 {
        let mut nodes = BTreeMap::new();
        let mut beside = None;
        for id in 0..3 {
            let name = format!("orders-brokers-{id}");
            let pod = space.api::<Pod>().get(&name).await?;
            let node = pod.spec.and_then(|spec| spec.node_name).unwrap_or_default();
            if nodes.insert(node, name.clone()).is_some() {
                beside = Some(name);
            }
        }
        let Some(name) = beside else { return Ok(()) };
        println!("{name} stands on a node with another: it gets a new volume");
        faults::lose_volume_of(space, &name).await?;
        faults::volume_is_taken(space, &name).await?;
        cluster.whole().await?;
    }
    bail!("two brokers stand on one node again and again")
}
