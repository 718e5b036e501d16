//! `crds/`: the definitions of the custom resources, from the types in operator/api.
//!
//! The types are compiled in a program of their own, so that no other command waits for Kubernetes' types.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use super::Generated;
use crate::shell;

const HEAD: &str = "# Generated from operator/api by `cargo xtask gen crds`.\n";

pub fn generate() -> Result<Generated> {
    let mut program = shell::cargo();
    let printed = shell::read(program.args([
        "run",
        "--quiet",
        "--package",
        "klamm-operator-api",
        "--example",
        "crds",
    ]))?;
    let files: BTreeMap<String, String> = serde_json::from_str(&printed)?;
    let folder = PathBuf::from("crds");
    let files = files.into_iter().map(|(name, yaml)| (folder.join(name), format!("{HEAD}{yaml}"))).collect();
    Ok(Generated { files, folder: Some(folder) })
}
