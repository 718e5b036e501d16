//! The status of a Topic.

use super::{Observed, TopicSeen, Valid, keys, replicas::wanted};
use crate::{Conditions, Fact, Refusal};
use klamm_operator_api::{Condition, TopicStatus};

/// True when the topic was there before the object.
pub(super) const ADOPTED: &str = "Adopted";

/// The Cluster cannot be asked.
pub(super) fn waiting(observed: &Observed, reason: &str, on: String) -> Option<TopicStatus> {
    let message = format!("Waiting: {on}");
    let conditions = conditions(observed)
        .say("Ready", Fact::no(reason, message.clone()))
        .say("Reconciling", Fact::yes(reason, message))
        .say("Stalled", Fact::no("Progressing", "Nothing stands in the way"));
    written(observed, kept(observed, conditions))
}

/// The spec cannot be carried out.
pub(super) fn stalled(observed: &Observed, refusal: &Refusal) -> Option<TopicStatus> {
    let conditions = conditions(observed)
        .say("Ready", Fact::no(refusal.reason, refusal.message.clone()))
        .say("Reconciling", Fact::no(refusal.reason, refusal.message.clone()))
        .say("Stalled", Fact::yes(refusal.reason, refusal.message.clone()));
    written(observed, kept(observed, conditions))
}

/// Nothing is left to do.
pub(super) fn settled(
    observed: &Observed,
    valid: &Valid,
    actual: &TopicSeen,
    adopted: bool,
    brokers: i32,
) -> Option<TopicStatus> {
    let wanted = wanted(observed, valid, adopted);
    let adopted = match adopted {
        true => Fact::yes("FoundExisting", "The topic was there before this object"),
        false => Fact::no("MadeHere", "This object made the topic"),
    };
    let conditions = conditions(observed)
        .say("Ready", Fact::yes("Ready", "The topic is there"))
        .say("Reconciling", Fact::no("Done", "The topic is as the spec says"))
        .say("Stalled", Fact::no("Progressing", "Nothing stands in the way"))
        .say("FullyReplicated", replicated(observed, actual, wanted, brokers))
        .say(ADOPTED, adopted);
    let status = TopicStatus {
        observed_generation: observed.topic.metadata.generation,
        conditions: Some(conditions.done()),
        topic_id: Some(actual.id.clone()),
        partitions: Some(actual.partition_count()),
        replicas: Some(actual.replicas()),
        config_keys: keys(observed.topic.spec.config.as_ref()),
    };
    written(observed, status)
}

/// Who asks for no number gets three, or as many as there are brokers, and that is all of them.
fn replicated(observed: &Observed, actual: &TopicSeen, wanted: Option<usize>, brokers: i32) -> Fact {
    let (has, asked) = (actual.replicas(), observed.topic.spec.replicas.is_some());
    let wanted = wanted.map_or(has, |wanted| i32::try_from(wanted).unwrap_or(i32::MAX));
    let wants = if asked { wanted } else { wanted.min(brokers) };
    let moving = actual.moving();
    if moving > 0 {
        let message = format!("{moving} partitions are on their way to {} replicas", wants.min(brokers));
        Fact::no("Reassigning", message)
    } else if has >= wants {
        Fact::yes("AllReplicas", format!("Every partition has {has} replicas"))
    } else if brokers < wants {
        let message = format!(
            "Every partition has {has} of {wants} replicas: that is how many brokers the Cluster has"
        );
        Fact::no("NotEnoughBrokers", message)
    } else {
        let up = observed.racks.len();
        let message = format!(
            "Partitions have {has} of {wants} replicas; {up} of {brokers} brokers are up, waiting for more"
        );
        Fact::no("BrokersAway", message)
    }
}

fn conditions(observed: &Observed) -> Conditions<'_> {
    let topic = &observed.topic;
    let before = topic.status.as_ref().and_then(|status| status.conditions.as_ref());
    Conditions::new(before, topic.metadata.generation, observed.now.clone())
}

/// What is known of the topic stays known while it cannot be looked at.
fn kept(observed: &Observed, conditions: Conditions<'_>) -> TopicStatus {
    let before = observed.topic.status.clone().unwrap_or_default();
    let mut said = conditions.done();
    let others = before.conditions.iter().flatten();
    let unsaid: Vec<Condition> =
        others.filter(|old| said.iter().all(|new| new.type_ != old.type_)).cloned().collect();
    said.extend(unsaid);
    let observed_generation = observed.topic.metadata.generation;
    TopicStatus { conditions: Some(said), observed_generation, ..before }
}

fn written(observed: &Observed, status: TopicStatus) -> Option<TopicStatus> {
    (observed.topic.status.as_ref() != Some(&status)).then_some(status)
}
