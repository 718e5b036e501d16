//! What the broker says of itself over HTTP.

use crate::{
    broker::Broker,
    http::Health,
    life::{Life, Stage},
    metrics::Snapshot,
};
use klamm_world::BoxFuture;
use std::sync::Arc;

/// The health of a broker's process.
pub struct BrokerHealth(Arc<Life>);

impl BrokerHealth {
    /// That of one process.
    #[must_use]
    pub fn new(life: Arc<Life>) -> Self {
        Self(life)
    }

    async fn snapshot(broker: &Broker) -> Snapshot {
        let image = broker.image();
        let here = |partition: &&Arc<klamm_metadata::Partition>| partition.replicas.contains(&broker.id);
        let partitions: Vec<_> =
            image.topics().flat_map(|topic| topic.partitions.iter()).filter(here).collect();
        let led = |partition: &&&Arc<klamm_metadata::Partition>| partition.leader == broker.id;
        let mut snapshot = Snapshot {
            partitions: partitions.len() as u64,
            offline_partitions: partitions.iter().filter(|one| !one.has_leader()).count() as u64,
            under_replicated_partitions: partitions
                .iter()
                .filter(led)
                .filter(|one| one.isr.len() < one.replicas.len())
                .count() as u64,
            budget_bytes: (broker.budget.free_bytes() as u64, broker.budget.total_bytes() as u64),
            ..Snapshot::default()
        };
        for shard in broker.shards.all() {
            snapshot.queued += shard.queued();
            for size in shard.ask(|shard| shard.sizes()).await.unwrap_or_default() {
                *snapshot.log_bytes.entry(size.name.topic.to_string()).or_default() += size.bytes;
            }
        }
        let counters = |gate: &Arc<klamm_net::Gate>| (gate.name.clone(), Arc::clone(&gate.counters));
        snapshot.listeners = broker.gates.iter().map(counters).collect();
        snapshot.groups = broker.groups.censuses().await;
        snapshot
    }
}

/// What this broker lacks to be one that others can do without each other for: evictions wait until it has it.
fn missing(broker: &Broker) -> Option<String> {
    let image = broker.image();
    if image.broker(broker.id).is_none_or(|me| me.fenced) {
        return Some("the broker is fenced".to_owned());
    }
    let hosted = image.topics().flat_map(|topic| &topic.partitions).filter(|one| {
        // a replica on its way in, or out, is nobody's loss
        let moving = one.adding.contains(&broker.id) || one.removing.contains(&broker.id);
        one.replicas.contains(&broker.id) && !moving
    });
    match hosted.filter(|one| !one.isr.contains(&broker.id)).count() {
        0 => None,
        count => Some(format!("not in the ISR of {count} partitions")),
    }
}

impl Health for BrokerHealth {
    fn live(&self) -> Result<String, String> {
        Ok(format!("alive: {}", self.0.stage().text()))
    }

    fn ready(&self) -> Result<String, String> {
        match self.0.stage() {
            Stage::Serving => match self.0.broker().and_then(|broker| missing(broker)) {
                None => Ok("ready".to_owned()),
                Some(missing) => Err(format!("not ready: {missing}")),
            },
            stage => Err(format!("not ready: {}", stage.text())),
        }
    }

    fn metrics(&self) -> BoxFuture<'_, String> {
        Box::pin(async move {
            match self.0.broker() {
                Some(broker) => broker.metrics.render(&Self::snapshot(broker).await),
                None => String::new(), // nothing is counted yet
            }
        })
    }

    fn version(&self) -> String {
        let version = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "nodeId": self.0.id.0,
            "clusterId": self.0.broker().map(|broker| broker.cluster_id.as_str()),
        });
        version.to_string()
    }
}
