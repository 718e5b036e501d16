//! `klamm-broker format`: an empty directory becomes that of a node, once.

use super::{ControllerError, InitialVoters, admin::random_id, checkpoint, metadata_log};
use klamm_log::{MetaProperties, format_partition_metadata};
use klamm_metadata::{
    Features,
    config::{Settings, elements, parse_listeners},
    decide::bootstrap_records,
};
use klamm_quorum::{Endpoint, ReplicaKey, SnapshotId, Voter, Voters};
use klamm_storage::{LogDir, Sync, replace_file};
use klamm_types::{DirectoryId, LeaderEpoch, Str, TopicId, Uuid};
use klamm_world::World;
use std::path::{Path, PathBuf};

/// The metadata of a new cluster's first records: Kafka's name for the file.
pub(super) const BOOTSTRAP: &str = "bootstrap.checkpoint";
/// Kafka's id of the metadata topic.
pub(super) const METADATA_TOPIC_ID: TopicId = TopicId(Uuid([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]));

/// Formats the log directories of a node, whose metadata log begins with the voters `initial`. Directories that carry the
/// cluster's id already are left as they are. Blocks.
///
/// # Errors
/// [`ControllerError`]: a directory belongs to another node or cluster, or cannot be written; this node is not among the voters.
pub fn format(
    world: &World,
    settings: &Settings,
    cluster_id: &str,
    initial: &InitialVoters,
) -> Result<Vec<PathBuf>, ControllerError> {
    if cluster_id.is_empty() {
        return Err(ControllerError::NoClusterId);
    }
    if !settings.is_controller() && *initial != InitialVoters::None {
        return Err(ControllerError::NoVoter);
    }
    let chosen = initial.directory_of(settings.node_id())?;
    let mut formatted = Vec::new();
    for directory in directories(settings) {
        let chosen = chosen.filter(|_| directory == metadata_directory(settings));
        let identity = LogDir::identity(world.disk.as_ref(), &directory)?;
        if let Some(meta) = &identity {
            check_identity(&directory, meta, settings, cluster_id, chosen)?;
            continue;
        }
        let meta = MetaProperties {
            cluster_id: cluster_id.to_owned(),
            node_id: settings.node_id(),
            directory_id: chosen.unwrap_or_else(|| DirectoryId(random_id(world))),
        };
        if directory == metadata_directory(settings) {
            begin_metadata(world, settings, &directory, &meta, initial)?;
        }
        // last: a directory with meta.properties is formatted, whole
        LogDir::format(world.disk.as_ref(), &directory, &meta)?;
        formatted.push(directory);
    }
    Ok(formatted)
}

/// All log directories, the metadata's included.
#[must_use]
pub fn directories(settings: &Settings) -> Vec<PathBuf> {
    let list = settings.get("log.dirs").or_else(|| settings.get("log.dir")).unwrap_or_default();
    let mut all: Vec<PathBuf> = elements(&list).map(PathBuf::from).collect();
    let metadata = metadata_directory(settings);
    if !all.contains(&metadata) {
        all.push(metadata);
    }
    all
}

/// The directory that has the metadata log.
#[must_use]
pub fn metadata_directory(settings: &Settings) -> PathBuf {
    let own = settings.get("metadata.log.dir");
    let list = settings.get("log.dirs").or_else(|| settings.get("log.dir")).unwrap_or_default();
    own.map_or_else(
        || elements(&list).map(PathBuf::from).next().unwrap_or_default(),
        |own| PathBuf::from(own.as_str()),
    )
}

fn check_identity(
    directory: &Path,
    meta: &MetaProperties,
    settings: &Settings,
    cluster_id: &str,
    chosen: Option<DirectoryId>,
) -> Result<(), ControllerError> {
    let other = |what: &'static str, has: String, wanted: String| {
        Err(ControllerError::Belongs { directory: directory.to_owned(), what, has, wanted })
    };
    if meta.cluster_id != cluster_id {
        return other("cluster.id", meta.cluster_id.clone(), cluster_id.to_owned());
    }
    if meta.node_id != settings.node_id() {
        return other("node.id", meta.node_id.to_string(), settings.node_id().to_string());
    }
    if let Some(chosen) = chosen.filter(|chosen| *chosen != meta.directory_id) {
        return other("directory.id", meta.directory_id.to_string(), chosen.to_string());
    }
    Ok(())
}

/// The snapshot with the voters that the quorum begins with, and the records that its first leader writes.
fn begin_metadata(
    world: &World,
    settings: &Settings,
    directory: &Path,
    meta: &MetaProperties,
    initial: &InitialVoters,
) -> Result<(), ControllerError> {
    let (disk, now) = (world.disk.as_ref(), world.clock.now().wall);
    let log = directory.join(metadata_log::partition().to_string());
    let io = |error: std::io::Error| ControllerError::Io {
        what: log.display().to_string(),
        error: error.to_string(),
    };
    disk.create_directory(&log).map_err(io)?;
    let topic = format_partition_metadata(METADATA_TOPIC_ID);
    replace_file(disk, &log.join("partition.metadata"), topic.as_bytes(), Sync::Now).map_err(io)?;
    let (epoch, features) = (LeaderEpoch(0), Features::default());
    let voters = match initial {
        InitialVoters::Standalone => Some(Voters::from_iter([voter(settings, meta.directory_id)])),
        InitialVoters::Controllers(voters) => Some(voters.clone()),
        InitialVoters::None => None, // the log of the quorum that is there tells who votes
    };
    let first = log.join(SnapshotId::BOOTSTRAP.file_name());
    checkpoint::write(disk, &first, epoch, now, voters.as_ref(), &features, &[])?;
    let first_records = bootstrap_records(settings.release);
    checkpoint::write(disk, &directory.join(BOOTSTRAP), epoch, now, None, &features, &first_records)
}

fn voter(settings: &Settings, directory: DirectoryId) -> Voter {
    Voter {
        key: ReplicaKey { id: settings.node_id(), directory },
        endpoints: controller_endpoints(settings),
        kraft_versions: (0, 1),
    }
}

/// Where controllers reach this node: its listeners that `controller.listener.names` names, or the first listener where none
/// does: a quorum of one voter talks to nobody.
pub(super) fn controller_endpoints(settings: &Settings) -> Vec<Endpoint> {
    let names = settings.get("controller.listener.names").unwrap_or_default();
    let text = |key| settings.get(key).unwrap_or_default();
    let (listeners, advertised) = (text("listeners"), text("advertised.listeners"));
    let (listeners, advertised) =
        (parse_listeners(&listeners).unwrap_or_default(), parse_listeners(&advertised).unwrap_or_default());
    let mut chosen: Vec<_> =
        listeners.iter().filter(|one| elements(&names).any(|name| name == one.name)).collect();
    if chosen.is_empty() {
        chosen.extend(listeners.first());
    }
    let endpoint = |one: &&klamm_metadata::config::ListenerAddress<'_>| {
        let known = advertised.iter().find(|other| other.name == one.name).unwrap_or(one);
        let host = if known.host.is_empty() { "localhost" } else { known.host };
        Endpoint { listener: Str::from(one.name), host: Str::from(host), port: known.port }
    };
    chosen.iter().map(endpoint).collect()
}
