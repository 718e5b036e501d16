//! One broker becomes three, and then all are restarted for a changed setting, under load from an idempotent producer and a
//! consumer group: no record is lost or refused.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use klamm_e2e::load::{EVENTS, Load};
use klamm_e2e::{Cluster, Space, cluster, operator, scenario};
use kube::ResourceExt;
use kube::api::ListParams;

/// A broker's restart is a matter of seconds, and they go one after the other.
const WITHIN: Duration = Duration::from_secs(120);

#[test]
fn grows_and_rolls_under_load() -> Result<()> {
    scenario("grows", async |space| {
        operator::install().await?;
        let cluster = Cluster::apply(space, &cluster::yaml_of(1, "Retain")).await?;
        let clients = cluster.clients().await?;
        space.apply(EVENTS).await?;
        let topics = space.dynamic("klamm.dev/v1alpha1", "Topic").await?;
        space.wait_condition(&topics, "events", "Ready", WITHIN).await?;
        let load = Load::start(&clients, "events")?;

        let (alone, began) = (pods(space).await?, Instant::now());
        space.apply(&cluster::yaml_of(3, "Retain")).await?;
        space.wait_condition(&topics, "events", "FullyReplicated", WITHIN).await?;
        let raised = began.elapsed();
        // the first broker gets the settings of three last of all
        replaced(space, &alone).await?;
        ensure!(cluster.controllers("Voter").await?.len() == 2, "not all three vote");
        let grown = began.elapsed();

        let (three, began) = (pods(space).await?, Instant::now());
        ensure!(three.len() == 3, "{three:?}");
        space
            .apply(
                &cluster::yaml_of(3, "Retain").replace("config: {", "config: {log.retention.ms: 3600000, "),
            )
            .await?;
        replaced(space, &three).await?;
        cluster.whole().await?;
        let rolled = began.elapsed();

        let account = load.account(&clients).await?;
        println!(
            "1 to 3: topic raised after {:.1} s, all done after {:.1} s; rolled in {:.1} s; {account:?}",
            raised.as_secs_f64(),
            grown.as_secs_f64(),
            rolled.as_secs_f64()
        );
        Ok(())
    })
}

/// The brokers' pods: name and uid.
async fn pods(space: &Space) -> Result<BTreeMap<String, String>> {
    let all = space.api::<Pod>().list(&ListParams::default().labels("klamm.dev/cluster=orders")).await?;
    Ok(all.into_iter().map(|pod| (pod.name_any(), pod.uid().unwrap_or_default())).collect())
}

/// Waits until each of these pods was replaced by one that is ready.
async fn replaced(space: &Space, before: &BTreeMap<String, String>) -> Result<()> {
    for (name, uid) in before {
        let another = |pod: Option<&Pod>| {
            pod.is_some_and(|pod| pod.uid().as_ref() != Some(uid) && cluster::pod_ready(pod))
        };
        space.wait(&space.api(), name, "made anew and ready", WITHIN, another).await?;
    }
    Ok(())
}
