//! The documents of a file: one Cluster and its Topics.

use anyhow::{Context, anyhow, bail};
use klamm_operator_api::{Cluster, GROUP, Topic};
use serde_json::Value;

/// What is to be there.
pub struct Manifest {
    /// The cluster.
    pub cluster: Cluster,
    /// Its topics.
    pub topics: Vec<Topic>,
}

impl Manifest {
    /// Reads YAML documents. Unlike `kubectl apply` it takes one Cluster only, and nothing that is not Klamm's.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let documents: Vec<Value> = serde_saphyr::from_multiple(text)?;
        let (mut cluster, mut topics) = (None, Vec::<Topic>::new());
        for document in documents.into_iter().filter(|document| !document.is_null()) {
            let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
            let (version, kind) = (text("apiVersion"), text("kind"));
            let name = document["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let what = || format!("{kind} {name}");
            match (version.split('/').next(), kind.as_str()) {
                (Some(GROUP), "Cluster") if cluster.is_none() => {
                    cluster = Some(serde_json::from_value::<Cluster>(document).with_context(what)?);
                }
                (Some(GROUP), "Cluster") => bail!("{name}: a second Cluster; `klamm up` starts one"),
                (Some(GROUP), "Topic") => topics.push(serde_json::from_value(document).with_context(what)?),
                _ => bail!(
                    "{kind} {name} of {version}: `klamm up` takes a Cluster and Topics of {GROUP}/v1alpha1"
                ),
            }
        }
        let cluster: Cluster = cluster.ok_or_else(|| anyhow!("there is no Cluster in it"))?;
        let own = cluster.metadata.name.as_deref().unwrap_or_default();
        if let Some(other) = topics.iter().find(|topic| topic.spec.cluster_ref.name != own) {
            let (name, of) = (klamm_plan::topic::kafka_name(other), &other.spec.cluster_ref.name);
            bail!("Topic {name}: spec.clusterRef.name is {of}, but the Cluster is {own}");
        }
        Ok(Self { cluster, topics })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let said = match Manifest::parse(text) {
            Ok(manifest) => format!("{} topics", manifest.topics.len()),
            Err(error) => format!("{error:#}"),
        };
        assert!(said.contains(expected), "{said}");
    }

    const CLUSTER: &str = "apiVersion: klamm.dev/v1alpha1\nkind: Cluster\nmetadata: {name: a}\nspec: {}\n";

    #[test]
    fn one_cluster_and_its_topics() {
        let topic = |of: &str| {
            format!(
                "---\napiVersion: klamm.dev/v1alpha1\nkind: Topic\nmetadata: {{name: t}}\nspec: {{clusterRef: {{name: {of}}}}}\n"
            )
        };
        check(CLUSTER, "0 topics");
        check(&format!("{CLUSTER}{}", topic("a")), "1 topics");
        check(
            &format!("{CLUSTER}{}", topic("b")),
            "Topic t: spec.clusterRef.name is b, but the Cluster is a",
        );
        check(&format!("{CLUSTER}---\n{CLUSTER}"), "a second Cluster");
        check(&topic("a"), "there is no Cluster in it");
        check("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n", "Pod p of v1: `klamm up` takes");
    }
}
