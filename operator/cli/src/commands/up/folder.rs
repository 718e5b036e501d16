//! The folder of a cluster on this machine: what must be the same when it is started again.

use anyhow::{Context, anyhow, bail};
use klamm_plan::cluster::choose_voters;
use klamm_types::{BrokerId, DirectoryId, Uuid};
use klamm_world::World;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    net::TcpListener,
    path::{Path, PathBuf},
};

const STATE_FILE: &str = "klamm-up.json";

/// What is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// The cluster's id.
    pub cluster_id: String,
    /// The brokers, by id.
    pub brokers: BTreeMap<i32, Node>,
}

/// What is remembered of a broker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Node {
    /// Its directory's id.
    pub directory: String,
    /// Whether it votes in the metadata quorum from the beginning.
    pub votes: bool,
    /// The ports that were free when the folder was made.
    pub ports: Ports,
    /// Its process, while it runs.
    pub pid: Option<u32>,
}

/// The ports of a broker that are nobody's but its own.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// Of the controllers.
    pub controller: u16,
    /// Between brokers.
    pub brokers: u16,
    /// `/livez`, `/readyz` and `/metrics`.
    pub http: u16,
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
    /// Opens the folder of `cluster` in `data`, or makes it, for these brokers. Brokers that come to a cluster that is there
    /// follow its metadata quorum, without a vote.
    pub fn open(
        world: &World,
        data: &Path,
        cluster: &str,
        brokers: &BTreeSet<BrokerId>,
    ) -> anyhow::Result<Self> {
        let path = data.join(cluster);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let path = path.canonicalize()?;
        let found = Self::read(&path)?;
        if let Some((id, pid)) = found.as_ref().and_then(|folder| folder.running().into_iter().next()) {
            bail!("{cluster} runs already, broker {id} as process {pid}; `klamm down` ends it");
        }
        let fresh = found.is_none();
        let mut folder = match found {
            Some(folder) => folder,
            None => Self {
                path,
                state: State { cluster_id: random(world).to_string(), brokers: BTreeMap::new() },
            },
        };
        if let Some(gone) = folder.state.brokers.keys().find(|id| !brokers.contains(&BrokerId(**id))) {
            let path = folder.path.display();
            return Err(anyhow!(
                "{path} has the data of broker {gone}, too: brokers are added, not taken away; `klamm down --delete-data` begins anew"
            ));
        }
        let eligible = brokers.iter().map(|id| (*id, None)).collect();
        let voters = choose_voters(&eligible, &BTreeSet::new());
        for id in brokers {
            if let Entry::Vacant(place) = folder.state.brokers.entry(id.0) {
                let ports = Ports { controller: free_port()?, brokers: free_port()?, http: free_port()? };
                let directory = DirectoryId(random(world)).to_string();
                place.insert(Node { directory, votes: fresh && voters.contains(id), ports, pid: None });
            }
        }
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

    /// A broker of it.
    pub fn node(&self, id: BrokerId) -> anyhow::Result<&Node> {
        self.state.brokers.get(&id.0).ok_or_else(|| anyhow!("{} has no broker {id}", self.path.display()))
    }

    /// Remembers the process of a broker.
    pub fn set_pid(&mut self, id: BrokerId, pid: Option<u32>) -> anyhow::Result<()> {
        if let Some(node) = self.state.brokers.get_mut(&id.0) {
            node.pid = pid;
        }
        self.write()
    }

    /// The voters that the quorum begins with, as Kafka writes them: `id@host:port:directory` with commas.
    #[must_use]
    pub fn voters(&self) -> String {
        let voters = self.state.brokers.iter().filter(|(_, node)| node.votes);
        let voter = |(id, node): (&i32, &Node)| {
            format!("{id}@127.0.0.1:{}:{}", node.ports.controller, node.directory)
        };
        voters.map(voter).collect::<Vec<_>>().join(",")
    }

    /// The brokers' processes that live: an id may have gone to another program meanwhile.
    #[must_use]
    pub fn running(&self) -> BTreeMap<i32, u32> {
        let is_ours = |pid: &u32| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            name.trim().starts_with("klamm-broker")
        };
        let running = self.state.brokers.iter().filter_map(|(id, node)| Some((*id, node.pid?)));
        running.filter(|(_, pid)| is_ours(pid)).collect()
    }
}

/// Kafka's tools read an id that begins with a hyphen as an option.
fn random(world: &World) -> Uuid {
    loop {
        let mut bytes = [0; 16];
        world.entropy.fill(&mut bytes);
        let id = Uuid::from_random(bytes);
        if !id.to_string().starts_with('-') {
            return id;
        }
    }
}

/// A port of the loopback address that nobody has now.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
