//! The chart's CRDs, and `manifests/install.yaml`: what `helm template` makes of the chart for all namespaces.

mod template;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Generated, crds};
use crate::shell;
use template::Values;

const CHART: &str = "charts/klamm";
const INSTALL: &str = "manifests/install.yaml";
const NAMESPACE: &str = "klamm-system";

const HEAD: &str = "# The operator of Klamm for all namespaces: kubectl apply --server-side -f install.yaml
# Rendered from charts/klamm by `cargo xtask gen chart`.
";

pub fn generate() -> Result<Generated> {
    let crds = crds::generate()?.files.into_iter().map(|(_, yaml)| kept(&yaml));
    let crds = crds.collect::<Vec<_>>().join("---\n");
    let install = install(&shell::root().join(CHART), &crds)?;
    let files =
        vec![(PathBuf::from(CHART).join("templates/crds.yaml"), crds), (PathBuf::from(INSTALL), install)];
    Ok(Generated { files, folder: None })
}

/// Helm upgrades what is among the templates, and would delete it with the release: then all Clusters would go, too.
fn kept(crd: &str) -> String {
    crd.replacen("metadata:\n", "metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n", 1)
}

fn install(chart: &Path, crds: &str) -> Result<String> {
    let read =
        |name: &str| std::fs::read_to_string(chart.join(name)).with_context(|| format!("{CHART}/{name}"));
    let mut values = Values::default();
    values.insert_yaml("Values", &read("values.yaml")?);
    values.insert_yaml("Chart", &read("Chart.yaml")?.replace("appVersion", "AppVersion"));
    values.insert("Release.Namespace", NAMESPACE);
    values.insert("Values.allNamespaces", "true");
    let namespace = format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {NAMESPACE}\n");
    let mut documents = vec![namespace, crds.to_owned()];
    for name in ["service-account", "role", "lease-role", "deployment"] {
        let rendered = template::render(&read(&format!("templates/{name}.yaml"))?, &values);
        documents.push(rendered.with_context(|| format!("{CHART}/templates/{name}.yaml"))?);
    }
    Ok(format!("{HEAD}{}", documents.join("---\n")))
}
