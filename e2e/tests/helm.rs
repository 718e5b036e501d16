//! The chart by Helm: an upgrade of the operator restarts no broker, and when it is uninstalled Clusters go on, Topics can be
//! deleted, and nothing of the operator is left.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use klamm_e2e::clients::records;
use klamm_e2e::cluster::restarts;
use klamm_e2e::{Cluster, Space, cluster, inside, operator, scenario};
use kube::api::ListParams;
use kube::{Api, ResourceExt};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/klamm");
const TOPIC: &str = "
apiVersion: klamm.dev/v1alpha1
kind: Topic
metadata: {name: events}
spec: {clusterRef: {name: orders}}
";
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn helm_installs_upgrades_and_uninstalls() -> Result<()> {
    scenario("helm", async |space| {
        let operators = operator::install().await?; // others may have made it before; Helm takes it over
        let outcome = by_helm(space, &operators).await;
        operator::install().await?; // for whoever tests after us
        outcome
    })
}

async fn by_helm(space: &Space, operators: &Space) -> Result<()> {
    let install = ["upgrade", "klamm", CHART, "--install", "--take-ownership", "--wait"];
    helm(operators, &[&install[..], &["--set", "allNamespaces=true"]].concat()).await?;
    let cluster = Cluster::apply(space, &cluster::yaml("Delete")).await?;
    let clients = cluster.clients().await?;
    space.apply(TOPIC).await?;
    let topics = space.dynamic("klamm.dev/v1alpha1", "Topic").await?;
    let topic = space.wait_condition(&topics, "events", "Ready", MINUTE).await?;
    ensure!(!topic.finalizers().is_empty(), "a Topic whose deletion deletes data is held");
    clients.produce("events", &records(0..10)).await?;
    let broker = pod(space).await?;

    let before = deployed(operators).await?;
    let upgrade = ["--set", "allNamespaces=true,log=debug\\,kube=warn"];
    helm(operators, &[&install[..], &upgrade].concat()).await?;
    ensure!(deployed(operators).await? > before, "the upgrade changed the operator");
    cluster.whole().await?;
    ensure!(pod(space).await? == broker, "an upgrade of the operator restarts no broker");

    helm(operators, &["uninstall", "klamm", "--wait"]).await?;
    let topic = topics.get("events").await?;
    ensure!(topic.finalizers().is_empty(), "still held by {:?}", topic.finalizers());
    space.delete(&topics, "events", MINUTE).await?;
    ensure!(clients.consume("events").await? == records(0..10), "nobody was there to delete the records");
    ensure!(pod(space).await? == broker, "a Cluster goes on without its operator");
    ensure!(left::<Deployment>(operators).await? + left::<ServiceAccount>(operators).await? == 0);
    ensure!(left::<Job>(operators).await? == 0, "the hook is taken away after its work");
    ensure!(operators.api::<Lease>().list(&ListParams::default()).await?.items.is_empty(), "a Lease is left");
    Ok(())
}

async fn helm(operators: &Space, arguments: &[&str]) -> Result<()> {
    let mut helm = tokio::process::Command::new("helm"); // it speaks to the API server, as the test itself
    helm.args(arguments).args(["--namespace", operators.name()]).kill_on_drop(true);
    inside::output(&mut helm).await.map(drop)
}

/// The broker's pod and how often it was restarted.
async fn pod(space: &Space) -> Result<(Option<String>, i32)> {
    let pod = space.api::<Pod>().get(Cluster::POD).await?;
    Ok((pod.uid(), restarts(&pod)))
}

/// Which of the Deployment's states this is.
async fn deployed(operators: &Space) -> Result<i64> {
    let deployment = operators.api::<Deployment>().get("klamm-operator").await?;
    Ok(deployment.metadata.generation.unwrap_or_default())
}

/// How many objects of a kind the operator's namespace has that the chart made.
async fn left<K>(operators: &Space) -> Result<usize>
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
    K::DynamicType: Default,
{
    let api: Api<K> = operators.api();
    let ours = ListParams::default().labels("app.kubernetes.io/name=klamm-operator");
    Ok(api.list(&ours).await?.items.len())
}
