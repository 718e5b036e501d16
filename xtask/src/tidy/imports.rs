//! Who may import whom (docs/architecture.md §3), read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;

/// What a crate of ours may import, of ours. Who is not listed here may not exist.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("klamm-types", &[]),
    ("klamm-records", &["klamm-types"]),
    ("klamm-protocol", FORMATS),
    // The language of the schema: for the generator and for tests, in no product.
    ("klamm-schema", &[]),
    // The machines never import each other.
    ("klamm-log", MACHINE),
    ("klamm-quorum", MACHINE),
    ("klamm-replication", MACHINE),
    ("klamm-group", MACHINE),
    ("klamm-transaction", MACHINE),
    ("klamm-metadata", MACHINE),
    ("klamm-authorize", MACHINE),
    ("klamm-world", &["klamm-types"]),
    ("klamm-storage", ADAPTER),
    ("klamm-net", ADAPTER),
    ("klamm-control", &["klamm-types"]),
    ("klamm-client", &["klamm-types", "klamm-records", "klamm-protocol", "klamm-world", "klamm-net"]),
    ("klamm-server", BELOW_SERVER),
    ("klamm-sim", ANY_OF_THE_BROKER),
    // The operator never imports storage, net or server.
    ("klamm-operator-api", &[]),
    ("klamm-balance", &["klamm-types"]),
    // the table of settings is the brokers' own: a wrong one is refused before a broker sees it
    ("klamm-plan", &["klamm-operator-api", "klamm-types", "klamm-balance", "klamm-metadata"]),
    ("klamm-controller", OPERATOR),
    ("klamm-cli", OPERATOR),
    // The end-to-end tests know the wire and the resources.
    ("klamm-e2e", &["klamm-operator-api", "klamm-types", "klamm-records", "klamm-protocol", "klamm-client"]),
    (
        "xtask",
        &[
            "klamm-operator-api",
            "klamm-schema",
            "klamm-protocol",
            "klamm-types",
            "klamm-plan",
            "klamm-controller",
        ],
    ),
];

const FORMATS: &[&str] = &["klamm-types", "klamm-records"];
const MACHINE: &[&str] = &["klamm-types", "klamm-records", "klamm-protocol"];
const ADAPTER: &[&str] = &["klamm-types", "klamm-records", "klamm-protocol", "klamm-log", "klamm-world"];
const OPERATOR: &[&str] = &[
    "klamm-operator-api",
    "klamm-plan",
    "klamm-balance",
    "klamm-types",
    "klamm-records",
    "klamm-protocol",
    "klamm-world",
    "klamm-client",
    "klamm-control",
];
const BELOW_SERVER: &[&str] = &[
    "klamm-types",
    "klamm-records",
    "klamm-protocol",
    "klamm-log",
    "klamm-quorum",
    "klamm-replication",
    "klamm-group",
    "klamm-transaction",
    "klamm-metadata",
    "klamm-authorize",
    "klamm-world",
    "klamm-storage",
    "klamm-net",
    "klamm-control",
    "klamm-client",
];
const ANY_OF_THE_BROKER: &[&str] = &[
    "klamm-types",
    "klamm-records",
    "klamm-protocol",
    "klamm-log",
    "klamm-quorum",
    "klamm-replication",
    "klamm-group",
    "klamm-transaction",
    "klamm-metadata",
    "klamm-authorize",
    "klamm-world",
    "klamm-storage",
    "klamm-net",
    "klamm-control",
    "klamm-client",
    "klamm-server",
];

/// What no crate under broker/core may import: it would bring a clock, I/O or threads.
const IMPURE: &[&str] =
    &["tokio", "rustix", "socket2", "rand", "getrandom", "tracing", "tonic", "rustls", "futures"];

/// What no crate of the broker may import.
const KUBERNETES: &[&str] = &["kube", "k8s-openapi", "klamm-operator-api", "klamm-plan", "klamm-controller"];

struct Package {
    name: String,
    folder: String,
    /// Of the program and of building it; what tests import is their own business.
    imports: BTreeSet<String>,
}

pub fn check() -> Result<Vec<String>> {
    Ok(complaints(&packages()?))
}

fn complaints(packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<_> = packages.iter().map(|p| p.name.as_str()).collect();
    let allowed: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut complaints = Vec::new();
    for package in packages {
        let name = &package.name;
        let Some(may) = allowed.get(name.as_str()) else {
            complaints
                .push(format!("{name} has no rule: say in xtask/src/tidy/imports.rs what it may import"));
            continue;
        };
        for import in &package.imports {
            let import = import.as_str();
            if ours.contains(import) && !may.contains(&import) {
                complaints.push(format!("{name} must not import {import}"));
            }
            if package.folder.starts_with("broker/core/") && IMPURE.contains(&import) {
                complaints.push(format!("{name} is pure and must not import {import}"));
            }
            if package.folder.starts_with("broker/") && KUBERNETES.contains(&import) {
                complaints.push(format!("{name} is of the broker and must not import {import}"));
            }
        }
    }
    complaints
}

fn packages() -> Result<Vec<Package>> {
    let text = shell::read(shell::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package> {
    let text =
        |value: &Value| value.as_str().map(str::to_owned).context("cargo metadata has changed its form");
    let root = format!("{}/", shell::root().display());
    let imports = value["dependencies"].as_array().context("a package without dependencies")?;
    Ok(Package {
        name: text(&value["name"])?,
        folder: text(&value["manifest_path"])?.trim_start_matches(&root).to_owned(),
        imports: imports
            .iter()
            .filter(|d| d["kind"] != "dev")
            .map(|d| text(&d["name"]))
            .collect::<Result<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, folder: &str, imports: &[&str], complaint: Option<&str>) {
        let package = |name: &str, folder: &str, imports: &[&str]| Package {
            name: name.into(),
            folder: folder.into(),
            imports: imports.iter().map(|i| (*i).into()).collect(),
        };
        let mut all = vec![package(name, folder, imports)];
        all.extend(imports.iter().filter(|i| i.starts_with("klamm-")).map(|i| package(i, "elsewhere/", &[])));
        let found = complaints(&all);
        assert_eq!(found.first().map(String::as_str), complaint, "{found:?}");
    }

    #[test]
    fn imports_go_down_only() {
        check("klamm-log", "broker/core/log/", &["klamm-records", "bytes"], None);
        check(
            "klamm-log",
            "broker/core/log/",
            &["klamm-quorum"],
            Some("klamm-log must not import klamm-quorum"),
        );
        check(
            "klamm-log",
            "broker/core/log/",
            &["tokio"],
            Some("klamm-log is pure and must not import tokio"),
        );
        let kube = Some("klamm-server is of the broker and must not import kube");
        check("klamm-server", "broker/server/", &["kube"], kube);
        let storage = Some("klamm-controller must not import klamm-storage");
        check("klamm-controller", "operator/controller/", &["klamm-storage", "kube"], storage);
    }
}
