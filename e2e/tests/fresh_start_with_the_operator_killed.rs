//! The operator is killed after every step that it takes to make a Cluster. In the end there is one Cluster with one id,
//! and it works: what was begun is found again, nothing is begun twice.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures::stream::{SelectAll, StreamExt};
use klamm_e2e::clients::records;
use klamm_e2e::space::{is_true, title};
use klamm_e2e::{Cluster, Space, cluster, operator, scenario};
use kube::api::DynamicObject;
use kube::runtime::{WatchStreamExt, watcher};

/// What the operator makes, and a change of whose number is a step.
const KINDS: &[(&str, &str)] = &[
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Pod"),
    ("apps/v1", "StatefulSet"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("klamm.dev/v1alpha1", "Cluster"),
];

/// From one step to the next, with a new operator that has to wait for the dead one's lease.
const STEP: Duration = Duration::from_secs(60);

#[test]
fn fresh_start_with_the_operator_killed() -> Result<()> {
    scenario("fresh", async |space| {
        let operators = operator::install().await?;
        let cluster = Cluster::apply(space, &cluster::yaml("Delete")).await?;
        let kills = kill_at_every_step(space, &operators).await?;
        ensure!(kills >= 5, "only {kills} steps were seen");
        println!("the operator was killed {kills} times");

        let id = cluster.id().await?;
        let objects = space.objects().await?;
        let formed = objects.iter().find(|object| title(object) == "ConfigMap/orders-quorum");
        let recorded =
            formed.context("the quorum's formation is recorded")?.data["data"]["clusterId"].as_str();
        ensure!(recorded == Some(&id), "the status says {id}, the record {recorded:?}");
        let clients = cluster.clients().await?;
        let answered = clients.tool("kafka-cluster", &["cluster-id"]).await?;
        ensure!(answered.contains(&id), "the broker answers {answered}");
        clients.produce("first", &records(0..10)).await?;
        ensure!(clients.consume("first").await? == records(0..10));
        Ok(())
    })
}

/// Kills the operator whenever something new is there, until the Cluster is ready. Returns how often.
async fn kill_at_every_step(space: &Space, operators: &Space) -> Result<usize> {
    let mut watched = SelectAll::new();
    for (version, kind) in KINDS {
        let api = space.dynamic(version, kind).await?;
        let objects = watcher(api, watcher::Config::default()).default_backoff().applied_objects();
        watched.push(objects.map(move |object| object.map(|object| (*kind, object))).boxed());
    }
    let mut watched = pin!(watched);
    let (mut seen, mut kills) = (BTreeSet::new(), 0);
    loop {
        let next = tokio::time::timeout(STEP, watched.next()).await;
        let Some((kind, object)) = next.with_context(|| format!("no step after {seen:?}"))?.transpose()?
        else {
            bail!("the watch ended");
        };
        if kind == "Cluster" && is_true(&object, "Ready") {
            return Ok(kills);
        }
        if seen.insert(step(kind, &object)) {
            operator::kill(operators).await?;
            kills += 1;
        }
    }
}

/// What makes an object worth a kill: that it is there, and for the Cluster what its conditions say.
fn step(kind: &str, object: &DynamicObject) -> String {
    let reasons = object.data["status"]["conditions"].as_array().into_iter().flatten();
    let reasons: Vec<_> =
        reasons.filter(|_| kind == "Cluster").map(|c| format!("{}{}", c["type"], c["reason"])).collect();
    format!("{kind}/{} {}", object.metadata.name.as_deref().unwrap_or_default(), reasons.join(" "))
}
