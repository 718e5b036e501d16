//! The operator as users install it, and its death.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use crate::space::{Space, apply, title};
use crate::{documents, faults};

const INSTALL: &str = "manifests/install.yaml";

/// Until it is there: its image is on the nodes.
const WITHIN: Duration = Duration::from_secs(60);

/// Installs the operator, or finds it installed, and returns the namespace that it runs in.
pub async fn install() -> Result<Space> {
    let space = Space::existing(&namespace()?).await?;
    let client = space.client().clone();
    // It has to live under the restricted Pod Security Standard as the brokers do.
    let labels = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": space.name(), "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    });
    let parameters = PatchParams::apply("klamm-e2e-security").force();
    Api::<Namespace>::all(client.clone()).patch(space.name(), &parameters, &Patch::Apply(labels)).await?;
    apply(&client, space.name(), &documents::file(INSTALL)?).await?;
    let available = |deployment: Option<&Deployment>| {
        let status = deployment.and_then(|deployment| deployment.status.as_ref());
        status.is_some_and(|status| status.available_replicas.unwrap_or(0) > 0)
    };
    space.wait(&space.api(), &name()?, "available", WITHIN, available).await?;
    Ok(space)
}

/// SIGKILL for the operator that runs now; Kubernetes makes another. It need not wait for the dead one's Lease: that it
/// does, and how long, is a test of its own crate.
pub async fn kill(space: &Space) -> Result<()> {
    for pod in space.api::<Pod>().list(&ListParams::default()).await? {
        let running = pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Running"));
        if running && pod.metadata.deletion_timestamp.is_none() {
            // One that is only starting has no process yet, and so nothing to lose.
            let _ = faults::kill_pod_for_good(space, &pod.name_any()).await;
        }
    }
    space.api::<Lease>().delete_collection(&DeleteParams::default(), &ListParams::default()).await?;
    Ok(())
}

/// The broker's image by the name that the operator gives it.
pub fn broker_image() -> String {
    concat!("ghcr.io/klamm/klamm-broker:", env!("CARGO_PKG_VERSION")).to_owned()
}

fn namespace() -> Result<String> {
    deployment()?.namespace().context("manifests/install.yaml says where the operator runs")
}

fn name() -> Result<String> {
    Ok(deployment()?.name_any())
}

fn deployment() -> Result<kube::api::DynamicObject> {
    let objects = documents::read(&documents::file(INSTALL)?)?;
    let deployment = objects.into_iter().find(|object| title(object).starts_with("Deployment/"));
    deployment.context("manifests/install.yaml has the operator's Deployment")
}
