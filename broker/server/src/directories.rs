//! The log directories of this node, opened: all of one node and one cluster, the configuration's.

use crate::{
    controller::{self, ControllerError},
    start::StartError,
};
use klamm_metadata::config::Settings;
use klamm_storage::LogDir;
use klamm_world::World;
use std::sync::Arc;

/// Opens them. Blocks.
///
/// # Errors
/// [`StartError::Directory`] where one cannot be opened; [`ControllerError::Belongs`] where one is another node's, or another cluster's
/// than the rest.
pub(crate) fn open(world: &World, settings: &Settings) -> Result<Vec<LogDir>, StartError> {
    let mut dirs: Vec<LogDir> = Vec::new();
    for path in controller::directories(settings) {
        let dir = LogDir::open(Arc::clone(&world.disk), &path)?;
        let cluster = dirs.first().unwrap_or(&dir).meta().cluster_id.clone();
        let (node, meta) = (settings.node_id(), dir.meta());
        let belongs = |what, has: String, wanted: String| {
            Err(ControllerError::Belongs { directory: path.clone(), what, has, wanted }.into())
        };
        if meta.node_id != node {
            return belongs("node.id", meta.node_id.to_string(), node.to_string());
        }
        if meta.cluster_id != cluster {
            return belongs("cluster.id", meta.cluster_id.clone(), cluster);
        }
        dirs.push(dir);
    }
    Ok(dirs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_log::MetaProperties;
    use klamm_types::{BrokerId, DirectoryId, Uuid};

    /// What is said where `/a` and `/b` were formatted for these clusters and nodes, and the configuration has node 1.
    #[tokio::test]
    async fn directories_of_others_are_refused() {
        let cases = [
            (("one", 1), ("one", 1), ""),
            (("one", 1), ("one", 2), "b belongs to another: its node.id is 2, not 1"),
            (("one", 1), ("two", 1), "b belongs to another: its cluster.id is two, not one"),
            (("one", 7), ("one", 7), "a belongs to another: its node.id is 7, not 1"),
        ];
        let world = klamm_world::real::world();
        for (number, (a, b, expected)) in cases.into_iter().enumerate() {
            let home =
                std::env::temp_dir().join(format!("klamm-directories-{}-{number}", std::process::id()));
            for (name, (cluster, node)) in [("a", a), ("b", b)] {
                let directory_id = DirectoryId(Uuid::from_random([name.as_bytes()[0]; 16]));
                let meta =
                    MetaProperties { cluster_id: cluster.to_owned(), node_id: BrokerId(node), directory_id };
                LogDir::format(world.disk.as_ref(), &home.join(name), &meta).expect("it can be formatted");
            }
            let both = format!("{0}/a,{0}/b", home.display());
            let settings = Settings::new([("node.id", "1"), ("log.dirs", &both)]).expect("they are valid");
            let said = open(&world, &settings).map_or_else(|error| error.to_string(), |_| String::new());
            assert_eq!(said.trim_start_matches(&format!("{}/", home.display())), expected);
            std::fs::remove_dir_all(home).expect("it is ours");
        }
    }
}
