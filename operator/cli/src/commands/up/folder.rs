//! The folder of a cluster on this machine: what must be the same when it is started again.

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
};

const STATE_FILE: &str = "klamm-up.json";

/// What is remembered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The port of the controllers: taken when the folder was made.
    pub controller_port: u16,
    /// The port of `/livez`, `/readyz` and `/metrics`.
    pub http_port: u16,
    /// The broker's process, while it runs.
    pub pid: Option<u32>,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What is remembered.
    pub state: State,
}

impl Folder {
    /// Opens the folder of `cluster` in `data`, or makes it.
    pub fn open(data: &Path, cluster: &str) -> anyhow::Result<Self> {
        let path = data.join(cluster);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let path = path.canonicalize()?;
        if let Some(folder) = Self::read(&path)? {
            return match folder.running() {
                None => Ok(folder),
                Some(pid) => Err(anyhow!("{cluster} runs already, as process {pid}; `klamm down` ends it")),
            };
        }
        let state = State { controller_port: free_port()?, http_port: free_port()?, pid: None };
        let folder = Self { path, state };
        folder.write()?;
        Ok(folder)
    }

    /// The folder at `path`; none when it is not one.
    pub fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let file = path.join(STATE_FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        };
        let state = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        Ok(Some(Self { path: path.to_owned(), state }))
    }

    /// Remembers.
    pub fn write(&self) -> anyhow::Result<()> {
        let file = self.path.join(STATE_FILE);
        std::fs::write(&file, serde_json::to_string_pretty(&self.state)?)
            .with_context(|| file.display().to_string())
    }

    /// The broker's process, if it lives: the id may have gone to another program meanwhile.
    #[must_use]
    pub fn running(&self) -> Option<u32> {
        let pid = self.state.pid?;
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        name.trim().starts_with("klamm-broker").then_some(pid)
    }
}

/// A port of the loopback address that nobody has now.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
