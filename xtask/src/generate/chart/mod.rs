//! The chart's CRDs, and `manifests/install.yaml` and `uninstall.yaml`: what `helm template` makes of the chart for all
//! namespaces.

mod template;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Generated, crds};
use crate::shell;
use template::Values;

const CHART: &str = "charts/klamm";
const INSTALL: &str = "manifests/install.yaml";
const UNINSTALL: &str = "manifests/uninstall.yaml";
const NAMESPACE: &str = "klamm-system";

const HEAD: &str = "# The operator of Klamm for all namespaces: kubectl apply --server-side -f install.yaml
# Rendered from charts/klamm by `cargo xtask gen chart`.
";

const UNINSTALL_HEAD: &str = "# Lets all Topics go, before the operator is taken away: afterwards nobody would carry out their deletion.
#   kubectl -n klamm-system delete deployment klamm-operator
#   kubectl apply --server-side -f uninstall.yaml
#   kubectl -n klamm-system wait --for=condition=Complete job/klamm-operator-uninstall --timeout=5m
#   kubectl delete -f uninstall.yaml
# The Clusters go on without an operator. `kubectl delete -f install.yaml` deletes them, too, since it deletes the CRDs.
# Rendered from charts/klamm by `cargo xtask gen chart`; with Helm it happens by itself when the release is uninstalled.
";

pub fn generate() -> Result<Generated> {
    let crds = crds::generate()?.files.into_iter().map(|(_, yaml)| kept(&yaml));
    let crds = crds.collect::<Vec<_>>().join("---\n");
    let chart = shell::root().join(CHART);
    let (values, install) = (values(&chart)?, install(&chart, &crds)?);
    let uninstall = format!("{UNINSTALL_HEAD}{}", rendered(&chart, "uninstall", &values)?);
    let files = vec![
        (PathBuf::from(CHART).join("templates/crds.yaml"), crds),
        (PathBuf::from(INSTALL), install),
        (PathBuf::from(UNINSTALL), uninstall),
    ];
    Ok(Generated { files, folder: None })
}

/// Helm upgrades what is among the templates, and would delete it with the release: then all Clusters would go, too.
fn kept(crd: &str) -> String {
    crd.replacen("metadata:\n", "metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n", 1)
}

fn install(chart: &Path, crds: &str) -> Result<String> {
    let values = values(chart)?;
    let namespace = format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {NAMESPACE}\n");
    let mut documents = vec![namespace, crds.to_owned()];
    for name in ["service-account", "role", "lease-role", "deployment"] {
        documents.push(rendered(chart, name, &values)?);
    }
    Ok(format!("{HEAD}{}", documents.join("---\n")))
}

fn values(chart: &Path) -> Result<Values> {
    let mut values = Values::default();
    values.insert_yaml("Values", &read(chart, "values.yaml")?);
    values.insert_yaml("Chart", &read(chart, "Chart.yaml")?.replace("appVersion", "AppVersion"));
    values.insert("Release.Namespace", NAMESPACE);
    values.insert("Values.allNamespaces", "true");
    Ok(values)
}

fn rendered(chart: &Path, name: &str, values: &Values) -> Result<String> {
    let template = read(chart, &format!("templates/{name}.yaml"))?;
    template::render(&template, values).with_context(|| format!("{CHART}/templates/{name}.yaml"))
}

fn read(chart: &Path, name: &str) -> Result<String> {
    std::fs::read_to_string(chart.join(name)).with_context(|| format!("{CHART}/{name}"))
}
