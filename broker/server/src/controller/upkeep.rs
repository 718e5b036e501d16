//! What the active controller does unasked: partitions go back to their preferred leaders, and what nobody leads is led again as
//! soon as a setting lets somebody.

use super::{Controller, Decision};
use klamm_metadata::{
    Delta, Image, Record,
    config::{Settings, broker_def},
    decide::{Rules, elect_where_leaderless, rebalance_leaders},
};
use klamm_net::Closing;
use klamm_world::World;
use std::{sync::Arc, time::Duration};

/// Does the active controller's unasked work until `closing`; on other nodes nothing comes of it.
pub async fn run(world: World, settings: Settings, controller: Controller, closing: Closing) {
    let seconds = settings.number("leader.imbalance.check.interval.seconds").unwrap_or(300).max(1);
    let interval = Duration::from_secs(seconds);
    let mut balance_at = world.clock.now().mono.plus(interval);
    loop {
        tokio::select! {
            biased;
            () = closing.wait() => return,
            () = controller.context.settings_changed.notified() => {
                decide(&controller, elect_where_leaderless, "partitions that nobody led are led again").await;
            }
            () = world.clock.sleep_until(balance_at) => {
                balance_at = world.clock.now().mono.plus(interval);
                decide(&controller, rebalance, "partitions go back to their preferred leaders").await;
            }
        }
    }
}

fn rebalance(rules: Rules<'_>) -> Vec<Record> {
    let enabled = broker_def("auto.leader.rebalance.enable").ok();
    let enabled = enabled.and_then(|definition| rules.layers().broker_value(definition));
    match enabled.is_some_and(|value| value == "true") {
        true => rebalance_leaders(rules),
        false => Vec::new(),
    }
}

async fn decide(controller: &Controller, what: fn(Rules<'_>) -> Vec<Record>, text: &'static str) {
    if !controller.leadership().active {
        return;
    }
    let decided = controller.decide_by_rules(move |rules| {
        let records = what(rules);
        let answer = records.len();
        Decision { records, answer }
    });
    if let Ok(count @ 1..) = decided.await {
        tracing::info!(count, "{text}");
    }
}

impl Controller {
    /// What is committed is this now; settings have changed if `delta` says so.
    pub fn published(&self, image: &Arc<Image>, delta: &Delta) {
        self.context.judge.publish(Arc::clone(image));
        if !delta.configs.is_empty() {
            self.context.settings_changed.notify_one();
        }
    }
}
