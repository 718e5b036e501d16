//! The program on a broker's host.

use super::{client::PORT, faults::LOG_DIRECTORY};
use klamm_server::{Machine, config, controller, start};
use klamm_world::World;

/// Any id does, and one that is always the same makes traces easier to compare.
const CLUSTER_ID: &str = "c2ltdWxhdGlvbnNpbXVsYQ";

/// The host of a broker.
pub(super) fn name(id: i32) -> String {
    format!("broker-{id}")
}

/// Indexes so small that every run rolls segments, and flushes all the time. Timestamps may be off by anything: clocks jump.
fn settings(id: i32) -> String {
    let name = name(id);
    format!(
        "node.id={id}\nprocess.roles=broker,controller\nlisteners=PLAINTEXT://:{PORT},CONTROLLER://:9093\n\
         advertised.listeners=PLAINTEXT://{name}:{PORT},CONTROLLER://{name}:9093\ncontroller.listener.names=CONTROLLER\n\
         log.dirs={LOG_DIRECTORY}\nlog.segment.bytes=1048576\nlog.index.size.max.bytes=400\n\
         log.message.timestamp.after.max.ms=9223372036854775807\n\
         klamm.unflushed.bytes=100000\noffsets.topic.num.partitions=3\n"
    )
}

/// Formats the host's disk if it is empty, and runs a broker that is a cluster of its own until it fails.
pub(super) async fn run(world: World, id: i32) {
    let text = settings(id);
    let settings = config::parse("broker.properties", &text).expect("the settings above are right");
    if let Err(error) =
        controller::format(&world, &settings, CLUSTER_ID, &controller::InitialVoters::Standalone)
    {
        return tracing::error!(%error, "cannot format");
    }
    let machine = Machine { memory_bytes: 512 << 20, hostname: name(id) };
    match start(world, settings, &machine).await {
        Ok(running) => {
            let reason = running.failed.await;
            tracing::error!(?reason, "the broker has failed");
        }
        Err(error) => tracing::error!(%error, "the broker does not start"),
    }
}
