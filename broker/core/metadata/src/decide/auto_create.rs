//! Topics that nobody created by hand: those that a client just uses, and the broker's own.

use super::{CONSUMER_OFFSETS, Load, NewTopic};
use crate::config::{Layers, broker_def};
use klamm_types::Str;

/// How a topic is made that is missing when it is used. The broker's own have as many replicas as their setting says, or as
/// there are brokers.
#[must_use]
pub fn auto_topic(name: &Str, layers: Layers<'_>, load: &Load) -> NewTopic {
    if name != CONSUMER_OFFSETS {
        return NewTopic {
            name: name.clone(),
            partitions: -1,
            replication_factor: -1,
            ..NewTopic::default()
        };
    }
    let value = |name| {
        broker_def(name).ok().and_then(|definition| layers.broker_value(definition)).unwrap_or_default()
    };
    let number = |name| value(name).trim().parse::<i32>().unwrap_or(1);
    let brokers = i16::try_from(load.usable()).unwrap_or(i16::MAX).max(1);
    let wanted = i16::try_from(number("offsets.topic.replication.factor")).unwrap_or(i16::MAX);
    let set = |name: &'static str, value: Str| (Str::from_static(name), Some(value));
    NewTopic {
        name: name.clone(),
        partitions: number("offsets.topic.num.partitions"),
        replication_factor: wanted.min(brokers),
        configs: vec![
            set("cleanup.policy", Str::from_static("compact")),
            set("compression.type", Str::from_static("producer")),
            set("segment.bytes", value("offsets.topic.segment.bytes")),
        ],
        ..NewTopic::default()
    }
}
