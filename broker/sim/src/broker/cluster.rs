//! The brokers of a run: what they are made of, and their hosts.

use super::{faults::LOG_DIRECTORY, node};
use crate::{Host, Simulation};
use klamm_types::Uuid;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

/// What an acknowledgement promises (`klamm.durability`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The record is in the memory of the in-sync replicas.
    Replicated,
    /// It is on their devices.
    Fsync,
}

/// What a cluster is made of.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Brokers, with ids from 1 on.
    pub brokers: i32,
    /// Of topics that say nothing, the brokers' own included.
    pub durability: Durability,
    /// `replica.lag.time.max.ms`
    pub lag_ms_max: u64,
    /// After so many bytes of metadata there is a snapshot.
    pub snapshot_bytes: u64,
    /// Whether each broker is in a rack of its own, and consumers read in theirs (KIP-392).
    pub racks: bool,
    /// Whether it begins with brokers of an older release, which are upgraded one after the other.
    pub mixed: bool,
    /// Whether leaders die one after the other.
    pub cascades: bool,
}

impl Layout {
    /// A broker that is a cluster of its own.
    #[must_use]
    pub fn alone(durability: Durability) -> Self {
        Self {
            brokers: 1,
            durability,
            lag_ms_max: 30_000,
            snapshot_bytes: 20 << 20,
            racks: false,
            mixed: false,
            cascades: false,
        }
    }

    /// One of 1 to 5 brokers, drawn; most have three.
    #[must_use]
    pub fn drawn(simulation: &Simulation, durability: Durability) -> Self {
        let mut random = simulation.random();
        Self {
            brokers: [1, 2, 3, 3, 3, 3, 4, 5][random.within(0..8) as usize],
            durability,
            lag_ms_max: random.by_magnitude(1_000..30_000),
            snapshot_bytes: random.by_magnitude(2_000..200_000),
            racks: false,
            mixed: false,
            cascades: false,
        }
    }

    /// Nodes that vote, with ids from 1 on: the others are observers.
    #[must_use]
    pub fn voters(&self) -> i32 {
        if self.brokers < 3 { 1 } else { 3 }
    }

    /// Replicas of every partition.
    #[must_use]
    pub fn replicas(&self) -> i16 {
        self.brokers.min(3) as i16
    }

    /// What `acks=all` needs: a record that was acknowledged outlives one disk.
    #[must_use]
    pub fn in_sync_min(&self) -> i16 {
        self.replicas().min(2)
    }
}

/// A node's own state outside of its host.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// SIGTERM.
    pub stop: Notify,
    /// Its volume is not the one that it began with: whoever formats it must not form a quorum again.
    pub volume_lost: AtomicBool,
    /// It starts as one of the older release.
    pub older: AtomicBool,
}

/// One broker.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its id.
    pub id: i32,
    /// Its host.
    pub host: Host,
    orders: Arc<Orders>,
}

impl Node {
    /// Begins an orderly shutdown, if it serves.
    pub fn stop(&self) {
        self.orders.stop.notify_waiters();
    }

    /// From its next start on it is one of the older release, or not.
    pub fn becomes_older(&self, older: bool) {
        self.orders.older.store(older, Ordering::Relaxed);
    }

    /// Whether it is, from its next start on.
    #[must_use]
    pub fn is_older(&self) -> bool {
        self.orders.older.load(Ordering::Relaxed)
    }

    /// Its volume is replaced by an empty one; it does not run then.
    pub fn lose_volume(&self) {
        self.orders.volume_lost.store(true, Ordering::Relaxed);
        self.host.replace_disk();
    }

    /// The id of the directory that is on its disk now; none before it is formatted.
    #[must_use]
    pub fn directory(&self) -> Option<Uuid> {
        let bytes = self.host.read_file(&Path::new(LOG_DIRECTORY).join("meta.properties")).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        text.lines().find_map(|line| line.strip_prefix("directory.id="))?.parse().ok()
    }
}

/// All brokers.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// What it is made of.
    pub layout: Layout,
    /// Its brokers.
    pub nodes: Vec<Node>,
}

impl Cluster {
    /// Starts all brokers on empty disks.
    #[must_use]
    pub fn start(simulation: &Simulation, layout: Layout) -> Self {
        let nodes = (1..=layout.brokers).map(|id| {
            let (host, orders) = (simulation.host(&node::name(id)), Arc::<Orders>::default());
            orders.older.store(layout.mixed, Ordering::Relaxed);
            let told = orders.clone();
            host.start(move |world| node::run(world, layout, id, told.clone()));
            Node { id, host, orders }
        });
        Self { layout, nodes: nodes.collect() }
    }

    /// The hosts of all brokers.
    #[must_use]
    pub fn hosts(&self) -> Vec<Host> {
        self.nodes.iter().map(|node| node.host.clone()).collect()
    }

    /// The names of their hosts.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.host.name().to_owned()).collect()
    }

    /// Who should vote: id and directory. None while one of them is not formatted.
    #[must_use]
    pub fn voters(&self) -> Option<Vec<(i32, Uuid)>> {
        let voters = self.nodes.iter().filter(|node| node.id <= self.layout.voters());
        voters.map(|node| Some((node.id, node.directory()?))).collect()
    }
}
