//! Letting Topics go when the operator is taken away (docs/contracts.md §1): afterwards nobody would release them.

use crate::lease::Lease;
use anyhow::{Context, Result};
use klamm_operator_api::Topic;
use klamm_plan::topic::FINALIZER;
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;
use tracing::{info, warn};

/// Topics that are read at once.
const PAGE: u32 = 500;
/// Before what somebody else changed meanwhile is tried again.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(500);

/// Waits until no operator holds the Lease, so that none holds a Topic again; takes the finalizer from all of them; and
/// deletes the Lease, which no chart made and which would be left.
///
/// # Errors
/// Topics cannot be read or changed, for another reason than that somebody else changed them or that there are none.
pub(crate) async fn run(
    client: &Client,
    namespaces: &[String],
    own_namespace: String,
    identity: String,
) -> Result<()> {
    let lease = Lease::new(client.clone(), own_namespace, identity);
    lease.acquire().await;
    for namespace in namespaces {
        release(client, namespace).await?;
    }
    lease.delete().await;
    Ok(())
}

async fn release(client: &Client, namespace: &str) -> Result<()> {
    let topics: Api<Topic> = match namespace {
        "*" => Api::all(client.clone()),
        name => Api::namespaced(client.clone(), name),
    };
    loop {
        let held = held(&topics).await.context("the Topics cannot be listed")?;
        let mut left = 0;
        for topic in &held {
            left += usize::from(!let_go(client, topic).await?);
        }
        info!(namespace, released = held.len() - left, "Topics let go");
        if left == 0 {
            return Ok(());
        }
        warn!(namespace, left, "somebody changed Topics meanwhile");
        tokio::time::sleep(AGAIN).await;
    }
}

/// The Topics with the operator's finalizer; none where Kubernetes does not know the kind any more.
async fn held(topics: &Api<Topic>) -> Result<Vec<Topic>, kube::Error> {
    let mut held = Vec::new();
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let list = match topics.list(&page).await {
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(held),
            list => list?,
        };
        let next = list.metadata.continue_.clone().filter(|token| !token.is_empty());
        held.extend(
            list.items.into_iter().filter(|one| one.finalizers().iter().any(|name| name == FINALIZER)),
        );
        match next {
            Some(token) => page = page.continue_token(&token),
            None => return Ok(held),
        }
    }
}

/// Takes the finalizer away, with the object's version: others' are never written over. False when somebody changed it.
async fn let_go(client: &Client, topic: &Topic) -> Result<bool> {
    let finalizers: Vec<&String> = topic.finalizers().iter().filter(|name| *name != FINALIZER).collect();
    let patch =
        json!({ "metadata": { "resourceVersion": topic.resource_version(), "finalizers": finalizers } });
    let (namespace, name) = (topic.namespace().unwrap_or_default(), topic.name_any());
    let topics: Api<Topic> = Api::namespaced(client.clone(), &namespace);
    match topics.patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error).with_context(|| format!("Topic {namespace}/{name} cannot be let go")),
    }
}
