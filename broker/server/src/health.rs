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
        let mut snapshot = Snapshot {
            offline_log_directories: broker.shards.dirs().devices().filter(|one| one.check().is_err()).count()
                as u64,
            budget_bytes: (broker.budget.free_bytes() as u64, broker.budget.total_bytes() as u64),
            ..Snapshot::default()
        };
        for topic in image.topics() {
            let min_isr = broker.topic_settings(&image, topic).min_insync_replicas;
            let hosted = topic.partitions.iter().filter(|one| one.replicas.contains(&broker.id));
            hosted.for_each(|one| count(&mut snapshot, one, one.leader == broker.id, min_isr));
        }
        for shard in broker.shards.all() {
            snapshot.queued += shard.queued();
            let asked = shard.ask(|shard| (shard.lag_max(), shard.sizes())).await;
            let (lag, sizes) = asked.unwrap_or_default();
            snapshot.replica_lag_max = snapshot.replica_lag_max.max(lag);
            for size in sizes {
                *snapshot.log_bytes.entry(size.name.topic.to_string()).or_default() += size.bytes;
            }
        }
        let counters = |gate: &Arc<klamm_net::Gate>| (gate.name.clone(), Arc::clone(&gate.counters));
        snapshot.listeners = broker.gates.iter().map(counters).collect();
        snapshot.groups = broker.groups.censuses().await;
        snapshot
    }
}

/// Counts a partition that is hosted here; `min_isr` is its topic's `min.insync.replicas`.
fn count(snapshot: &mut Snapshot, one: &klamm_metadata::Partition, led: bool, min_isr: i32) {
    snapshot.partitions += 1;
    snapshot.offline_partitions += u64::from(!one.has_leader());
    if !led {
        return;
    }
    // no more are needed than there are
    let needed = usize::try_from(min_isr).unwrap_or(0).min(one.replicas.len());
    snapshot.led_partitions += 1;
    snapshot.under_replicated_partitions += u64::from(one.isr.len() < one.replicas.len());
    snapshot.min_isr_partitions.0 += u64::from(one.isr.len() < needed);
    snapshot.min_isr_partitions.1 += u64::from(one.isr.len() == needed);
    snapshot.reassigning_partitions += u64::from(!(one.adding.is_empty() && one.removing.is_empty()));
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
