//! The program on a broker's host.

use super::{
    client::PORT,
    cluster::{Durability, Layout, Orders},
    faults::LOG_DIRECTORY,
    release::OLDER,
};
use klamm_server::{
    Machine, config,
    controller::{self, InitialVoters},
    start,
};
use klamm_types::Uuid;
use klamm_world::World;
use std::sync::{Arc, atomic::Ordering};

/// Any id does, and one that is always the same makes traces easier to compare.
const CLUSTER_ID: &str = "c2ltdWxhdGlvbnNpbXVsYQ";

/// The port of the controllers' listener.
pub(super) const CONTROLLER_PORT: u16 = 9093;

/// The host of a broker.
pub(super) fn name(id: i32) -> String {
    format!("broker-{id}")
}

/// The rack of a node: each has its own.
pub(super) fn rack(id: i32) -> String {
    format!("rack-{id}")
}

/// All nodes are controllers too; who is not among the first voters is an observer. Indexes so small that every run rolls segments, and flushes all the time. Timestamps may be off by anything: clocks jump.
fn settings(layout: &Layout, id: i32) -> String {
    let name = name(id);
    let servers: Vec<String> =
        (1..=layout.voters()).map(|id| format!("{}:{CONTROLLER_PORT}", self::name(id))).collect();
    let durability = match layout.durability {
        Durability::Replicated => "replicated",
        Durability::Fsync => "fsync",
    };
    let selector = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
    let racks = format!("broker.rack={}\nreplica.selector.class={selector}\n", rack(id));
    let racks = if layout.racks { &racks } else { "" };
    format!(
        "node.id={id}\n{racks}process.roles=broker,controller\n\
         listeners=PLAINTEXT://:{PORT},CONTROLLER://:{CONTROLLER_PORT}\n\
         advertised.listeners=PLAINTEXT://{name}:{PORT},CONTROLLER://{name}:{CONTROLLER_PORT}\n\
         controller.listener.names=CONTROLLER\n\
         controller.quorum.bootstrap.servers={}\nmetadata.log.max.record.bytes.between.snapshots={}\n\
         log.dirs={LOG_DIRECTORY}\nlog.segment.bytes=1048576\nlog.index.size.max.bytes=400\n\
         log.message.timestamp.after.max.ms=9223372036854775807\nreplica.lag.time.max.ms={}\n\
         klamm.unflushed.bytes=100000\nklamm.durability={durability}\nmin.insync.replicas={}\n\
         offsets.topic.num.partitions=3\noffsets.topic.replication.factor={}\n",
        servers.join(","),
        layout.snapshot_bytes,
        layout.lag_ms_max,
        layout.in_sync_min(),
        layout.replicas(),
    )
}

/// Kafka's `--initial-controllers`. The directories' ids may be any, and are the same in all runs.
fn initial_controllers(layout: &Layout) -> String {
    let voter = |id: i32| {
        let mut directory = *b"directory of -00";
        directory[15] = b'0' + id as u8;
        format!("{id}@{}:{CONTROLLER_PORT}:{}", name(id), Uuid(directory))
    };
    (1..=layout.voters()).map(voter).collect::<Vec<_>>().join(",")
}

/// Formats the host's disk if it is empty, and runs a broker until it fails or is told to stop.
pub(super) async fn run(world: World, layout: Layout, id: i32, orders: Arc<Orders>) {
    let text = settings(&layout, id);
    let mut settings = config::parse("broker.properties", &text).expect("the settings above are right");
    if orders.older.load(Ordering::Relaxed) {
        settings.release = OLDER;
    }
    let initial = if id > layout.voters() || orders.volume_lost.load(Ordering::Relaxed) {
        InitialVoters::None
    } else {
        InitialVoters::parse(&settings, &initial_controllers(&layout)).expect("the list above is right")
    };
    if let Err(error) = controller::format(&world, &settings, CLUSTER_ID, &initial) {
        return tracing::error!(%error, "cannot format");
    }
    let machine = Machine { memory_bytes: 512 << 20, hostname: name(id) };
    match start(world, settings, &machine).await {
        Ok(mut running) => {
            tokio::select! {
                biased;
                Some(reason) = running.failed.recv() => tracing::error!(%reason, "the broker has failed"),
                () = orders.stop.notified() => running.stop().await,
            }
        }
        Err(error) => tracing::error!(%error, "the broker does not start"),
    }
}
