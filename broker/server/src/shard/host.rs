//! Which partitions a shard has: they come, change and go as the metadata says.

use super::{Partition, Shard};
use klamm_replication::{Leadership, ReplicaSettings};
use klamm_storage::{Device, Log, LogConfig, LogDir, Removal, StorageError};
use klamm_types::{BrokerId, DirectoryId, LeaderEpoch, TopicIdPartition, TopicPartition};
use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// The open log directories.
pub struct LogDirs {
    dirs: Vec<LogDir>,
    /// Logs that were there at start and are not opened yet, by directory.
    unopened: Mutex<Vec<BTreeSet<TopicPartition>>>,
}

impl LogDirs {
    /// The directories that this broker has; at least one.
    #[must_use]
    pub fn new(dirs: Vec<LogDir>) -> Self {
        let unopened = dirs.iter().map(|dir| dir.partitions().iter().cloned().collect()).collect();
        Self { dirs, unopened: Mutex::new(unopened) }
    }

    /// All directories.
    #[must_use]
    pub fn all(&self) -> &[LogDir] {
        &self.dirs
    }

    /// What the logs of each directory share.
    pub fn devices(&self) -> impl Iterator<Item = &Arc<Device>> {
        self.dirs.iter().map(LogDir::device)
    }

    /// The directories that have failed since this process began. None of them comes back before it ends.
    #[must_use]
    pub fn offline(&self) -> Vec<DirectoryId> {
        let offline = self.dirs.iter().filter(|dir| dir.device().failure().is_some());
        offline.map(|dir| dir.meta().directory_id).collect()
    }

    /// Why the broker cannot go on: the directory of its metadata log, which is one of these, has failed. As in Kafka it ends then,
    /// and who restarts it finds out whether the device is well again (KIP-112, KIP-858).
    #[must_use]
    pub fn beyond_use(&self, metadata: &Path) -> Option<String> {
        let dir = self.dirs.iter().find(|dir| dir.device().path() == metadata)?;
        Some(format!("the directory of the metadata log has failed: {}", dir.device().failure()?))
    }

    /// The directory that had a log of this name at start, unless that log was opened since.
    fn take_unopened(&self, name: &TopicPartition) -> Option<&LogDir> {
        let mut unopened = self.unopened.lock().unwrap_or_else(PoisonError::into_inner);
        let at = unopened.iter_mut().position(|names| names.remove(name))?;
        Some(&self.dirs[at])
    }

    /// The directory for a new partition: the one that works and has the most room.
    fn roomiest(&self) -> &LogDir {
        let room = |dir: &&LogDir| match dir.device().check() {
            Ok(()) => dir.device().disk().free_bytes(dir.device().path()).unwrap_or(0),
            Err(_) => 0,
        };
        match self.dirs.as_slice() {
            [only] => only,
            several => several.iter().max_by_key(room).expect("a broker has a log directory"),
        }
    }

    /// The directory that a log is in.
    fn with_device(&self, device: &Arc<Device>) -> &LogDir {
        self.dirs
            .iter()
            .find(|dir| Arc::ptr_eq(dir.device(), device))
            .expect("logs come from these directories")
    }
}

/// What this broker is to a partition.
#[derive(Clone, Debug)]
pub enum Role {
    /// Its leader.
    Leader(Leadership),
    /// A follower.
    Follower {
        /// The leader's epoch.
        epoch: LeaderEpoch,
        /// The leader, when there is one.
        leader: Option<BrokerId>,
    },
}

/// A partition to lead or to follow.
#[derive(Clone, Debug)]
pub struct Hosting {
    /// Which one.
    pub id: TopicIdPartition,
    /// Its topic's name.
    pub name: TopicPartition,
    /// What the metadata says of it.
    pub role: Role,
    /// What is set for its replicas.
    pub settings: ReplicaSettings,
    /// Its settings.
    pub config: Arc<LogConfig>,
}

impl Shard {
    /// Leads or follows a partition, or goes on with other settings or in another epoch. A log that is there is opened, and
    /// recovered after a crash; else one is made.
    ///
    /// # Errors
    /// [`StorageError`]; the partition is then offline here.
    pub fn host(&mut self, hosting: Hosting) -> Result<(), StorageError> {
        let now = self.world.clock.now();
        if !self.partitions.contains_key(&hosting.id) {
            let log = match self.open(&hosting)? {
                Some(log) => log,
                None => {
                    let config = Arc::clone(&hosting.config);
                    self.dirs.roomiest().create_log(&hosting.name, hosting.id.topic, config, now)?
                }
            };
            self.partitions
                .insert(hosting.id, Partition::new(self.me, hosting.id, log, Arc::clone(&self.outbox)));
        }
        let partition = self.partitions.get_mut(&hosting.id).expect("it was just put there");
        partition.log.set_config(hosting.config);
        match hosting.role {
            Role::Leader(leadership) => partition.lead(now, leadership, hosting.settings),
            Role::Follower { epoch, leader } => partition.follow(now, epoch, leader, hosting.settings),
        }
        Ok(())
    }

    /// The log that was there at start, if it is of this topic: an older topic of the same name had its own records.
    fn open(&self, hosting: &Hosting) -> Result<Option<Log>, StorageError> {
        let Some(dir) = self.dirs.take_unopened(&hosting.name) else { return Ok(None) };
        let mut log = dir.open_log(&hosting.name, Arc::clone(&hosting.config), self.world.clock.now())?;
        if log.topic_id().is_none() {
            log.set_topic_id(hosting.id.topic)?; // its file went with the power
        }
        if log.topic_id() == Some(hosting.id.topic) {
            return Ok(Some(log));
        }
        tracing::info!(partition = %hosting.name, "removing the log of a topic that was deleted");
        let removal = dir.delete_log(log, self.world.uuid())?;
        self.unlink(removal);
        Ok(None)
    }

    /// Ends a partition that was deleted, or moved away, and removes its log.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn delete(&mut self, id: TopicIdPartition) -> Result<(), StorageError> {
        let Some(mut partition) = self.partitions.remove(&id) else { return Ok(()) };
        partition.resign(self.world.clock.now());
        let dir = self.dirs.with_device(partition.log.device());
        let removal = dir.delete_log(partition.log, self.world.uuid())?;
        self.unlink(removal);
        Ok(())
    }

    pub(super) fn unlink(&self, removal: Removal) {
        self.outbox.unlink(removal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_storage::MetaProperties;
    use klamm_world::real;

    #[tokio::test]
    async fn what_fails_is_offline_and_without_the_metadata_nothing_goes_on() {
        let world = real::world();
        let home = std::env::temp_dir().join(format!("klamm-offline-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&home);
        let ids = [1, 2].map(|byte| DirectoryId(klamm_types::Uuid::from_random([byte; 16])));
        let open = |(name, directory_id): (&str, DirectoryId)| {
            let meta = MetaProperties { cluster_id: "c".to_owned(), node_id: BrokerId(1), directory_id };
            LogDir::format(world.disk.as_ref(), &home.join(name), &meta).expect("it is new");
            LogDir::open(Arc::clone(&world.disk), &home.join(name)).expect("it is formatted")
        };
        let dirs = LogDirs::new(["metadata", "more"].into_iter().zip(ids).map(open).collect());
        let metadata = home.join("metadata");
        assert_eq!((dirs.offline(), dirs.beyond_use(&metadata)), (vec![], None));
        dirs.all()[1].device().fail("sync: EIO".to_owned());
        assert_eq!((dirs.offline(), dirs.beyond_use(&metadata)), (vec![ids[1]], None));
        dirs.all()[0].device().fail("write: EIO".to_owned());
        let why = "the directory of the metadata log has failed: write: EIO".to_owned();
        assert_eq!((dirs.offline(), dirs.beyond_use(&metadata)), (ids.to_vec(), Some(why)));
        std::fs::remove_dir_all(home).expect("it is ours");
    }
}
