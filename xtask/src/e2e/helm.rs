//! Helm, for the test of the chart.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::shell;

const VERSION: &str = "v3.22.0";

/// The folder of the one that its Go module makes, where none is on the path: three minutes the first time.
pub fn folder() -> Result<Option<PathBuf>> {
    if shell::has("helm") {
        return Ok(None);
    }
    let folder = shell::cache().join("helm");
    if !folder.join("helm").exists() {
        let module = format!("helm.sh/helm/v3/cmd/helm@{VERSION}");
        let mut go = shell::command("go");
        shell::run(go.args(["install", &module]).env("GOBIN", &folder))
            .context("neither helm nor Go is here")?;
    }
    Ok(Some(folder))
}
