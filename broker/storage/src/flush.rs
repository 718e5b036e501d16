//! Flush rounds: all files that are dirty at a round's start are synced side by side; then the next round. One device does no
//! more syncs per second when it is asked twice as often, and a sync covers everything written before it.

use crate::{Device, StorageError};
use klamm_types::{Offset, TopicPartition};
use klamm_world::{File, World, mutant};
use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Syncs that are on their way to one device at a time: enough to fill its queue, few enough to leave threads to others.
const SYNCS_SIDE_BY_SIDE: usize = 8;

/// A round with more files than this syncs the file system instead: a thousand files that hold a few KiB each cost a thousand
/// commits of the file system's journal one by one, and one together.
const FILES_ONE_BY_ONE: usize = 256;

/// What a flush makes durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushDepth {
    /// The records: `durable_end` moves.
    Log,
    /// Also indexes, epochs and producer state: the recovery point moves too.
    RecoveryPoint,
}

/// The files of one log that must be synced, and what will then be durable. The log takes them as synced once this is handed
/// out: it must be run, or the process end.
#[must_use]
pub struct FlushWork {
    name: TopicPartition,
    device: Arc<Device>,
    depth: FlushDepth,
    up_to: Offset,
    generation: u64,
    pub(crate) bytes: u64,
    pub(crate) files: Vec<Arc<dyn File>>,
    pub(crate) directories: Vec<PathBuf>,
}

/// What became of a [`FlushWork`], for `Log::flushed`.
#[derive(Clone, Debug)]
pub struct Flushed {
    /// Whose log it was.
    pub name: TopicPartition,
    /// What was made durable.
    pub depth: FlushDepth,
    /// Up to where.
    pub up_to: Offset,
    pub(crate) generation: u64,
    pub(crate) bytes: u64,
    /// An error took the directory offline; it is never tried again.
    pub result: Result<(), StorageError>,
}

impl fmt::Debug for FlushWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlushWork")
            .field("name", &self.name)
            .field("depth", &self.depth)
            .field("up_to", &self.up_to)
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

impl FlushWork {
    pub(crate) fn new(
        name: TopicPartition,
        device: Arc<Device>,
        depth: FlushDepth,
        up_to: Offset,
        generation: u64,
    ) -> Self {
        Self { name, device, depth, up_to, generation, bytes: 0, files: Vec::new(), directories: Vec::new() }
    }

    /// Whose log it is.
    #[must_use]
    pub fn name(&self) -> &TopicPartition {
        &self.name
    }

    /// Syncs everything, one after the other. Blocks.
    #[must_use]
    pub fn run(self) -> Flushed {
        for file in &self.files {
            sync_file(&self.device, file.as_ref());
        }
        for directory in &self.directories {
            sync_directory(&self.device, directory);
        }
        self.finish()
    }

    fn finish(self) -> Flushed {
        let Self { name, depth, up_to, generation, bytes, .. } = self;
        Flushed { name, depth, up_to, generation, bytes, result: self.device.check() }
    }
}

fn sync_file(device: &Device, file: &dyn File) {
    if mutant::active("recovery point before sync") {
        return;
    }
    // after a failure nothing more is synced: it might succeed and hide what was lost
    if device.failure().is_none()
        && let Err(error) = file.sync()
    {
        device.fail(format!("sync: {error}"));
    }
}

fn sync_directory(device: &Device, directory: &Path) {
    if device.failure().is_none()
        && let Err(error) = device.disk().sync_directory(directory)
    {
        device.fail(format!("sync of {}: {error}", directory.display()));
    }
}

/// Runs one round: files first, then the directories that name them. All work must be of one device.
pub async fn flush_round(world: &World, work: Vec<FlushWork>) -> Vec<Flushed> {
    let Some(device) = work.first().map(|first| first.device.clone()) else { return Vec::new() };
    let count: usize = work.iter().map(|work| work.files.len()).sum();
    let all = device.clone();
    if count > FILES_ONE_BY_ONE && world.blocking(move || all.sync_all()).await {
        return work.into_iter().map(FlushWork::finish).collect();
    }
    let files = work.iter().flat_map(|work| work.files.iter().cloned()).collect();
    side_by_side(world, &device, files, |device, file: &Arc<dyn File>| sync_file(device, file.as_ref()))
        .await;
    let directories: BTreeSet<PathBuf> =
        work.iter().flat_map(|work| work.directories.iter().cloned()).collect();
    let directories = directories.into_iter().collect();
    side_by_side(world, &device, directories, |device, directory: &PathBuf| {
        sync_directory(device, directory)
    })
    .await;
    work.into_iter().map(FlushWork::finish).collect()
}

async fn side_by_side<T: Send + Sync + 'static>(
    world: &World,
    device: &Arc<Device>,
    items: Vec<T>,
    sync: fn(&Device, &T),
) {
    let count = SYNCS_SIDE_BY_SIDE.min(items.len());
    let (items, next) = (Arc::new(items), Arc::new(AtomicUsize::new(0)));
    let sync_some = || {
        let (device, items, next) = (device.clone(), items.clone(), next.clone());
        world.blocking(move || {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                sync(&device, item);
            }
        })
    };
    join_all((0..count).map(|_| Box::pin(sync_some())).collect()).await;
}

async fn join_all<F: Future<Output = ()> + Unpin>(mut running: Vec<F>) {
    std::future::poll_fn(|context| {
        running.retain_mut(|future| std::pin::Pin::new(future).poll(context).is_pending());
        if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Which logs the next round should flush, by their unflushed bytes: the largest, until a quarter of the target is left. None
/// while the sum is within the target. Few files make a short round, and all the rest costs recovery little.
#[must_use]
pub fn pick_for_round(unflushed_bytes: &[u64], target_bytes: u64) -> Vec<usize> {
    let mut left: u64 = unflushed_bytes.iter().sum();
    if left <= target_bytes {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..unflushed_bytes.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(unflushed_bytes[*at]));
    let wanted = order.into_iter().take_while(|at| {
        let more = left > target_bytes / 4;
        left -= unflushed_bytes[*at];
        more
    });
    wanted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_take_the_largest() {
        let check = |bytes: &[u64], want: &[usize]| assert_eq!(pick_for_round(bytes, 100), want, "{bytes:?}");
        check(&[], &[]);
        check(&[60, 40], &[]);
        check(&[10, 80, 20], &[1, 2]);
        check(&[5, 100, 5], &[1]);
        check(&[50, 50, 50], &[0, 1, 2]);
    }
}
