//! A namespace that belongs to one test, and what can be done in it.

use std::fmt::Debug;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::json;

use crate::documents;

/// The label of all namespaces that tests made.
pub const TEST: &str = "klamm.dev/e2e";

/// A namespace under the restricted Pod Security Standard, so that every test proves that pods meet it.
pub struct Space {
    client: Client,
    name: String,
}

impl Space {
    /// A namespace that nobody used before, named after the test.
    pub async fn fresh(test: &str) -> Result<Space> {
        let client = client().await?;
        let namespace: Namespace = serde_json::from_value(json!({
            "metadata": {
                "generateName": format!("{test}-"),
                "labels": {TEST: test, "pod-security.kubernetes.io/enforce": "restricted"},
            },
        }))?;
        let made = Api::all(client.clone()).create(&PostParams::default(), &namespace).await?;
        Ok(Space { client, name: made.name_any() })
    }

    /// A namespace that is there already, such as the operator's.
    pub async fn existing(name: &str) -> Result<Space> {
        Ok(Space { client: client().await?, name: name.into() })
    }

    /// What it is called; unique in the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A client of the cluster that it is in.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The objects of a kind in this namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// The objects of a kind that the harness has no type for: `klamm.dev/v1alpha1`, `Cluster`.
    pub async fn dynamic(&self, api_version: &str, kind: &str) -> Result<Api<DynamicObject>> {
        let (resource, _) = pinned_kind(&self.client, &gvk(api_version, kind)).await?;
        Ok(Api::namespaced_with(self.client.clone(), &self.name, &resource))
    }

    /// Applies YAML as `kubectl apply --server-side` does, and returns what the API server made of it.
    pub async fn apply(&self, yaml: &str) -> Result<Vec<DynamicObject>> {
        apply(&self.client, &self.name, yaml).await
    }

    /// Waits until an object is as the condition says; `None` is an object that is not there. What it was at last is
    /// part of the error.
    pub async fn wait<K>(
        &self,
        api: &Api<K>,
        name: &str,
        what: &str,
        within: Duration,
        condition: impl Fn(Option<&K>) -> bool,
    ) -> Result<Option<K>>
    where
        K: Resource + Clone + Debug + Send + serde::de::DeserializeOwned + serde::Serialize + 'static,
    {
        let waited = tokio::time::timeout(within, await_condition(api.clone(), name, condition)).await;
        if let Ok(outcome) = waited {
            return outcome.with_context(|| format!("{name} could not be watched for {what}"));
        }
        let last = match api.get_opt(name).await? {
            Some(object) => serde_json::to_value(object)?["status"].to_string(),
            None => "absent".into(),
        };
        bail!("{name}: not {what} within {} s; at last its status was {last}", within.as_secs())
    }

    /// Waits until a condition of an object's status is True.
    pub async fn wait_condition(
        &self,
        api: &Api<DynamicObject>,
        name: &str,
        condition: &str,
        within: Duration,
    ) -> Result<DynamicObject> {
        let so = |object: Option<&DynamicObject>| object.is_some_and(|object| is_true(object, condition));
        let object = self.wait(api, name, condition, within, so).await?;
        object.ok_or_else(|| anyhow!("{name} vanished"))
    }

    /// Deletes an object and waits until it is gone.
    pub async fn delete<K>(&self, api: &Api<K>, name: &str, within: Duration) -> Result<()>
    where
        K: Resource + Clone + Debug + Send + serde::de::DeserializeOwned + serde::Serialize + 'static,
    {
        api.delete(name, &DeleteParams::foreground()).await?;
        self.wait(api, name, "gone", within, |object| object.is_none()).await.map(drop)
    }

    /// Every object of the namespace, of every kind, but for those that Kubernetes itself puts into each: `Kind/name`.
    pub async fn objects(&self) -> Result<Vec<DynamicObject>> {
        let discovery = kube::discovery::Discovery::new(self.client.clone()).run().await?;
        let kinds = discovery.groups().flat_map(|group| group.recommended_resources());
        let mut found = Vec::new();
        for (resource, capabilities) in kinds {
            let ours = capabilities.scope == Scope::Namespaced && capabilities.supports_operation("list");
            if !ours || ["Event", "PodMetrics"].contains(&resource.kind.as_str()) {
                continue;
            }
            let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.name, &resource);
            for mut object in api.list(&ListParams::default()).await? {
                object.types.get_or_insert(kube::api::TypeMeta {
                    api_version: resource.api_version.clone(),
                    kind: resource.kind.clone(),
                });
                found.push(object);
            }
        }
        let of_every_namespace = ["ServiceAccount/default", "ConfigMap/kube-root-ca.crt"];
        found.retain(|object| !of_every_namespace.contains(&title(object).as_str()));
        Ok(found)
    }

    /// Deletes the namespace. It does not wait: the next test has its own.
    pub async fn remove(&self) -> Result<()> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces.delete(&self.name, &DeleteParams::default()).await?;
        Ok(())
    }
}

/// The cluster that KUBECONFIG names.
pub async fn client() -> Result<Client> {
    let _ = rustls::crypto::ring::default_provider().install_default(); // the second test finds it installed
    Client::try_default().await.context("no cluster: set KUBECONFIG, or let `cargo xtask e2e` make one")
}

/// Applies YAML; objects without a namespace go to the given one.
pub async fn apply(client: &Client, namespace: &str, yaml: &str) -> Result<Vec<DynamicObject>> {
    let mut applied = Vec::new();
    for object in documents::read(yaml)? {
        let types = object.types.as_ref().context("an object without a kind")?;
        let (resource, capabilities) = pinned_kind(client, &gvk(&types.api_version, &types.kind)).await?;
        let namespace = object.namespace().unwrap_or_else(|| namespace.to_owned());
        let api: Api<DynamicObject> = match capabilities.scope {
            Scope::Cluster => Api::all_with(client.clone(), &resource),
            Scope::Namespaced => Api::namespaced_with(client.clone(), &namespace, &resource),
        };
        let parameters = PatchParams::apply("klamm-e2e").force();
        let made = api.patch(&object.name_any(), &parameters, &Patch::Apply(&object)).await;
        applied.push(made.with_context(|| format!("{} was not accepted", title(&object)))?);
    }
    Ok(applied)
}

/// `Kind/name`, as people write it.
pub fn title(object: &DynamicObject) -> String {
    let kind = object.types.as_ref().map_or("?", |types| types.kind.as_str());
    format!("{kind}/{}", object.name_any())
}

/// Whether a condition of the object's status is True.
pub fn is_true(object: &DynamicObject, condition: &str) -> bool {
    let conditions = object.data["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|c| c["type"] == condition && c["status"] == "True")
}

fn gvk(api_version: &str, kind: &str) -> GroupVersionKind {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    GroupVersionKind::gvk(group, version, kind)
}
