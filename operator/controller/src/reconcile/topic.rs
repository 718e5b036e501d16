//! One reconciliation of a Topic: steps, one after the other, until none is left.

use crate::{apply, context::Context, error::Error, observe};
use klamm_operator_api::Topic;
use klamm_plan::topic::{ClusterSeen, plan};
use kube::{
    ResourceExt,
    runtime::{controller::Action, reflector::Store},
};
use std::{sync::Arc, time::Duration};
use tracing::warn;

/// A topic that somebody changed past its object is put right within this time.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// A Topic whose Cluster is away is woken by the Cluster's changes; this is for what no change tells.
const AWAY: Duration = Duration::from_secs(5);
/// Replicas that move are looked after this often.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// More steps than any Topic has.
const STEPS_MAX: usize = 8;

pub(crate) async fn topic(
    topic: Arc<Topic>,
    context: Arc<Context>,
    others: Store<Topic>,
) -> Result<Action, Error> {
    let begun = context.world.clock.now().mono;
    let outcome = steps(&topic, &context, &others).await;
    let took = context.world.clock.now().mono.since(begun);
    context.metrics.reconciled("Topic", outcome.is_ok(), took);
    outcome
}

async fn steps(topic: &Topic, context: &Context, others: &Store<Topic>) -> Result<Action, Error> {
    let mut failed = None;
    for _ in 0..STEPS_MAX {
        let Some(mut seen) = observe::topic(context, topic, others).await? else {
            return Ok(Action::await_change());
        };
        seen.observed.failed = failed.take();
        let plan = plan(&seen.observed);
        match apply::topic(context, &seen, &plan).await {
            Ok(()) if plan.step.is_some() => {}
            Ok(()) if matches!(seen.observed.cluster, ClusterSeen::Away(_)) => {
                return Ok(Action::requeue(AWAY));
            }
            Ok(()) if plan.under_way => return Ok(Action::requeue(UNDER_WAY)),
            Ok(()) => return Ok(Action::requeue(LOOK_AGAIN)),
            // what Kafka refuses is said in the status; what did not work is tried again
            Err(Error::Kafka(error)) if !error.is_retriable() && error.code().is_some() => {
                failed = Some(error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Action::requeue(super::AGAIN))
}

pub(crate) fn topic_failed(topic: Arc<Topic>, error: &Error, _: Arc<Context>) -> Action {
    warn!(namespace = topic.namespace(), topic = topic.name_any(), %error, "reconciliation failed");
    Action::requeue(super::AGAIN)
}
