//! The local Kubernetes (e2e/src/kubernetes), by its program.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::shell;

/// A local Kubernetes that runs.
pub struct Local {
    harness: PathBuf,
    folder: PathBuf,
}

impl Local {
    /// One that an earlier run kept, or a new one.
    pub fn start(harness: &Path, nodes: usize) -> Result<Local> {
        let kept = shell::read(Command::new(harness).arg("list"))?;
        let folder = match kept.lines().next() {
            Some(folder) => folder.to_owned(),
            None => shell::read(Command::new(harness).args(["up", "--nodes", &nodes.to_string()]))?,
        };
        Ok(Local { harness: harness.into(), folder: folder.trim().into() })
    }

    pub fn load(&self, archives: &[PathBuf]) -> Result<()> {
        shell::run(Command::new(&self.harness).arg("load").arg(&self.folder).args(archives))
    }

    /// The words before a program that make it run inside.
    pub fn enter(&self) -> String {
        format!("{} enter {}", self.harness.display(), self.folder.display())
    }

    pub fn stop(self) -> Result<()> {
        shell::run(Command::new(&self.harness).arg("down").arg(&self.folder))
    }
}
