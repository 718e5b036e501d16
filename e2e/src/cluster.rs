//! A `Cluster` in a test's namespace, seen as its user does.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::DynamicObject;

use crate::clients::Clients;
use crate::space::{Space, is_true};

/// A Cluster may take so long where three nodes and the tests share two cores; how fast it is, is measured elsewhere.
const WITHIN: Duration = Duration::from_secs(90);

/// A Cluster of one broker, `orders`, whose volume goes as `onDelete` says.
pub fn yaml(on_delete: &str) -> String {
    yaml_of(1, on_delete)
}

/// A Cluster of so many brokers, `orders`, whose volumes go as `onDelete` says.
pub fn yaml_of(brokers: usize, on_delete: &str) -> String {
    format!(
        "apiVersion: klamm.dev/v1alpha1
kind: Cluster
metadata: {{name: orders}}
spec:
  pools:
  - name: brokers
    replicas: {brokers}
    storage: {{size: 1Gi, onDelete: {on_delete}}}
  config: {{auto.create.topics.enable: true}}
"
    )
}

/// The Cluster `orders`.
pub struct Cluster<'a> {
    space: &'a Space,
    api: Api<DynamicObject>,
}

impl<'a> Cluster<'a> {
    /// Its one broker's pod.
    pub const POD: &'static str = "orders-brokers-0";

    /// Applies `yaml`; it is not ready yet.
    pub async fn apply(space: &'a Space, yaml: &str) -> Result<Cluster<'a>> {
        space.apply(yaml).await?;
        Ok(Cluster { space, api: space.dynamic("klamm.dev/v1alpha1", "Cluster").await? })
    }

    /// Waits until the operator says of the spec as it is now that the Cluster is ready.
    pub async fn ready(&self) -> Result<DynamicObject> {
        let so = |cluster: Option<&DynamicObject>| {
            cluster.is_some_and(|cluster| {
                let observed = cluster.data["status"]["observedGeneration"].as_i64();
                observed == cluster.metadata.generation && is_true(cluster, "Ready")
            })
        };
        self.space.wait(&self.api, "orders", "ready", WITHIN, so).await?.context("the Cluster vanished")
    }

    /// Waits until it is ready, every broker is in sync, and nothing is under way.
    pub async fn whole(&self) -> Result<DynamicObject> {
        let so = |cluster: Option<&DynamicObject>| {
            cluster.is_some_and(|cluster| {
                let status = &cluster.data["status"];
                let brokers = status["brokers"].as_array().map_or(0, Vec::len);
                let is_false = |condition: &str| {
                    let all = status["conditions"].as_array();
                    all.into_iter().flatten().any(|c| c["type"] == condition && c["status"] == "False")
                };
                status["observedGeneration"].as_i64() == cluster.metadata.generation
                    && is_true(cluster, "Ready")
                    && is_false("Degraded")
                    && is_false("Reconciling")
                    && status["summary"]["inSync"] == format!("{brokers}/{brokers}")
            })
        };
        self.space.wait(&self.api, "orders", "whole", WITHIN, so).await?.context("the Cluster vanished")
    }

    /// The pods of its brokers whose part in the metadata quorum this is: `Leader`, `Voter`, `Observer`.
    pub async fn controllers(&self, part: &str) -> Result<Vec<String>> {
        let status = self.whole().await?.data["status"].take();
        let brokers = status["brokers"].as_array().into_iter().flatten();
        let mine = brokers.filter(|broker| broker["controller"] == part);
        Ok(mine.filter_map(|broker| broker["pod"].as_str().map(str::to_owned)).collect())
    }

    /// Clients that use the address in its status.
    pub async fn clients(&self) -> Result<Clients> {
        let cluster = self.ready().await?;
        let address = cluster.data["status"]["listeners"][0]["bootstrapServers"].as_str();
        let address = address.context("the status of a ready Cluster says where clients connect")?;
        let with_domain = address.replace(".svc:", ".svc.cluster.local:"); // as clients in other namespaces may write it
        let clients = Clients::new(with_domain);
        clients.answered().await?;
        Ok(clients)
    }

    /// The id that its volume was formatted with.
    pub async fn id(&self) -> Result<String> {
        let id = self.ready().await?.data["status"]["clusterId"].as_str().map(str::to_owned);
        id.context("the status of a ready Cluster has its id")
    }

    /// Waits until the broker's container was started again so often, and the Cluster is ready.
    pub async fn restarted(&self, times: i32) -> Result<()> {
        pod_restarted(self.space, Self::POD, times).await?;
        self.ready().await.map(drop)
    }

    /// Deletes the Cluster and waits until it is gone with all that it owns.
    pub async fn delete(&self) -> Result<()> {
        self.space.delete(&self.api, "orders", WITHIN).await
    }
}

/// Waits until a pod's container was started again so often, and is ready.
pub async fn pod_restarted(space: &Space, name: &str, times: i32) -> Result<()> {
    let so = |pod: Option<&Pod>| pod.is_some_and(|pod| restarts(pod) >= times && pod_ready(pod));
    space.wait(&space.api(), name, "restarted and ready", WITHIN, so).await.map(drop)
}

/// How often the containers of a pod were started again.
pub fn restarts(pod: &Pod) -> i32 {
    let containers = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    containers.into_iter().flatten().map(|container| container.restart_count).sum()
}

/// Whether a pod says that it is ready.
pub fn pod_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
